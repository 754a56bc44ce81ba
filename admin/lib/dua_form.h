/*
 * The parameters of a request: of its query, and of a body that is a form or a JSON object. Strict: a name that the page does
 * not know, text that is not UTF-8, or too much of anything refuses the request.
 */
#ifndef DUA_FORM_H
#define DUA_FORM_H

#include <apr_tables.h>

#include "du_ctx.h"

#define DUA_FORM_BODY_MAX  (1024 * 1024) /* bytes of a body */
#define DUA_FORM_FIELDS    4096          /* fields of a request: as many rules can be chosen at once */
#define DUA_FORM_VALUE_MAX 4096          /* bytes of a value */

typedef struct dua_form_t dua_form_t;

/* An empty one. names are the fields that are known, {NULL} at the end. */
dua_form_t *dua_form_make(apr_pool_t *pool, const char *const *names);

/* Adds the fields of "a=1&b=2", or of {"a": 1, "b": ["2", "3"]}: texts, numbers, true (as "yes") and lists of these; false
 * and null are as if they were not there. DU_E_MALFORMED or DU_E_TOO_LARGE with a sentence. */
apr_status_t dua_form_read(du_ctx_t *ctx, dua_form_t *form, const char *text);
apr_status_t dua_form_read_json(du_ctx_t *ctx, dua_form_t *form, const char *text, apr_size_t len);

/* Adds one field; the checks are the same. */
apr_status_t dua_form_add(du_ctx_t *ctx, dua_form_t *form, const char *name, const char *value);

/* The first value of that name, without white space at its ends; NULL if there is none or it is empty. */
const char *dua_form_value(const dua_form_t *form, const char *name);

/* All of them: array of const char *, none of them empty. */
apr_array_header_t *dua_form_values(const dua_form_t *form, const char *name, apr_pool_t *pool);

/* A whole number from least to most; `preset` if there is none. DU_E_MALFORMED with a sentence otherwise. */
apr_status_t dua_form_number(du_ctx_t *ctx, const dua_form_t *form, const char *name, apr_int64_t least,
                             apr_int64_t most, apr_int64_t preset, apr_int64_t *number);

/* All fields but those of these names (a list ended by NULL, may be NULL itself), as a query. */
const char *dua_form_query(const dua_form_t *form, const char *const *without, apr_pool_t *pool);

/* A text as it stands in a query. */
const char *dua_form_escape(apr_pool_t *pool, const char *text);

#endif
