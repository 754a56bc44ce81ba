#include "mod_devupdate.h"

#include <apr_strings.h>
#include <http_config.h>

#include "du_names.h"
#include "du_reply_default.h"
#include "du_request.h"
#include "du_template.h"
#include "du_text.h"
#include "du_xml.h"

#define TEMPLATE_MAX  (1024 * 1024)
#define CAPTURE_COUNT 100
#define CAPTURE_SIZE  (1024 * 1024)
#define CAPTURE_MOST  (64 * 1024 * 1024)

/* The value of a word like name=value; NULL if it is another one. */
static const char *value_of(const char *word, const char *name)
{
    apr_size_t len = strlen(name);

    return du_text_begins(word, name) && word[len] == '=' ? word + len + 1 : NULL;
}

/* The list, made with its first item. */
static apr_array_header_t *list_of(apr_array_header_t **list, apr_pool_t *pool, int size)
{
    if (!*list) {
        *list = apr_array_make(pool, 4, size);
    }
    return *list;
}

/*
 * DevUpdateRequestName FIELD NAME...
 */

static const char *refuse_name(const cmd_parms *cmd, const char *name, const char *why)
{
    return apr_psprintf(cmd->pool, "%s: \"%s\" %s", cmd->cmd->name, name, why);
}

/* What is wrong with a name for a field; NULL if nothing is. */
static const char *check_name(const cmd_parms *cmd, const apr_array_header_t *names, int field, const char *name)
{
    if (!du_xml_is_name(name)) {
        return refuse_name(cmd, name, "cannot be the name of an XML element or attribute (without a prefix)");
    }
    if (names->nelts == DU_NAMES_MAX) {
        return refuse_name(cmd, name, "is one name too many: there can be " APR_STRINGIFY(DU_NAMES_MAX));
    }
    for (int i = 0; i < names->nelts; i++) {
        const du_added_name_t *taken = &APR_ARRAY_IDX(names, i, du_added_name_t);

        if (du_text_same(taken->name, name) && du_names_compete(taken->field, field)) {
            return refuse_name(cmd, name, "stands for another field already");
        }
    }
    return NULL;
}

const char *du_take_request_names(cmd_parms *cmd, int n, char *const word[], apr_array_header_t **list)
{
    apr_array_header_t *names = list_of(list, cmd->pool, sizeof(du_added_name_t));
    int field = du_names_field(word[0]);
    const char *error = NULL;

    if (field < 0) {
        return apr_psprintf(cmd->pool, "%s: there is no field \"%s\", only %s", cmd->cmd->name, word[0],
                            du_names_fields(cmd->pool));
    }
    for (int i = 1; i < n && !error; i++) {
        error = check_name(cmd, names, field, word[i]);
        if (!error) {
            APR_ARRAY_PUSH(names, du_added_name_t) = (du_added_name_t){field, word[i]};
        }
    }
    return error;
}

const du_request_names_t *du_conf_names(const server_rec *s, apr_pool_t *pool)
{
    const apr_array_header_t *names = du_conf_request_names(s);

    return names ? du_request_names_make(pool, names) : NULL;
}

const du_upload_names_t *du_conf_upload_names(const server_rec *s, apr_pool_t *pool)
{
    const apr_array_header_t *names = du_conf_request_names(s);

    return names ? du_upload_names_make(pool, names) : NULL;
}

/*
 * DevUpdateReplyTemplate FILE [type=T] [vendor=V] [user-agent=PART]
 */

/* One template and the phones it is for; NULL where there is no condition. */
typedef struct form_t {
    const char *path;
    const char *type, *vendor, *user_agent;
} form_t;

static int is_default(const form_t *form)
{
    return !form->type && !form->vendor && !form->user_agent;
}

/* Sets a condition; what is wrong with the word, or NULL. */
static const char *take_condition(const cmd_parms *cmd, form_t *form, const char *word)
{
    const struct {
        const char *name;
        const char **to;
    } conditions[] = {{"type", &form->type}, {"vendor", &form->vendor}, {"user-agent", &form->user_agent}};

    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        const char *value = value_of(word, conditions[i].name);

        if (value && *value && !*conditions[i].to) {
            *conditions[i].to = value;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool,
                        "%s: after the file come type=, vendor= and user-agent= with a value, each once, not \"%s\"",
                        cmd->cmd->name, word);
}

