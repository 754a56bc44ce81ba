#include "du_forecast.h"

#include <stdlib.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_hold.h"
#include "du_store_rows.h"
#include "du_text.h"

/*
 * Bytes
 */

static apr_off_t add_once(apr_hash_t *seen, const char *name, apr_off_t size)
{
    if (!*name || apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
        return 0;
    }
    apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
    return size;
}

/* Several files may share a catalogue. */
static apr_off_t bytes_of(const du_image_t *image, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);
    apr_off_t bytes = 0;

    for (int i = 0; i < image->nfiles; i++) {
        const du_file_t *file = &image->files[i];

        bytes += add_once(seen, du_text_fold(pool, file->name), file->size);
        bytes += add_once(seen, du_text_fold(pool, file->signature), file->signature_size);
    }
    return bytes;
}

static apr_status_t read_bytes(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule, const char *version,
                               apr_pool_t *pool, apr_off_t *bytes)
{
    du_image_t *image;
    apr_status_t rv = du_store_image(ctx, store, rule->id, version, pool, &image);

    *bytes = rv == APR_SUCCESS ? bytes_of(image, pool) : 0;
    return rv;
}

/*
 * Before
 */

static du_inventory_filter_t of_rule(const du_rule_t *rule)
{
    const du_inventory_filter_t filter = {.type = rule->key.type,
                                          .brand = rule->key.brand,
                                          .model = rule->key.model,
                                          .revision = rule->key.revision,
                                          .locale = rule->key.locale};

    return filter;
}

static du_phone_count_t *place_of(const du_forecast_t *forecast, const char *site, const char *version)
{
    for (int i = 0; i < forecast->places->nelts; i++) {
        du_phone_count_t *place = &APR_ARRAY_IDX(forecast->places, i, du_phone_count_t);

        if (du_text_same(place->site, site) && du_text_equal(place->version, version)) {
            return place;
        }
    }
    return NULL;
}

/* Counts that differ in their state are one place. */
static void add_place(du_forecast_t *forecast, const du_phone_count_t *count)
{
    du_phone_count_t *place = place_of(forecast, count->site, count->version);

    if (place) {
        place->phones += count->phones;
    } else {
        place = apr_array_push(forecast->places);
        *place = *count;
        place->state = "";
    }
}

static void sort_count(du_forecast_t *forecast, const du_phone_count_t *count)
{
    forecast->known += count->phones;
    if (du_text_equal(count->version, forecast->version)) {
        forecast->there += count->phones;
    } else if (du_text_equal(count->state, du_phone_state_word(DU_PHONE_GONE))) {
        forecast->gone += count->phones;
    } else {
        forecast->phones += count->phones;
        add_place(forecast, count);
    }
}

static int is_kept_from(const du_phone_t *phone, const char *version, const apr_array_header_t *tests)
{
    return du_text_equal(phone->held, DU_HELD_ALL) ||
           (du_text_equal(phone->held, version) && !du_phone_test_device(phone, tests));
}

/* Takes one phone that is held out of those that would be offered the version. */
static void take_out(du_forecast_t *forecast, const du_phone_t *phone)
{
    du_phone_count_t *place = place_of(forecast, phone->site, phone->version);

    forecast->held++;
    forecast->phones--;
    if (place) {
        place->phones--;
    }
}

static apr_status_t take_out_held(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                  const du_inventory_filter_t *filter, apr_pool_t *pool, du_forecast_t *forecast)
{
    apr_array_header_t *phones, *tests;
    const du_phone_t *last = NULL;
    apr_status_t rv = du_store_test_devices(ctx, store, pool, &tests);

    while (rv == APR_SUCCESS) {
        rv = du_held_phones(ctx, store, view, filter, NULL, last, DU_INVENTORY_PAGE_MAX, pool, &phones);
        for (int i = 0; rv == APR_SUCCESS && i < phones->nelts; i++) {
            last = &APR_ARRAY_IDX(phones, i, du_phone_t);
            if (is_kept_from(last, forecast->version, tests) && last->state != DU_PHONE_GONE &&
                !du_text_equal(last->version, forecast->version)) {
                take_out(forecast, last);
            }
        }
        if (rv != APR_SUCCESS || phones->nelts < DU_INVENTORY_PAGE_MAX) {
            break;
        }
    }
    return rv;
}

static int most_first(const void *one, const void *other)
{
    apr_int64_t a = ((const du_phone_count_t *)one)->phones, b = ((const du_phone_count_t *)other)->phones;

    return (a < b) - (a > b);
}

