#include "mod_devupdate.h"

#include <stddef.h>

#include <apr_strings.h>
#include <apr_uri.h>
#include <http_core.h>
#include <http_log.h>
#include <mod_watchdog.h>

#include "du_store.h"
#include "du_text.h"

#define NODE_NAME_MAX 64
#define UNSET         (-1)

/*
 * Expansions of the list: unset values, merging, accessors
 */

#define UNSET_FLAG   UNSET
#define UNSET_NUMBER UNSET
#define UNSET_TEXT   NULL
#define UNSET_PATH   NULL
#define UNSET_NAME   NULL
#define UNSET_URL    NULL
#define UNSET_WORDS  NULL

du_conf_t *du_conf(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &devupdate_module);
}

#define CREATE(kind, member, name, context, preset, least, most, help) conf->member = UNSET_##kind;
#define MERGE(kind, member, name, context, preset, least, most, help)                                                \
    conf->member = add->member != UNSET_##kind ? add->member : base->member;

void *du_conf_create(apr_pool_t *pool, server_rec *s)
{
    du_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)s;
    DU_DIRECTIVES(CREATE)
    return conf;
}

void *du_conf_merge(apr_pool_t *pool, void *base_conf, void *add_conf)
{
    const du_conf_t *base = base_conf, *add = add_conf;
    du_conf_t *conf = apr_pcalloc(pool, sizeof(*conf));

    DU_DIRECTIVES(MERGE)
    return conf;
}

void *du_location_create(apr_pool_t *pool, char *path)
{
    du_location_t *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)path;
    DU_LOCATION_DIRECTIVES(CREATE)
    return conf;
}

void *du_location_merge(apr_pool_t *pool, void *base_conf, void *add_conf)
{
    const du_location_t *base = base_conf, *add = add_conf;
    du_location_t *conf = apr_pcalloc(pool, sizeof(*conf));

    DU_LOCATION_DIRECTIVES(MERGE)
    return conf;
}

#define ACCESSOR(kind, member, name, context, preset, least, most, help)                                             \
    DU_TYPE_##kind du_conf_##member(const server_rec *s)                                                             \
    {                                                                                                                \
        const du_conf_t *conf = du_conf(s);                                                                          \
                                                                                                                     \
        return conf->member != UNSET_##kind ? conf->member : preset;                                                 \
    }
DU_DIRECTIVES(ACCESSOR)
#undef ACCESSOR

#define ACCESSOR(kind, member, name, context, preset, least, most, help)                                             \
    DU_TYPE_##kind du_location_##member(const request_rec *r)                                                        \
    {                                                                                                                \
        const du_location_t *conf = ap_get_module_config(r->per_dir_config, &devupdate_module);                      \
                                                                                                                     \
        return conf->member != UNSET_##kind ? conf->member : preset;                                                 \
    }
DU_LOCATION_DIRECTIVES(ACCESSOR)
#undef ACCESSOR

/*
 * Commands
 */

/* What the handler of a directive needs to know of it. */
typedef struct directive_t {
    size_t offset; /* of its member in du_conf_t */
    int is_global;
    apr_int64_t least, most;
    du_take_fn *take; /* of several words */
} directive_t;