const char *du_take_reply_templates(cmd_parms *cmd, int n, char *const word[], apr_array_header_t **list)
{
    apr_array_header_t *forms = list_of(list, cmd->pool, sizeof(form_t));
    form_t form = {.path = *word[0] ? ap_server_root_relative(cmd->pool, word[0]) : NULL};
    const char *error =
        form.path ? NULL : apr_psprintf(cmd->pool, "%s: \"%s\" is not a usable path", cmd->cmd->name, word[0]);

    for (int i = 1; i < n && !error; i++) {
        error = take_condition(cmd, &form, word[i]);
    }
    if (!error && forms->nelts == DU_REPLY_MAX_DIALECTS - 1) {
        error = apr_psprintf(cmd->pool, "%s: there can be %d templates", cmd->cmd->name, DU_REPLY_MAX_DIALECTS - 1);
    }
    for (int i = 0; i < forms->nelts && !error; i++) {
        if (is_default(&form) && is_default(&APR_ARRAY_IDX(forms, i, form_t))) {
            error = apr_psprintf(cmd->pool, "%s: there is one template without conditions already", cmd->cmd->name);
        }
    }
    if (!error) {
        APR_ARRAY_PUSH(forms, form_t) = form;
    }
    return error;
}

static apr_status_t read_template(du_ctx_t *ctx, const char *path, const char **text, apr_size_t *len)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *bytes;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, ctx->pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    }
    if (rv != APR_SUCCESS || info.size > TEMPLATE_MAX) {
        return du_fail(ctx, DU_E_TEMPLATE, DUNO(0115), "DevUpdateReplyTemplate %s cannot be read: %s", path,
                       rv == APR_SUCCESS ? "too large" : apr_psprintf(ctx->pool, "%pm", (void *)&rv));
    }
    *len = (apr_size_t)info.size;
    *text = bytes = apr_palloc(ctx->pool, *len + 1);
    rv = apr_file_read_full(file, bytes, *len, NULL);
    apr_file_close(file);
    return rv == APR_SUCCESS || *len == 0
               ? APR_SUCCESS
               : du_fail(ctx, DU_E_TEMPLATE, DUNO(0116), "DevUpdateReplyTemplate %s cannot be read: %pm", path,
                         (void *)&rv);
}

/* Binds both kinds of reply once, so that a name which nobody sets is found before the first phone comes. */
static apr_status_t try_template(du_ctx_t *ctx, const du_reply_t *reply)
{
    static du_file_t file = {.name = "f", .signature = "s", .timestamp = ""};
    static const du_image_t image = {.version = "1", .nfiles = 1, .files = &file};
    static const du_rule_t rule = {.key = {"t", "b", "m", "r", "l"}, .update_type = "u"};
    const char *text;
    apr_size_t len;
    apr_status_t rv = du_reply_nothing(ctx, reply, ctx->pool, &text, &len);

    return rv == APR_SUCCESS ? du_reply_offer(ctx, reply, &rule, &image, ctx->pool, &text, &len) : rv;
}

/* Of several templates the failure is about this one. */
static apr_status_t name_template(du_ctx_t *ctx, const char *path)
{
    ctx->failure.message = apr_psprintf(ctx->pool, "DevUpdateReplyTemplate %s: %s",
                                        path ? path : "(the built-in one)", ctx->failure.message);
    return ctx->failure.status;
}

/* The dialect of a template; without a path that of the built-in one. */
static apr_status_t make_dialect(du_ctx_t *ctx, const server_rec *s, const form_t *form, apr_pool_t *pool,
                                 du_dialect_t *dialect)
{
    const char *text = DU_REPLY_DEFAULT;
    apr_size_t len = sizeof(DU_REPLY_DEFAULT) - 1;
    du_template_t *tmpl;
    apr_status_t rv = form->path ? read_template(ctx, form->path, &text, &len) : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = du_template_parse(ctx, text, len, 1, pool, &tmpl);
    if (rv == APR_SUCCESS) {
        dialect->type = form->type;
        dialect->vendor = form->vendor;
        dialect->user_agent = form->user_agent;
        dialect->reply.tmpl = tmpl;
        dialect->reply.internal_url = du_conf_internal_url(s);
        dialect->reply.external_url = du_conf_external_url(s);
        rv = try_template(ctx, &dialect->reply);
    }
    return rv == APR_SUCCESS ? rv : name_template(ctx, form->path);
}

