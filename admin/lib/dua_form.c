#include "dua_form.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <jansson.h>

#include "du_text.h"

#define NAME_MAX_SHOWN 64 /* bytes of a name; longer ones nobody knows */

typedef struct field_t {
    const char *name;
    const char *value;
} field_t;

struct dua_form_t {
    apr_pool_t *pool;
    const char *const *names;
    apr_array_header_t *fields; /* of field_t */
};

dua_form_t *dua_form_make(apr_pool_t *pool, const char *const *names)
{
    dua_form_t *form = apr_palloc(pool, sizeof(*form));

    form->pool = pool;
    form->names = names;
    form->fields = apr_array_make(pool, 16, sizeof(field_t));
    return form;
}

static int is_known(const dua_form_t *form, const char *name)
{
    for (const char *const *known = form->names; *known; known++) {
        if (strcmp(*known, name) == 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t dua_form_add(du_ctx_t *ctx, dua_form_t *form, const char *name, const char *value)
{
    if (!is_known(form, name)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0815), "this page has no parameter \"%s\"",
                       du_text_for_log(ctx->pool, apr_pstrndup(ctx->pool, name, NAME_MAX_SHOWN)));
    }
    if (strlen(value) > DUA_FORM_VALUE_MAX || form->fields->nelts >= DUA_FORM_FIELDS) {
        return du_fail(ctx, DU_E_TOO_LARGE, DUNO(0816),
                       "a request has at most %d parameters of %d bytes each; this has more at \"%s\"",
                       DUA_FORM_FIELDS, DUA_FORM_VALUE_MAX, name);
    }
    if (!du_text_is_utf8(value, strlen(value))) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0817), "parameter \"%s\" is not UTF-8", name);
    }
    value = du_text_trim(apr_pstrdup(form->pool, value));
    if (*value) {
        APR_ARRAY_PUSH(form->fields, field_t) = (field_t){apr_pstrdup(form->pool, name), value};
    }
    return APR_SUCCESS;
}

/* Decodes in place; 0 if an escape is none, or a NUL. */
static int decode(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (*text == '%') {
            unsigned char byte;

            if (!apr_isxdigit(text[1]) || !apr_isxdigit(text[2])) {
                return 0;
            }
            byte = (unsigned char)strtol((const char[]){text[1], text[2], '\0'}, NULL, 16);
            if (byte == '\0') {
                return 0;
            }
            *to++ = (char)byte;
            text += 2;
        } else {
            *to++ = *text == '+' ? ' ' : *text;
        }
    }
    *to = '\0';
    return 1;
}

apr_status_t dua_form_read(du_ctx_t *ctx, dua_form_t *form, const char *text)
{
    char *rest, *pair = apr_strtok(apr_pstrdup(ctx->pool, text), "&", &rest);
    apr_status_t status = APR_SUCCESS;

    for (; pair && status == APR_SUCCESS; pair = apr_strtok(NULL, "&", &rest)) {
        char *value = strchr(pair, '=');

        if (value) {
            *value++ = '\0';
        }
        if (!decode(pair) || (value && !decode(value))) {
            return du_fail(ctx, DU_E_MALFORMED, DUNO(0818), "a parameter is not encoded as forms are");
        }
        status = dua_form_add(ctx, form, pair, value ? value : "");
    }
    return status;
}

/* One value that is no list. */
static apr_status_t add_json(du_ctx_t *ctx, dua_form_t *form, const char *name, const json_t *value)
{
    if (json_is_string(value)) {
        return dua_form_add(ctx, form, name, json_string_value(value));
    }
    if (json_is_integer(value)) {
        return dua_form_add(ctx, form, name, du_text_number(ctx->pool, json_integer_value(value)));
    }
    if (json_is_true(value)) {
        return dua_form_add(ctx, form, name, "yes");
    }
    if (json_is_false(value) || json_is_null(value)) {
        return dua_form_add(ctx, form, name, "");
    }
    return du_fail(ctx, DU_E_MALFORMED, DUNO(0819),
                   "parameter \"%s\" is neither a text nor a whole number nor a list",
                   du_text_for_log(ctx->pool, name));
}

static apr_status_t add_object(du_ctx_t *ctx, dua_form_t *form, json_t *object)
{
    apr_status_t status = APR_SUCCESS;
    const char *name;
    json_t *value, *item;
    size_t i;

    json_object_foreach(object, name, value)
    {
        if (!json_is_array(value)) {
            status = add_json(ctx, form, name, value);
        }
        json_array_foreach(value, i, item)
        {
            status = status == APR_SUCCESS ? add_json(ctx, form, name, item) : status;
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

apr_status_t dua_form_read_json(du_ctx_t *ctx, dua_form_t *form, const char *text, apr_size_t len)
{
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    apr_status_t status;

    if (!json_is_object(object)) {
        json_decref(object);
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0895), "the body is not a JSON object");
    }
    status = add_object(ctx, form, object);
    json_decref(object);
    return status;
}

const char *dua_form_value(const dua_form_t *form, const char *name)
{
    for (int i = 0; i < form->fields->nelts; i++) {
        const field_t *field = &APR_ARRAY_IDX(form->fields, i, field_t);

        if (strcmp(field->name, name) == 0) {
            return field->value;
        }
    }
    return NULL;
}

apr_array_header_t *dua_form_values(const dua_form_t *form, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *values = apr_array_make(pool, 8, sizeof(const char *));

    for (int i = 0; i < form->fields->nelts; i++) {
        const field_t *field = &APR_ARRAY_IDX(form->fields, i, field_t);

        if (strcmp(field->name, name) == 0) {
            APR_ARRAY_PUSH(values, const char *) = field->value;
        }
    }
    return values;
}

apr_status_t dua_form_number(du_ctx_t *ctx, const dua_form_t *form, const char *name, apr_int64_t least,
                             apr_int64_t most, apr_int64_t preset, apr_int64_t *number)
{
    const char *text = dua_form_value(form, name);
    char *end;

    *number = preset;
    if (!text) {
        return APR_SUCCESS;
    }
    *number = apr_strtoi64(text, &end, 10);
    return *end == '\0' && *number >= least && *number <= most && strlen(text) < 20
               ? APR_SUCCESS
               : du_fail(ctx, DU_E_MALFORMED, DUNO(0896),
                         "%s is a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT ", not \"%s\"", name,
                         least, most, du_text_for_log(ctx->pool, text));
}

const char *dua_form_escape(apr_pool_t *pool, const char *text)
{
    return apr_pescape_urlencoded(pool, text);
}

static int is_one_of(const char *const *names, const char *name)
{
    for (; names && *names; names++) {
        if (strcmp(*names, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Thousands of fields are joined at once: one by one, each would be copied as often as there are others behind it. */
const char *dua_form_query(const dua_form_t *form, const char *const *without, apr_pool_t *pool)
{
    apr_array_header_t *pairs = apr_array_make(pool, 16, sizeof(const char *));

    for (int i = 0; i < form->fields->nelts; i++) {
        const field_t *field = &APR_ARRAY_IDX(form->fields, i, field_t);

        if (!is_one_of(without, field->name)) {
            APR_ARRAY_PUSH(pairs, const char *) =
                apr_pstrcat(pool, field->name, "=", dua_form_escape(pool, field->value), NULL);
        }
    }
    return apr_array_pstrcat(pool, pairs, '&');
}
