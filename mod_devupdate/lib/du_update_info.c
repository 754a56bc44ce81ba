#include "du_update_info.h"

#include <string.h>

#include <apr_strings.h>

#include "du_setting.h"
#include "du_text.h"
#include "du_xml.h"

#define DEFAULT_UPDATE_TYPE "CPE"

enum { TYPE, BRAND, MODEL, REVISION, LOCALE, UPDATE_TYPE, VERSION, NFIELDS };
enum { NAME, SIGNATURE, TIMESTAMP, NFILE_FIELDS };

/* protocol.md 7 and 11.1: the concepts are certain, of the names only Update and version. */
static const char *const file_elements[] = {"File", "Image", "Module", NULL};

static const du_name_t file_names[] = {
    {"Name", NAME},
    {"Filename", NAME},
    {"Signature", SIGNATURE},
    {"SignatureFilename", SIGNATURE},
    {"Catalog", SIGNATURE},
    {"Timestamp", TIMESTAMP},
    {NULL, 0},
};

static const du_shape_t file_shape = {
    .elements = file_elements,
    .names = file_names,
    .nfields = NFILE_FIELDS,
    .max_records = DU_UPDATE_INFO_MAX_FILES,
};

static const char *const update_elements[] = {"Update", NULL};

static const du_name_t update_names[] = {
    {"DeviceType", TYPE}, {"Type", TYPE},     {"Brand", BRAND},
    {"Vendor", BRAND},    {"Model", MODEL},   {"Revision", REVISION},
    {"Rev", REVISION},    {"Locale", LOCALE}, {"UpdateType", UPDATE_TYPE},
    {"Version", VERSION}, {NULL, 0},
};

static const du_shape_t update_shape = {
    .elements = update_elements,
    .names = update_names,
    .nfields = NFIELDS,
    .max_records = DU_UPDATE_INFO_MAX_UPDATES,
    .child = &file_shape,
};

static const du_name_t no_names[] = {{NULL, 0}};

/* Audit files separate names of files and versions by these, and could not tell which is which. */
#define SEPARATORS ";#"

/* What a field is called in a sentence, and how long it may be. All of them become directories. */
static const struct {
    const char *words;
    apr_size_t limit;
} fields[NFIELDS] = {
    [TYPE] = {"device type", DU_KEY_PART_MAX}, [BRAND] = {"brand", DU_KEY_PART_MAX},
    [MODEL] = {"model", DU_KEY_PART_MAX},      [REVISION] = {"revision", DU_KEY_PART_MAX},
    [LOCALE] = {"locale", DU_KEY_PART_MAX},    [UPDATE_TYPE] = {"update type", DU_KEY_PART_MAX},
    [VERSION] = {"version", DU_VERSION_MAX},
};

const char *du_update_file_last(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* "update 2 (POLYCOM CX600)" */
static const char *name_of(apr_pool_t *pool, int number, const char *const *field)
{
    return apr_psprintf(pool, "update %d (%s %s)", number, du_text_for_log(pool, field[BRAND]),
                        du_text_for_log(pool, field[MODEL]));
}

static apr_status_t check_fields(du_ctx_t *ctx, const char *update, const char *const *field)
{
    for (int i = 0; i < NFIELDS; i++) {
        if (!field[i]) {
            return du_fail(ctx, DU_E_PACKAGE, DUNO(0630), DU_UPDATE_INFO_NAME ": %s has no %s", update,
                           fields[i].words);
        }
        if (strlen(field[i]) > fields[i].limit) {
            return du_fail(ctx, DU_E_PACKAGE, DUNO(0631),
                           DU_UPDATE_INFO_NAME ": %s has a %s of %" APR_SIZE_T_FMT
                                               " bytes; the limit is %" APR_SIZE_T_FMT,
                           update, fields[i].words, strlen(field[i]), fields[i].limit);
        }
        if (!du_text_is_segment(field[i], fields[i].limit) || (i == VERSION && strpbrk(field[i], SEPARATORS))) {
            return du_fail(ctx, DU_E_PACKAGE, DUNO(0632),
                           DU_UPDATE_INFO_NAME ": %s has the %s \"%s\", which cannot be the name of a directory",
                           update, fields[i].words, du_text_for_log(ctx->pool, field[i]));
        }
    }
    return APR_SUCCESS;
}

/* Descriptions are made on Windows; members are compared with '/' between directories. */
static const char *with_slashes(apr_pool_t *pool, const char *name)
{
    char *copy = apr_pstrdup(pool, name);

    for (char *c = copy; *c; c++) {
        if (*c == '\\') {
            *c = '/';
        }
    }
    return strncmp(copy, "./", 2) == 0 ? copy + 2 : copy;
}

static apr_status_t check_name(du_ctx_t *ctx, const char *update, const char *name)
{
    if (!du_text_is_segment(du_update_file_last(name), DU_UPDATE_INFO_MAX_NAME) || strpbrk(name, SEPARATORS)) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0633),
                       DU_UPDATE_INFO_NAME ": %s names the file \"%s\", which cannot be the name of a file", update,
                       du_text_for_log(ctx->pool, name));
    }
    return APR_SUCCESS;
}

