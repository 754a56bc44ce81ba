#include "dua_bind.h"

#include <apr_strings.h>

#include "du_text.h"

static const char *text_of(const json_t *value, apr_pool_t *pool)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
        return du_text_number(pool, json_integer_value(value));
    case JSON_REAL:
        return apr_psprintf(pool, "%.2f", json_real_value(value));
    case JSON_TRUE:
        return "yes";
    default:
        return "";
    }
}

static void bind_members(du_values_t *values, const char *prefix, const json_t *object, apr_pool_t *pool);

static void bind_list(du_values_t *values, const char *name, const json_t *list, apr_pool_t *pool)
{
    json_t *value;
    size_t i;

    json_array_foreach(list, i, value)
    {
        du_values_t *item = du_values_item(values, name);

        if (json_is_object(value)) {
            bind_members(item, "", value, pool);
        } else {
            du_values_text(item, "item", text_of(value, pool));
        }
    }
}

static void bind_members(du_values_t *values, const char *prefix, const json_t *object, apr_pool_t *pool)
{
    json_t *value;
    const char *key;

    /* jansson has no foreach for what is const */
    json_object_foreach((json_t *)object, key, value)
    {
        const char *name = apr_pstrcat(pool, prefix, key, NULL);

        if (json_is_array(value)) {
            bind_list(values, name, value, pool);
        } else if (json_is_object(value)) {
            du_values_text(values, name, "yes");
            bind_members(values, apr_pstrcat(pool, name, ".", NULL), value, pool);
        } else {
            du_values_text(values, name, text_of(value, pool));
        }
    }
}

void dua_bind(du_values_t *values, const json_t *data, apr_pool_t *pool)
{
    bind_members(values, "", data, pool);
}
