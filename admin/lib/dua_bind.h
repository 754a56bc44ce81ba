/*
 * The data of a page, as JSON, for its template: what is shown is what `Accept: application/json` gets, by construction.
 */
#ifndef DUA_BIND_H
#define DUA_BIND_H

#include <jansson.h>

#include "du_template.h"

/* Adds the members of an object: texts and numbers as texts, true as "yes", false and null as "", lists as lists. An
 * object is "yes", and what is inside it is named "outer.inner"; an item of a list that is no object has the name "item".
 * The texts are data's: it must outlive values. */
void dua_bind(du_values_t *values, const json_t *data, apr_pool_t *pool);

#endif
