#include "du_request.h"

#include "du_xml.h"

enum { TYPE, MAC, SERIAL, VENDOR, MODEL, REVISION, LOCALE, USER, NFIELDS };
enum { FILENAME, VERSION, TIMESTAMP, NMODULE_FIELDS };

/* protocol.md 11.1: all of them guesses, only the concepts are certain. */
static const char *const module_elements[] = {"Module", "File", "Image", NULL};

static const du_name_t module_names[] = {
    {"Filename", FILENAME}, {"Name", FILENAME}, {"Version", VERSION}, {"Timestamp", TIMESTAMP}, {NULL, 0},
};

static const du_shape_t module_shape = {
    .elements = module_elements,
    .names = module_names,
    .nfields = NMODULE_FIELDS,
    .max_records = DU_REQUEST_MAX_MODULES,
};

static const du_name_t request_names[] = {
    {"DeviceType", TYPE}, {"Type", TYPE},
    {"MacAddress", MAC}, {"Mac", MAC},
    {"SerialNumber", SERIAL}, {"Serial", SERIAL},
    {"Vendor", VENDOR}, {"Brand", VENDOR},
    {"Model", MODEL},
    {"Revision", REVISION}, {"Rev", REVISION},
    {"Locale", LOCALE},
    {"UserID", USER}, {"User", USER},
    {NULL, 0},
};

static const du_shape_t request_shape = {
    .names = request_names,
    .nfields = NFIELDS,
    .child = &module_shape,
};

static void read_modules(du_ctx_t *ctx, const apr_array_header_t *records, du_request_t *request)
{
    du_module_t *modules = apr_pcalloc(ctx->pool, sizeof(*modules) * (apr_size_t)(records->nelts + 1));

    for (int i = 0; i < records->nelts; i++) {
        const char **field = APR_ARRAY_IDX(records, i, du_record_t *)->field;

        modules[i].filename = field[FILENAME];
        modules[i].version = field[VERSION];
        modules[i].timestamp = field[TIMESTAMP];
    }
    request->modules = modules;
    request->nmodules = records->nelts;
}

apr_status_t du_request_parse(du_ctx_t *ctx, const char *body, apr_size_t len, du_request_t **request)
{
    du_record_t *record;
    du_request_t *req;
    const char *mac;
    apr_status_t rv = du_xml_read(ctx, body, len, &request_shape, &record);

    *request = NULL;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    req = apr_pcalloc(ctx->pool, sizeof(*req));
    req->key.type = record->field[TYPE];
    req->key.brand = record->field[VENDOR];
    req->key.model = record->field[MODEL];
    req->key.revision = record->field[REVISION];
    req->key.locale = record->field[LOCALE];
    mac = du_mac_canonical(ctx->pool, record->field[MAC]);
    req->mac = mac ? mac : record->field[MAC];
    req->serial = record->field[SERIAL];
    req->user = record->field[USER];
    read_modules(ctx, record->children, req);
    *request = req;
    return APR_SUCCESS;
}