/* The one without conditions goes last, wherever it stands. */
apr_status_t du_conf_dialects(du_ctx_t *ctx, const server_rec *s, apr_pool_t *pool, du_dialects_t *dialects)
{
    const apr_array_header_t *forms = du_conf_reply_templates(s);
    int n = forms ? forms->nelts : 0;
    du_dialect_t *made = apr_pcalloc(pool, sizeof(*made) * (apr_size_t)(n + 1));
    form_t last = {NULL, NULL, NULL, NULL};
    apr_status_t rv = APR_SUCCESS;

    dialects->n = 0;
    dialects->dialect = made;
    for (int i = 0; i < n && rv == APR_SUCCESS; i++) {
        const form_t *form = &APR_ARRAY_IDX(forms, i, form_t);

        if (is_default(form)) {
            last = *form;
        } else {
            rv = make_dialect(ctx, s, form, pool, &made[dialects->n++]);
        }
    }
    return rv == APR_SUCCESS ? make_dialect(ctx, s, &last, pool, &made[dialects->n++]) : rv;
}

/*
 * DevUpdateCapture DIR [count=N] [size=BYTES]
 */

typedef struct capture_conf_t {
    const char *directory;
    apr_int64_t count, size;
} capture_conf_t;

/* 1 if the text is a whole number from least to most. */
static int read_number(const char *text, apr_int64_t least, apr_int64_t most, apr_int64_t *number)
{
    char *end;

    *number = apr_strtoi64(text, &end, 10);
    return *text && !*end && *number >= least && *number <= most;
}

static const char *take_limit(const cmd_parms *cmd, capture_conf_t *capture, const char *word)
{
    const char *count = value_of(word, "count"), *size = value_of(word, "size");

    if (count && read_number(count, 1, DU_CAPTURE_MAX_COUNT, &capture->count)) {
        return NULL;
    }
    if (size && read_number(size, DU_CAPTURE_LEAST, CAPTURE_MOST, &capture->size)) {
        return NULL;
    }
    return apr_psprintf(cmd->pool, "%s: after the directory come count= (1 to %d) and size= (%d to %d), not \"%s\"",
                        cmd->cmd->name, DU_CAPTURE_MAX_COUNT, DU_CAPTURE_LEAST, CAPTURE_MOST, word);
}

const char *du_take_captures(cmd_parms *cmd, int n, char *const word[], apr_array_header_t **list)
{
    apr_array_header_t *captures = list_of(list, cmd->pool, sizeof(capture_conf_t));
    capture_conf_t capture = {*word[0] ? ap_server_root_relative(cmd->pool, word[0]) : NULL, CAPTURE_COUNT,
                              CAPTURE_SIZE};
    const char *error = NULL;

    if (!capture.directory) {
        error = apr_psprintf(cmd->pool, "%s: \"%s\" is not a usable path", cmd->cmd->name, word[0]);
    } else if (captures->nelts) {
        error = apr_psprintf(cmd->pool, "%s is there already", cmd->cmd->name);
    }
    for (int i = 1; i < n && !error; i++) {
        error = take_limit(cmd, &capture, word[i]);
    }
    if (!error && capture.size / capture.count < DU_CAPTURE_LEAST) {
        error = apr_psprintf(cmd->pool,
                             "%s: size must be at least %d times count, so that there is something in each file",
                             cmd->cmd->name, DU_CAPTURE_LEAST);
    }
    if (!error) {
        APR_ARRAY_PUSH(captures, capture_conf_t) = capture;
    }
    return error;
}

du_capture_t *du_conf_capture(const server_rec *s, apr_pool_t *pool)
{
    const apr_array_header_t *captures = du_conf_captures(s);
    const capture_conf_t *capture = captures ? &APR_ARRAY_IDX(captures, 0, capture_conf_t) : NULL;

    return capture ? du_capture_make(capture->directory, (int)capture->count, (apr_size_t)capture->size, pool) : NULL;
}

/* Whether the children may write there is seen with the first request: they are other users. */
apr_status_t du_conf_check_capture(du_ctx_t *ctx, const server_rec *s)
{
    const apr_array_header_t *captures = du_conf_captures(s);
    const char *directory = captures ? APR_ARRAY_IDX(captures, 0, capture_conf_t).directory : NULL;
    apr_finfo_t info;
    apr_status_t rv = directory ? apr_stat(&info, directory, APR_FINFO_TYPE, ctx->pool) : APR_SUCCESS;

    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0120), "DevUpdateCapture %s cannot be used: %pm", directory, (void *)&rv);
    }
    return !directory || info.filetype == APR_DIR
               ? APR_SUCCESS
               : du_fail(ctx, APR_ENOTDIR, DUNO(0121), "DevUpdateCapture %s is not a directory", directory);
}