apr_status_t du_forecast_make(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                              const du_rule_t *rule, const char *version, apr_pool_t *pool, du_forecast_t *forecast)
{
    const du_inventory_filter_t filter = of_rule(rule);
    apr_array_header_t *counts;
    apr_status_t rv;

    *forecast = (du_forecast_t){.version = version, .places = apr_array_make(pool, 16, sizeof(du_phone_count_t))};
    rv = read_bytes(ctx, store, rule, version, pool, &forecast->image_bytes);
    if (rv == APR_SUCCESS) {
        rv = du_inventory_counts(ctx, store, view, &filter, DU_BY_SITE | DU_BY_VERSION | DU_BY_STATE,
                                 DU_INVENTORY_PAGE_MAX, pool, &counts);
    }
    for (int i = 0; rv == APR_SUCCESS && i < counts->nelts; i++) {
        sort_count(forecast, &APR_ARRAY_IDX(counts, i, du_phone_count_t));
    }
    if (rv == APR_SUCCESS) {
        rv = take_out_held(ctx, store, view, &filter, pool, forecast);
    }
    qsort(forecast->places->elts, (size_t)forecast->places->nelts, sizeof(du_phone_count_t), most_first);
    if (forecast->places->nelts > DU_FORECAST_PLACES_MAX) {
        forecast->places->nelts = DU_FORECAST_PLACES_MAX;
    }
    forecast->bytes = forecast->phones * forecast->image_bytes;
    return rv;
}

/*
 * Afterwards
 */

typedef struct reading_t {
    apr_pool_t *pool;
    du_outcome_t *outcome;
    int is_there;
} reading_t;

/* version, time, known, there */
static apr_status_t take_forecast(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    reading_t *reading = baton;

    (void)row_pool;
    reading->is_there = 1;
    reading->outcome->version = apr_pstrdup(reading->pool, columns[0]);
    reading->outcome->since = apr_atoi64(columns[1]);
    reading->outcome->known = apr_atoi64(columns[2]);
    reading->outcome->there = apr_atoi64(columns[3]);
    return APR_SUCCESS;
}

/* phones, bytes */
static apr_status_t take_fetched(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    du_outcome_t *outcome = baton;

    (void)row_pool;
    outcome->fetched = apr_atoi64(columns[0]);
    outcome->bytes = apr_atoi64(columns[1]);
    return APR_SUCCESS;
}

static apr_status_t take_stuck(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)row_pool;
    ((du_outcome_t *)baton)->stuck = apr_atoi64(columns[0]);
    return APR_SUCCESS;
}

static apr_status_t read_present(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule, du_outcome_t *outcome)
{
    const char *key = du_text_fold(ctx->pool, du_key_path(ctx->pool, &rule->key));
    const char *args[] = {key, outcome->version, NULL};
    const char *only_key[] = {key, NULL};
    apr_status_t rv =
        du_inventory_on_version(ctx, store, &rule->key, outcome->version, &outcome->known_now, &outcome->there_now);

    if (rv == APR_SUCCESS) {
        rv = du_db_select(ctx, store->db, DU_SQL_FORECAST_FETCHED, args, take_fetched, outcome);
    }
    return rv == APR_SUCCESS ? du_db_select(ctx, store->db, DU_SQL_FORECAST_STUCK, only_key, take_stuck, outcome)
                             : rv;
}

apr_status_t du_forecast_outcome(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule, apr_pool_t *pool,
                                 du_outcome_t *outcome)
{
    const char *args[] = {du_text_number(ctx->pool, rule->id), NULL};
    reading_t reading = {pool, outcome, 0};
    apr_status_t rv;

    *outcome = (du_outcome_t){.version = ""};
    rv = du_db_select(ctx, store->db, DU_SQL_FORECAST, args, take_forecast, &reading);
    if (rv == APR_SUCCESS &&
        (!reading.is_there || !du_text_equal(outcome->version, rule->versions.slot[DU_APPROVED]))) {
        return DU_E_NOT_FOUND;
    }
    if (rv == APR_SUCCESS) {
        rv = read_bytes(ctx, store, rule, outcome->version, pool, &outcome->image_bytes);
        rv = rv == DU_E_NOT_FOUND ? APR_SUCCESS : rv;
    }
    outcome->bytes_foretold = (outcome->known - outcome->there) * outcome->image_bytes;
    return rv == APR_SUCCESS ? read_present(ctx, store, rule, outcome) : rv;
}
