#include "devices.h"

#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

#define COUNTS_MAX   2000 /* models and versions that are looked at */
#define MODELS_MAX   15   /* rows of the table */
#define VERSIONS_MAX 6    /* columns of it */

/* What the table is made of; the rest is added up in `others`. */
typedef struct cross_t {
    const du_phone_count_t *model[MODELS_MAX]; /* brand and model */
    const char *version[VERSIONS_MAX];
    apr_int64_t phones[MODELS_MAX][VERSIONS_MAX + 1]; /* the last column: other versions */
    int models, versions;
    apr_int64_t others; /* phones of other models */
} cross_t;

/*
 * By state
 */

/* counts is NULL where nobody counted. */
static json_t *state_of(dua_t *dua, du_phone_state_e state, const char *chosen, const apr_array_header_t *counts)
{
    const char *word = du_phone_state_word(state);
    json_t *object = json_object();
    apr_int64_t phones = 0;

    for (int i = 0; counts && i < counts->nelts; i++) {
        const du_phone_count_t *count = &APR_ARRAY_IDX(counts, i, du_phone_count_t);

        phones += strcmp(count->state, word) == 0 ? count->phones : 0;
    }
    dua_set_text(dua->pool, object, "state", word);
    json_object_set_new(object, "phones", counts ? json_integer(phones) : json_null());
    dua_set_flag(object, "is_chosen", chosen && du_text_same(chosen, word));
    dua_set_text(dua->pool, object, "href", apr_pstrcat(dua->pool, "devices?state=", word, NULL));
    return object;
}

static void add_states(dua_t *dua, const apr_array_header_t *counts)
{
    json_t *list = json_array();

    for (int state = 0; state < DU_PHONE_STATES; state++) {
        json_array_append_new(list, state_of(dua, (du_phone_state_e)state, dua_value(dua, "state"), counts));
    }
    json_object_set_new(dua->data, "states", list);
}

/*
 * Models and versions
 */

static int find_model(cross_t *cross, const du_phone_count_t *count)
{
    for (int i = 0; i < cross->models; i++) {
        if (du_text_same(cross->model[i]->key.brand, count->key.brand) &&
            du_text_same(cross->model[i]->key.model, count->key.model)) {
            return i;
        }
    }
    if (cross->models == MODELS_MAX) {
        return -1;
    }
    cross->model[cross->models] = count;
    return cross->models++;
}

static int find_version(cross_t *cross, const char *version)
{
    for (int i = 0; i < cross->versions; i++) {
        if (strcmp(cross->version[i], version) == 0) {
            return i;
        }
    }
    if (cross->versions == VERSIONS_MAX) {
        return VERSIONS_MAX;
    }
    cross->version[cross->versions] = version;
    return cross->versions++;
}

static void fill_cross(cross_t *cross, const apr_array_header_t *counts)
{
    for (int i = 0; i < counts->nelts; i++) { /* the most first */
        const du_phone_count_t *count = &APR_ARRAY_IDX(counts, i, du_phone_count_t);
        int row = find_model(cross, count);

        if (row < 0) {
            cross->others += count->phones;
        } else {
            cross->phones[row][find_version(cross, count->version)] += count->phones;
        }
    }
}

/* `version` NULL = of all versions. */
static json_t *cell(dua_t *dua, const du_phone_count_t *model, const char *version, apr_int64_t phones)
{
    json_t *object = json_object();

    dua_set_number(object, "phones", phones);
    dua_set_text(dua->pool, object, "href",
                 apr_pstrcat(dua->pool, "devices?brand=", dua_form_escape(dua->pool, model->key.brand),
                             "&model=", dua_form_escape(dua->pool, model->key.model), version ? "&version=" : "",
                             version ? dua_form_escape(dua->pool, version) : "", NULL));
    return object;
}

static json_t *row_of(dua_t *dua, const cross_t *cross, int row)
{
    const du_phone_count_t *model = cross->model[row];
    json_t *object, *cells = json_array();
    apr_int64_t sum = 0;

    for (int i = 0; i < cross->versions; i++) {
        json_array_append_new(cells, cell(dua, model, cross->version[i], cross->phones[row][i]));
        sum += cross->phones[row][i];
    }
    sum += cross->phones[row][VERSIONS_MAX];
    object = cell(dua, model, NULL, sum);
    dua_set_text(dua->pool, object, "brand", model->key.brand);
    dua_set_text(dua->pool, object, "model", model->key.model);
    dua_set_number(object, "other_versions", cross->phones[row][VERSIONS_MAX]);
    json_object_set_new(object, "cells", cells);
    return object;
}

static void add_cross(dua_t *dua, const cross_t *cross)
{
    json_t *models = json_array(), *versions = json_array();

    for (int i = 0; i < cross->versions; i++) {
        json_array_append_new(versions, dua_json_text(dua->pool, cross->version[i]));
    }
    for (int i = 0; i < cross->models; i++) {
        json_array_append_new(models, row_of(dua, cross, i));
    }
    json_object_set_new(dua->data, "versions", versions);
    json_object_set_new(dua->data, "models", models);
    dua_set_number(dua->data, "phones_of_other_models", cross->others);
}

apr_status_t devices_add_counts(dua_t *dua, const du_inventory_view_t *view, int is_wanted)
{
    const du_inventory_filter_t all = {0};
    cross_t cross = {0};
    apr_array_header_t *states = NULL, *counts;
    apr_status_t status = APR_SUCCESS;

    if (is_wanted) {
        status =
            du_inventory_counts(dua->ctx, dua->store, view, &all, DU_BY_STATE, DU_PHONE_STATES, dua->pool, &states);
        if (status == APR_SUCCESS) {
            status = du_inventory_counts(dua->ctx, dua->store, view, &all, DU_BY_BRAND | DU_BY_MODEL | DU_BY_VERSION,
                                         COUNTS_MAX, dua->pool, &counts);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
        fill_cross(&cross, counts);
    }
    add_states(dua, states);
    add_cross(dua, &cross);
    return APR_SUCCESS;
}