#define DIRECTIVE(kind, member, name, context, preset, least, most, help)                                            \
    static const directive_t name = {offsetof(du_conf_t, member), CONTEXT_##context, least, most,                    \
                                     TAKE_##kind(member)};
#define TAKE_FLAG(member)   NULL
#define TAKE_NUMBER(member) NULL
#define TAKE_TEXT(member)   NULL
#define TAKE_PATH(member)   NULL
#define TAKE_NAME(member)   NULL
#define TAKE_URL(member)    NULL
#define TAKE_WORDS(member)  du_take_##member
#define CONTEXT_GLOBAL      1
#define CONTEXT_SERVER      0
DU_DIRECTIVES(DIRECTIVE)
#undef DIRECTIVE

static const char *check_context(cmd_parms *cmd)
{
    const directive_t *directive = cmd->info;

    return directive->is_global && cmd->server->is_virtual
               ? apr_psprintf(cmd->pool, "%s belongs outside of <VirtualHost>: it holds for the whole node",
                              cmd->cmd->name)
               : NULL;
}

static void *member_of(cmd_parms *cmd)
{
    return (char *)du_conf(cmd->server) + ((const directive_t *)cmd->info)->offset;
}

static const char *set_flag(cmd_parms *cmd, void *dir, int on)
{
    const char *error = check_context(cmd);

    (void)dir;
    if (!error) {
        *(int *)member_of(cmd) = on;
    }
    return error;
}

static const char *set_number(cmd_parms *cmd, void *dir, const char *text)
{
    const directive_t *directive = cmd->info;
    const char *error = check_context(cmd);
    char *end;
    apr_int64_t number = apr_strtoi64(text, &end, 10);

    (void)dir;
    if (!error && (!*text || *end || number < directive->least || number > directive->most)) {
        error = apr_psprintf(
            cmd->pool, "%s must be a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT ", not \"%s\"",
            cmd->cmd->name, directive->least, directive->most, text);
    }
    if (!error) {
        *(apr_int64_t *)member_of(cmd) = number;
    }
    return error;
}

static const char *set_text(cmd_parms *cmd, void *dir, const char *text)
{
    const char *error = check_context(cmd);

    (void)dir;
    if (!error && !*text) {
        error = apr_psprintf(cmd->pool, "%s must not be empty", cmd->cmd->name);
    }
    if (!error) {
        *(const char **)member_of(cmd) = text;
    }
    return error;
}

static const char *set_path(cmd_parms *cmd, void *dir, const char *text)
{
    const char *path = *text ? ap_server_root_relative(cmd->pool, text) : text;

    return path ? set_text(cmd, dir, path)
                : apr_psprintf(cmd->pool, "%s: \"%s\" is not a usable path", cmd->cmd->name, text);
}

static const char *set_name(cmd_parms *cmd, void *dir, const char *text)
{
    return du_text_is_segment(text, NODE_NAME_MAX)
               ? set_text(cmd, dir, text)
               : apr_psprintf(cmd->pool,
                              "%s must be usable in a file name (1 to %d characters, no slash), not \"%s\"",
                              cmd->cmd->name, NODE_NAME_MAX, text);
}

static const char *set_url(cmd_parms *cmd, void *dir, const char *text)
{
    apr_uri_t uri;
    apr_size_t len = strlen(text);

    if (apr_uri_parse(cmd->pool, text, &uri) != APR_SUCCESS || !uri.hostname || !*uri.hostname || uri.query ||
        uri.fragment || uri.user || !(du_text_same(uri.scheme, "http") || du_text_same(uri.scheme, "https"))) {
        return apr_psprintf(
            cmd->pool,
            "%s must be an absolute http or https URL like http://updates.example.com/RequestHandler/Files, "
            "not \"%s\"",
            cmd->cmd->name, text);
    }
    if (text[len - 1] == '/') {
        return apr_psprintf(cmd->pool, "%s must not end with a slash: \"%s\"", cmd->cmd->name, text);
    }
    return set_text(cmd, dir, text);
}

static const char *set_words(cmd_parms *cmd, void *dir, int n, char *const word[])
{
    const directive_t *directive = cmd->info;
    const char *error = check_context(cmd);

    (void)dir;
    if (!error && (n < directive->least || n > directive->most)) {
        error = apr_psprintf(cmd->pool, "%s takes %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT " words, %s",
                             cmd->cmd->name, directive->least, directive->most, cmd->cmd->errmsg);
    }
    return error ? error : directive->take(cmd, n, word, member_of(cmd));
}

#define COMMAND_FLAG(name, help)   AP_INIT_FLAG(#name, set_flag, (void *)&name, RSRC_CONF, help)
#define COMMAND_NUMBER(name, help) AP_INIT_TAKE1(#name, set_number, (void *)&name, RSRC_CONF, help)
#define COMMAND_TEXT(name, help)   AP_INIT_TAKE1(#name, set_text, (void *)&name, RSRC_CONF, help)
#define COMMAND_PATH(name, help)   AP_INIT_TAKE1(#name, set_path, (void *)&name, RSRC_CONF, help)
#define COMMAND_NAME(name, help)   AP_INIT_TAKE1(#name, set_name, (void *)&name, RSRC_CONF, help)
#define COMMAND_URL(name, help)    AP_INIT_TAKE1(#name, set_url, (void *)&name, RSRC_CONF, help)
#define COMMAND_WORDS(name, help)  AP_INIT_TAKE_ARGV(#name, set_words, (void *)&name, RSRC_CONF, help)

#define OF_LOCATION(member) (void *)APR_OFFSETOF(du_location_t, member)
#define LOCATION_COMMAND_FLAG(name, member, help)                                                                    \
    AP_INIT_FLAG(#name, ap_set_flag_slot, OF_LOCATION(member), ACCESS_CONF | RSRC_CONF, help)
#define LOCATION_COMMAND_TEXT(name, member, help)                                                                    \
    AP_INIT_TAKE1(#name, ap_set_string_slot, OF_LOCATION(member), ACCESS_CONF | RSRC_CONF, help)

const command_rec du_commands[] = {
#define COMMAND(kind, member, name, context, preset, least, most, help) COMMAND_##kind(name, help),
    DU_DIRECTIVES(COMMAND)
#undef COMMAND
#define COMMAND(kind, member, name, context, preset, least, most, help) LOCATION_COMMAND_##kind(name, member, help),
        DU_LOCATION_DIRECTIVES(COMMAND)
#undef COMMAND
            {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL}};

/*
 * What a single directive cannot know
 */

int du_conf_is_in_use(const server_rec *s)
{
    for (; s; s = s->next) {
        if (du_conf_engine(s)) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t check_required(du_ctx_t *ctx, const server_rec *s)
{
    if (!du_conf_store(s)) {
        return du_fail(ctx, APR_EINIT, DUNO(0101),
                       "DevUpdateEngine is On, but DevUpdateStore does not say where the store is");
    }
    if (!du_conf_files(s)) {
        return du_fail(ctx, APR_EINIT, DUNO(0102),
                       "DevUpdateEngine is On, but DevUpdateFiles does not say where the files are");
    }
    if (!APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance)) {
        return du_fail(ctx, APR_EINIT, DUNO(0103), "DevUpdateEngine is On, but mod_watchdog is not loaded");
    }
    return APR_SUCCESS;
}

static apr_status_t check_files(du_ctx_t *ctx, const server_rec *s)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, du_conf_files(s), APR_FINFO_TYPE, ctx->pool);

    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0104), "DevUpdateFiles %s cannot be used: %pm", du_conf_files(s), (void *)&rv);
    }
    return info.filetype == APR_DIR
               ? APR_SUCCESS
               : du_fail(ctx, APR_ENOTDIR, DUNO(0105), "DevUpdateFiles %s is not a directory", du_conf_files(s));
}

/* Says a failure as httpd says its own at start; with `apachectl -t` that is on standard error. */
static int say(du_ctx_t *ctx, server_rec *s)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_CRIT, 0, s, "%s: %s", ctx->failure.id, ctx->failure.message);
    return HTTP_INTERNAL_SERVER_ERROR;
}

int du_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    du_ctx_t *ctx = du_ctx_make(ptemp);
    du_dialects_t dialects;
    apr_status_t rv;

    (void)pconf, (void)plog;
    if (!du_conf_is_in_use(s)) {
        return OK;
    }
    rv = check_required(ctx, s);
    if (rv == APR_SUCCESS) {
        rv = check_files(ctx, s);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_check_spec(ctx, du_conf_store(s), ptemp);
    }
    if (rv == APR_SUCCESS) {
        rv = du_conf_check_capture(ctx, s);
    }
    if (rv == APR_SUCCESS) {
        rv = du_conf_dialects(ctx, s, ptemp, &dialects);
    }
    return rv == APR_SUCCESS ? OK : say(ctx, s);
}
