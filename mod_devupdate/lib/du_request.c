#include "du_request.h"

#include <apr_strings.h>

#include "du_names.h"
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

/* clang-format off */
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
/* clang-format on */

static const du_shape_t request_shape = {
    .names = request_names,
    .nfields = NFIELDS,
    .child = &module_shape,
};

struct du_request_names_t {
    du_shape_t request, module;
};

const du_request_names_t *du_request_names_make(apr_pool_t *pool, const apr_array_header_t *additions)
{
    du_request_names_t *names = apr_palloc(pool, sizeof(*names));

    names->module = module_shape;
    names->module.elements = du_names_extend_elements(pool, additions, module_elements);
    names->module.names = du_names_extend(pool, additions, DU_IN_MODULE, module_names);
    names->request = request_shape;
    names->request.names = du_names_extend(pool, additions, DU_IN_REQUEST, request_names);
    names->request.child = &names->module;
    return names;
}

/*
 * Parsing
 */

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

apr_status_t du_request_parse(du_ctx_t *ctx, const du_request_names_t *names, const char *body, apr_size_t len,
                              du_request_t **request)
{
    du_record_t *record;
    du_request_t *req;
    apr_status_t rv = du_xml_read(ctx, body, len, names ? &names->request : &request_shape, &record);

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
    req->test_mac = du_mac_canonical(ctx->pool, record->field[MAC]);
    req->mac = req->test_mac ? req->test_mac : record->field[MAC];
    req->serial = record->field[SERIAL];
    req->test_serial = du_serial_canonical(ctx->pool, req->serial);
    req->user = record->field[USER];
    read_modules(ctx, record->children, req);
    *request = req;
    return APR_SUCCESS;
}
