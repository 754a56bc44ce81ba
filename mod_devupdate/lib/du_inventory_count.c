#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "du_inventory_rows.h"
#include "du_text.h"

typedef struct rows_t {
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

static const char *text(const rows_t *rows, const char *column)
{
    return apr_pstrdup(rows->pool, column);
}

static void read_key(const rows_t *rows, const char *const *columns, du_key_t *key)
{
#define PART(part) key->part = text(rows, *columns++);
    DU_KEY_PARTS(PART)
#undef PART
}

/*
 * By kind, version, site and state
 */

enum { DIMENSIONS = 8 }; /* what phones are told apart by: DU_BY_... */

typedef struct counting_t {
    rows_t rows;
    int by_state;
    int only_gone;
    const char *state;     /* the only one that is wanted; NULL = all */
    du_phone_count_t gone; /* of the rows so far that differ by their state alone */
} counting_t;

/* How two counts compare but for their numbers. */
static int compare_kinds(const du_phone_count_t *a, const du_phone_count_t *b)
{
    int order = 0;

#define PART(part) order = order ? order : strcmp(a->key.part, b->key.part);
    DU_KEY_PARTS(PART)
#undef PART
    order = order ? order : strcmp(a->version, b->version);
    return order ? order : strcmp(a->site, b->site);
}

static void add(counting_t *counting, const du_phone_count_t *count)
{
    if (count->phones > 0) {
        APR_ARRAY_PUSH(counting->rows.array, du_phone_count_t) = *count;
    }
}

/* The states of a kind that are told apart have one number of gone phones together. */
static void add_gone(counting_t *counting)
{
    add(counting, &counting->gone);
    counting->gone.phones = 0;
}

static void count_gone(counting_t *counting, const du_phone_count_t *count, apr_int64_t gone)
{
    if (counting->gone.phones > 0 && compare_kinds(&counting->gone, count) != 0) {
        add_gone(counting);
    }
    if (gone > 0 && (!counting->state || counting->only_gone)) {
        gone += counting->gone.phones;
        counting->gone = *count;
        counting->gone.state = counting->by_state ? du_phone_state_word(DU_PHONE_GONE) : "";
        counting->gone.phones = gone;
    }
}

/* type, brand, model, revision, locale, version, site, state, phones that are not gone, phones that are; sorted by these, the
 * state last */
static apr_status_t take_count(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    counting_t *counting = baton;
    const rows_t *rows = &counting->rows;
    du_phone_count_t count;

    (void)row_pool;
    read_key(rows, columns, &count.key);
    count.version = text(rows, columns[5]);
    count.site = text(rows, columns[6]);
    count.state = text(rows, columns[7]);
    count.phones = apr_atoi64(columns[8]);
    count_gone(counting, &count, apr_atoi64(columns[9]));
    if (!counting->only_gone) {
        add(counting, &count);
    }
    return APR_SUCCESS;
}

static int compare_counts(const void *left, const void *right)
{
    const du_phone_count_t *a = left, *b = right;
    int order = a->phones < b->phones ? 1 : a->phones > b->phones ? -1 : compare_kinds(a, b);

    return order ? order : strcmp(a->state, b->state);
}

/* Fills the arguments and answers the statement. Only where states matter it is asked who is gone: that is a look at every
 * phone that is. */
static du_sql_e choose(apr_pool_t *pool, const du_inventory_view_t *view, const du_inventory_filter_t *filter,
                       unsigned by, const char **args)
{
    const int versions = DIMENSIONS - 2; /* all but site and state */

    if (by == DU_BY_STATE && !du_inventory_has_kinds(filter) && !filter->state) {
        args[0] = du_text_number(pool, view->gone_before);
        return DU_SQL_PHONE_COUNTS_OF_STATES;
    }
    for (int i = 0; i < DIMENSIONS; i++) {
        args[i] = by & (1U << i) ? "1" : "";
    }
    if (!(by & (DU_BY_SITE | DU_BY_STATE)) && du_inventory_has_versions(filter) && !filter->state) {
        du_inventory_kind_args(pool, filter, args + versions);
        args[versions + DU_INVENTORY_VERSION_ARGS] = NULL;
        return DU_SQL_PHONE_COUNTS_OF_VERSIONS;
    }
    args[DIMENSIONS] = du_text_number(pool, by & DU_BY_STATE || filter->state ? view->gone_before : 0);
    du_inventory_kind_args(pool, filter, args + DIMENSIONS + 1);
    return DU_SQL_PHONE_COUNTS;
}

apr_status_t du_inventory_counts(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                 const du_inventory_filter_t *filter, unsigned by, int limit, apr_pool_t *pool,
                                 apr_array_header_t **counts)
{
    const char *args[DIMENSIONS + 1 + DU_INVENTORY_KIND_ARGS + 1] = {NULL};
    counting_t counting = {.rows = {pool, apr_array_make(pool, 64, sizeof(du_phone_count_t))},
                           .by_state = (by & DU_BY_STATE) != 0,
                           .only_gone = du_text_same(filter->state, du_phone_state_word(DU_PHONE_GONE)),
                           .state = filter->state};
    du_sql_e statement = choose(ctx->pool, view, filter, by, args);
    apr_status_t rv = du_db_select(ctx, store->db, statement, args, take_count, &counting);

    add_gone(&counting);
    qsort(counting.rows.array->elts, (size_t)counting.rows.array->nelts, sizeof(du_phone_count_t), compare_counts);
    if (counting.rows.array->nelts > limit) {
        counting.rows.array->nelts = limit;
    }
    *counts = counting.rows.array;
    return rv;
}

/*
 * Of rules
 */

typedef struct pair_t {
    apr_int64_t known, on_version;
} pair_t;

static apr_status_t take_pair(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    pair_t *pair = baton;

    (void)row_pool;
    pair->known = apr_atoi64(columns[0]);
    pair->on_version = apr_atoi64(columns[1]);
    return APR_SUCCESS;
}

apr_status_t du_inventory_on_version(du_ctx_t *ctx, du_store_t *store, const du_key_t *key, const char *version,
                                     apr_int64_t *known, apr_int64_t *on_version)
{
    const char *args[] = {version, du_text_fold(ctx->pool, du_key_path(ctx->pool, key)), NULL};
    pair_t pair = {0, 0};
    apr_status_t rv = du_db_select(ctx, store->db, DU_SQL_PHONES_OF_KEY, args, take_pair, &pair);

    *known = pair.known;
    *on_version = pair.on_version;
    return rv;
}

/* id, phones, on the versions in the order of the slots */
static apr_status_t take_rule_phones(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_rule_phones_t *rule = apr_array_push(rows->array);

    (void)row_pool;
    rule->rule_id = apr_atoi64(columns[0]);
    rule->known = apr_atoi64(columns[1]);
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        rule->on[slot] = apr_atoi64(columns[2 + slot]);
    }
    return APR_SUCCESS;
}

