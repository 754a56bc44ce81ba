#include "du_request.h"

#include <apr_strings.h>

#include "du_text.h"
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

/*
 * Names of a deployment's own
 */

/* Where a field is read: among those of the request, among those of a module, or it is the element of a module itself. */
typedef enum { OF_REQUEST, OF_MODULE, MODULE_ELEMENT } place_e;

static const struct {
    const char *spelling;
    place_e place;
    int index;
} fields[] = {
    {"DeviceType", OF_REQUEST, TYPE},  {"MacAddress", OF_REQUEST, MAC}, {"SerialNumber", OF_REQUEST, SERIAL},
    {"Vendor", OF_REQUEST, VENDOR},    {"Model", OF_REQUEST, MODEL},    {"Revision", OF_REQUEST, REVISION},
    {"Locale", OF_REQUEST, LOCALE},    {"UserID", OF_REQUEST, USER},    {"Module", MODULE_ELEMENT, 0},
    {"Filename", OF_MODULE, FILENAME}, {"Version", OF_MODULE, VERSION}, {"Timestamp", OF_MODULE, TIMESTAMP},
};

#define COUNT (int)(sizeof(fields) / sizeof(fields[0]))

const char *du_request_fields(apr_pool_t *pool)
{
    const char *text = fields[0].spelling;

    for (int i = 1; i < COUNT; i++) {
        text = apr_pstrcat(pool, text, ", ", fields[i].spelling, NULL);
    }
    return text;
}

int du_request_field(const char *text)
{
    for (int i = 0; i < COUNT; i++) {
        if (du_text_same(fields[i].spelling, text)) {
            return i;
        }
    }
    return -1;
}

int du_request_fields_compete(int one, int other)
{
    return one != other && fields[one].place == fields[other].place;
}

static const du_name_t *extended_names(apr_pool_t *pool, const apr_array_header_t *additions, place_e place,
                                       const du_name_t *shipped)
{
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(du_name_t));

    for (int i = 0; i < additions->nelts; i++) {
        const du_request_name_t *added = &APR_ARRAY_IDX(additions, i, du_request_name_t);

        if (fields[added->field].place == place) {
            APR_ARRAY_PUSH(names, du_name_t) = (du_name_t){added->name, fields[added->field].index};
        }
    }
    for (; shipped->name; shipped++) {
        APR_ARRAY_PUSH(names, du_name_t) = *shipped;
    }
    APR_ARRAY_PUSH(names, du_name_t) = *shipped; /* the end */
    return (const du_name_t *)names->elts;
}

static const char *const *extended_elements(apr_pool_t *pool, const apr_array_header_t *additions)
{
    apr_array_header_t *elements = apr_array_make(pool, 8, sizeof(const char *));

    for (int i = 0; i < additions->nelts; i++) {
        const du_request_name_t *added = &APR_ARRAY_IDX(additions, i, du_request_name_t);

        if (fields[added->field].place == MODULE_ELEMENT) {
            APR_ARRAY_PUSH(elements, const char *) = added->name;
        }
    }
    for (const char *const *element = module_elements; *element; element++) {
        APR_ARRAY_PUSH(elements, const char *) = *element;
    }
    APR_ARRAY_PUSH(elements, const char *) = NULL;
    return (const char *const *)elements->elts;
}

const du_request_names_t *du_request_names_make(apr_pool_t *pool, const apr_array_header_t *additions)
{
    du_request_names_t *names = apr_palloc(pool, sizeof(*names));

    names->module = module_shape;
    names->module.elements = extended_elements(pool, additions);
    names->module.names = extended_names(pool, additions, OF_MODULE, module_names);
    names->request = request_shape;
    names->request.names = extended_names(pool, additions, OF_REQUEST, request_names);
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