/* One directory will hold them all, and phones are answered without regard to case. Files may share a catalogue. */
static int clash(const char *a, const char *b)
{
    return du_text_same(du_update_file_last(a), du_update_file_last(b)) && !du_text_same(a, b);
}

static apr_status_t check_clashes(du_ctx_t *ctx, const char *update, const apr_array_header_t *files)
{
    const du_update_file_t *file = (const du_update_file_t *)files->elts;

    for (int i = 0; i < files->nelts; i++) {
        for (int j = 0; j < files->nelts; j++) {
            if ((j < i && du_text_same(file[i].name, file[j].name)) || clash(file[i].name, file[j].name) ||
                du_text_same(file[i].name, file[j].signature) || clash(file[i].name, file[j].signature) ||
                clash(file[i].signature, file[j].signature)) {
                return du_fail(ctx, DU_E_PACKAGE, DUNO(0634),
                               DU_UPDATE_INFO_NAME ": %s has two files of the same name, %s", update,
                               du_text_for_log(ctx->pool, du_update_file_last(file[i].name)));
            }
        }
    }
    return APR_SUCCESS;
}

static apr_status_t take_file(du_ctx_t *ctx, const char *update, const char *const *field, apr_array_header_t *files)
{
    du_update_file_t *file = apr_array_push(files);
    apr_status_t rv;

    if (!field[NAME]) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0635), DU_UPDATE_INFO_NAME ": %s has a file without a name", update);
    }
    if (!field[SIGNATURE]) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0636), DU_UPDATE_INFO_NAME ": %s has no security catalogue for %s",
                       update, du_text_for_log(ctx->pool, field[NAME]));
    }
    file->name = with_slashes(ctx->pool, field[NAME]);
    file->signature = with_slashes(ctx->pool, field[SIGNATURE]);
    file->timestamp = du_text_or_empty(field[TIMESTAMP]);
    rv = check_name(ctx, update, file->name);
    return rv == APR_SUCCESS ? check_name(ctx, update, file->signature) : rv;
}

static apr_status_t take_files(du_ctx_t *ctx, const char *update, const apr_array_header_t *records,
                               apr_array_header_t **files)
{
    *files = apr_array_make(ctx->pool, records->nelts, sizeof(du_update_file_t));
    for (int i = 0; i < records->nelts; i++) {
        apr_status_t rv = take_file(ctx, update, APR_ARRAY_IDX(records, i, du_record_t *)->field, *files);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if ((*files)->nelts == 0) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0637), DU_UPDATE_INFO_NAME ": %s names no file", update);
    }
    return check_clashes(ctx, update, *files);
}

static apr_status_t check_unique(du_ctx_t *ctx, const apr_array_header_t *updates)
{
    const du_update_t *update = (const du_update_t *)updates->elts;
    int last = updates->nelts - 1;

    for (int i = 0; i < last; i++) {
        if (du_key_same(&update[i].key, &update[last].key)) {
            return du_fail(ctx, DU_E_PACKAGE, DUNO(0638), DU_UPDATE_INFO_NAME ": updates %d and %d are both for %s",
                           i + 1, last + 1, du_text_for_log(ctx->pool, du_key_path(ctx->pool, &update[i].key)));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t take_update(du_ctx_t *ctx, const du_record_t *record, apr_array_header_t *updates)
{
    const char **field = record->field;
    du_update_t *update = apr_array_push(updates);
    const char *name = name_of(ctx->pool, updates->nelts, field);
    apr_status_t rv;

    if (!field[UPDATE_TYPE]) {
        field[UPDATE_TYPE] = DEFAULT_UPDATE_TYPE;
    }
    rv = check_fields(ctx, name, field);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    update->key = (du_key_t){field[TYPE], field[BRAND], field[MODEL], field[REVISION], field[LOCALE]};
    update->update_type = field[UPDATE_TYPE];
    update->version = field[VERSION];
    rv = take_files(ctx, name, record->children, &update->files);
    return rv == APR_SUCCESS ? check_unique(ctx, updates) : rv;
}

apr_status_t du_update_info_parse(du_ctx_t *ctx, const char *data, apr_size_t len, int max_depth,
                                  apr_array_header_t **updates)
{
    const char *limit = apr_pstrcat(ctx->pool, "setting ", du_setting_name(DU_SET_IMPORT_MAX_DEPTH), NULL);
    const du_shape_t shape = {
        .names = no_names, .child = &update_shape, .max_depth = max_depth, .depth_limit = limit};
    du_record_t *root;

    if (len > DU_UPDATE_INFO_MAX_BYTES) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0639),
                       DU_UPDATE_INFO_NAME " has %" APR_SIZE_T_FMT " bytes; the limit is %d", len,
                       DU_UPDATE_INFO_MAX_BYTES);
    }
    if (du_xml_read(ctx, data, len, &shape, &root) != APR_SUCCESS) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0640), DU_UPDATE_INFO_NAME ": %s", ctx->failure.message);
    }
    if (root->children->nelts == 0) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0641), DU_UPDATE_INFO_NAME " describes no update");
    }
    *updates = apr_array_make(ctx->pool, root->children->nelts, sizeof(du_update_t));
    for (int i = 0; i < root->children->nelts; i++) {
        apr_status_t rv = take_update(ctx, APR_ARRAY_IDX(root->children, i, du_record_t *), *updates);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}