apr_status_t du_inventory_rules(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **rules)
{
    rows_t rows = {pool, apr_array_make(pool, 64, sizeof(du_rule_phones_t))};

    *rules = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_PHONES_OF_RULES, NULL, take_rule_phones, &rows);
}

apr_status_t du_inventory_is_filled(du_ctx_t *ctx, du_store_t *store, int *is_filled)
{
    apr_array_header_t *files;
    apr_status_t rv = du_store_texts(ctx, store, DU_SQL_READING_ANY, NULL, ctx->pool, &files);

    *is_filled = files->nelts > 0;
    return rv;
}

/*
 * Strangers, sources, traffic, roll-outs
 */

/* type, brand, model, revision, locale, checks, first seen, last seen, phones */
static apr_status_t take_stranger(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    const rows_t *rows = baton;
    du_stranger_t *stranger = apr_array_push(rows->array);

    (void)row_pool;
    read_key(rows, columns, &stranger->key);
    stranger->checks = apr_atoi64(columns[5]);
    stranger->first_seen = apr_atoi64(columns[6]);
    stranger->last_seen = apr_atoi64(columns[7]);
    stranger->phones = apr_atoi64(columns[8]);
    return APR_SUCCESS;
}

apr_status_t du_inventory_strangers(du_ctx_t *ctx, du_store_t *store, int limit, apr_pool_t *pool,
                                    apr_array_header_t **strangers)
{
    const char *args[] = {"0", du_text_number(ctx->pool, limit), NULL};
    rows_t rows = {pool, apr_array_make(pool, 16, sizeof(du_stranger_t))};

    *strangers = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_STRANGERS, args, take_stranger, &rows);
}

/* address, phones */
static apr_status_t take_source(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    const rows_t *rows = baton;

    (void)row_pool;
    APR_ARRAY_PUSH(rows->array, du_source_t) = (du_source_t){text(rows, columns[0]), apr_atoi64(columns[1])};
    return APR_SUCCESS;
}

apr_status_t du_inventory_sources(du_ctx_t *ctx, du_store_t *store, int limit, apr_pool_t *pool,
                                  apr_array_header_t **sources)
{
    const char *args[] = {du_text_number(ctx->pool, limit), NULL};
    rows_t rows = {pool, apr_array_make(pool, 64, sizeof(du_source_t))};

    *sources = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_SOURCES, args, take_source, &rows);
}

/* hour, checks, offers, refused, downloads, bytes, uploads */
static apr_status_t take_hour(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    const rows_t *rows = baton;

    (void)row_pool;
    APR_ARRAY_PUSH(rows->array, du_traffic_t) =
        (du_traffic_t){apr_atoi64(columns[0]), apr_atoi64(columns[1]), apr_atoi64(columns[2]), apr_atoi64(columns[3]),
                       apr_atoi64(columns[4]), apr_atoi64(columns[5]), apr_atoi64(columns[6])};
    return APR_SUCCESS;
}

apr_status_t du_inventory_traffic(du_ctx_t *ctx, du_store_t *store, apr_time_t since, apr_time_t until,
                                  apr_pool_t *pool, apr_array_header_t **hours)
{
    const char *args[] = {du_text_number(ctx->pool, since), du_text_number(ctx->pool, until), NULL};
    rows_t rows = {pool, apr_array_make(pool, 64, sizeof(du_traffic_t))};

    *hours = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_TRAFFIC, args, take_hour, &rows);
}

/* hour, version, current, phones */
static apr_status_t take_point(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    const rows_t *rows = baton;
    du_rollout_t *point = apr_array_push(rows->array);

    (void)row_pool;
    point->hour = apr_atoi64(columns[0]);
    point->version = text(rows, columns[1]);
    point->current = apr_atoi64(columns[2]);
    point->phones = apr_atoi64(columns[3]);
    return APR_SUCCESS;
}

apr_status_t du_inventory_rollout(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, apr_time_t since,
                                  apr_pool_t *pool, apr_array_header_t **points)
{
    const char *args[] = {du_text_number(ctx->pool, rule_id), du_text_number(ctx->pool, since), NULL};
    rows_t rows = {pool, apr_array_make(pool, 64, sizeof(du_rollout_t))};

    *points = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_ROLLOUT, args, take_point, &rows);
}
