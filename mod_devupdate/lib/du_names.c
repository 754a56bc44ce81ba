#include "du_names.h"

#include <apr_strings.h>

#include "du_text.h"

static const struct {
    const char *spelling;
    int places;
} fields[] = {
    {"DeviceType", DU_IN_REQUEST | DU_IN_UPLOAD},
    {"MacAddress", DU_IN_REQUEST | DU_IN_UPLOAD},
    {"SerialNumber", DU_IN_REQUEST | DU_IN_UPLOAD},
    {"Vendor", DU_IN_REQUEST},
    {"Model", DU_IN_REQUEST},
    {"Revision", DU_IN_REQUEST},
    {"Locale", DU_IN_REQUEST},
    {"UserID", DU_IN_REQUEST},
    {"Module", DU_IN_MODULE_ELEMENT},
    {"Filename", DU_IN_MODULE},
    {"Version", DU_IN_MODULE},
    {"Timestamp", DU_IN_MODULE},
    {"LogType", DU_IN_UPLOAD},
    {"LogFileName", DU_IN_UPLOAD},
};

#define COUNT (int)(sizeof(fields) / sizeof(fields[0]))

const char *du_names_fields(apr_pool_t *pool)
{
    const char *text = fields[0].spelling;

    for (int i = 1; i < COUNT; i++) {
        text = apr_pstrcat(pool, text, ", ", fields[i].spelling, NULL);
    }
    return text;
}

int du_names_field(const char *text)
{
    for (int i = 0; i < COUNT; i++) {
        if (du_text_same(fields[i].spelling, text)) {
            return i;
        }
    }
    return -1;
}

int du_names_compete(int one, int other)
{
    return one != other && (fields[one].places & fields[other].places);
}

/* The index that a field has in a shipped table. */
static int index_in(const du_name_t *shipped, int field)
{
    while (!du_text_same(shipped->name, fields[field].spelling)) {
        shipped++;
    }
    return shipped->field;
}

const du_name_t *du_names_extend(apr_pool_t *pool, const apr_array_header_t *additions, du_place_e place,
                                 const du_name_t *shipped)
{
    apr_array_header_t *names = apr_array_make(pool, 16, sizeof(du_name_t));

    for (int i = 0; i < additions->nelts; i++) {
        const du_added_name_t *added = &APR_ARRAY_IDX(additions, i, du_added_name_t);

        if (fields[added->field].places & (int)place) {
            APR_ARRAY_PUSH(names, du_name_t) = (du_name_t){added->name, index_in(shipped, added->field)};
        }
    }
    for (; shipped->name; shipped++) {
        APR_ARRAY_PUSH(names, du_name_t) = *shipped;
    }
    APR_ARRAY_PUSH(names, du_name_t) = *shipped; /* the end */
    return (const du_name_t *)names->elts;
}

const char *const *du_names_extend_elements(apr_pool_t *pool, const apr_array_header_t *additions,
                                            const char *const *shipped)
{
    apr_array_header_t *elements = apr_array_make(pool, 8, sizeof(const char *));

    for (int i = 0; i < additions->nelts; i++) {
        const du_added_name_t *added = &APR_ARRAY_IDX(additions, i, du_added_name_t);

        if (fields[added->field].places & DU_IN_MODULE_ELEMENT) {
            APR_ARRAY_PUSH(elements, const char *) = added->name;
        }
    }
    for (; *shipped; shipped++) {
        APR_ARRAY_PUSH(elements, const char *) = *shipped;
    }
    APR_ARRAY_PUSH(elements, const char *) = NULL;
    return (const char *const *)elements->elts;
}
