#include "du_purge.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_batch.h"
#include "du_fleet.h"
#include "du_store_rows.h"
#include "du_text.h"

/* One run, from batch to batch: phones are walked through in the order of du_inventory_page(), last seen first. */
typedef struct purge_t {
    du_store_t *store;
    const du_inventory_view_t *view;
    const du_purge_filter_t *filter;
    apr_pool_t *pool;        /* of a batch */
    const char *after;       /* where it begins; NULL = with the first phone */
    const char *next;        /* where the next one does; NULL = there is none */
    apr_array_header_t *ids; /* of const char *: phones to be removed */
    apr_hash_t *kinds;       /* id of device_count -> how many of them; apr_int64_t to int */
    apr_int64_t held;        /* how many that match are held */
} purge_t;

static int matches(const du_purge_filter_t *filter, const du_phone_t *phone)
{
    du_address_t address;

    if (filter->subnet &&
        !(du_address_parse(phone->address, &address) && du_subnet_contains(filter->subnet, &address))) {
        return 0;
    }
    return phone->first_seen >= filter->first_since && !(filter->is_nameless && (*phone->mac || *phone->serial));
}

static void choose(purge_t *purge, const du_phone_t *phone)
{
    apr_int64_t *kind = apr_pmemdup(purge->pool, &phone->count_id, sizeof(*kind));
    int *count = apr_hash_get(purge->kinds, kind, sizeof(*kind));

    if (!count) {
        count = apr_pcalloc(purge->pool, sizeof(*count));
        apr_hash_set(purge->kinds, kind, sizeof(*kind), count);
    }
    ++*count;
    APR_ARRAY_PUSH(purge->ids, const char *) = du_text_number(purge->pool, phone->id);
}

/* Looks at the phones of one batch. */
static apr_status_t look(du_ctx_t *ctx, purge_t *purge)
{
    du_inventory_page_t page = {0};
    apr_status_t rv = du_inventory_page(ctx, purge->store, purge->view, &purge->filter->phones, DU_SORT_SEEN,
                                        purge->after, DU_PURGE_BATCH, purge->pool, &page);

    purge->ids = apr_array_make(purge->pool, DU_PURGE_BATCH, sizeof(const char *));
    purge->kinds = apr_hash_make(purge->pool);
    purge->held = 0;
    purge->next = page.next;
    for (int i = 0; rv == APR_SUCCESS && i < page.phones->nelts; i++) {
        const du_phone_t *phone = &APR_ARRAY_IDX(page.phones, i, du_phone_t);

        if (matches(purge->filter, phone)) {
            purge->held += *phone->held != '\0';
            if (!*phone->held || purge->filter->takes_held) {
                choose(purge, phone);
            }
        }
    }
    return rv;
}

/* How many phones more each kind has, which are less. */
static void put_kinds(const purge_t *purge, const du_batch_t *kinds, const du_batch_t *versions)
{
    for (apr_hash_index_t *at = apr_hash_first(purge->pool, purge->kinds); at; at = apr_hash_next(at)) {
        const void *kind;
        void *count;
        const char *row[2];

        apr_hash_this(at, &kind, NULL, &count);
        row[0] = du_text_number(purge->pool, *(const apr_int64_t *)kind);
        row[1] = du_text_number(purge->pool, -*(const int *)count);
        du_batch_put(kinds, row, 2);
        du_batch_put(versions, row, 2);
    }
}

/* Removes the chosen phones and takes them out of the counts. */
static apr_status_t remove_chosen(du_ctx_t *ctx, const purge_t *purge)
{
    const du_batch_t steps[] = {
        du_batch_make(purge->pool, DU_SQL_PURGE_EVENTS, 1), du_batch_make(purge->pool, DU_SQL_PURGE_NAMES, 1),
        du_batch_make(purge->pool, DU_SQL_PURGE_PHONES, 1), du_batch_make(purge->pool, DU_SQL_FLEET_KIND_COUNT, 2),
        du_batch_make(purge->pool, DU_SQL_PURGE_VERSIONS, 2)};
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < 3; i++) {
        du_batch_put(&steps[i], (const char *const *)purge->ids->elts, purge->ids->nelts);
    }
    put_kinds(purge, &steps[3], &steps[4]);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && rv == APR_SUCCESS; i++) {
        rv = du_batch_write(ctx, purge->store->db, &steps[i], NULL);
    }
    return rv;
}

/* One batch. Which phones are held is a matter of the rule set: nodes are to notice. */
static apr_status_t remove_phones(du_ctx_t *ctx, void *baton)
{
    purge_t *purge = baton;
    apr_int64_t generation;
    apr_status_t rv = du_fleet_lock(ctx, purge->store);

    if (rv == APR_SUCCESS && purge->filter->takes_held) {
        rv = du_store_raise(ctx, purge->store, "generation", &generation);
    }
    if (rv == APR_SUCCESS) {
        rv = look(ctx, purge);
    }
    if (rv == APR_SUCCESS) {
        rv = remove_chosen(ctx, purge);
    }
    return rv == APR_SUCCESS && !purge->next ? du_fleet_drop_empty(ctx, purge->store) : rv;
}

/* Every batch in a transaction of its own, and with memory of its own: that of the one before has where it begins. */
static apr_status_t walk(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                         const du_purge_filter_t *filter, int is_dry, du_purged_t *purged)
{
    purge_t purge = {.store = store, .view = view, .filter = filter};
    apr_pool_t *pools[2];
    apr_status_t rv = APR_SUCCESS;

    *purged = (du_purged_t){0};
    apr_pool_create(&pools[0], ctx->pool);
    apr_pool_create(&pools[1], ctx->pool);
    for (int turn = 0; rv == APR_SUCCESS && (turn == 0 || purge.next); turn++) {
        purge.pool = pools[turn % 2];
        apr_pool_clear(purge.pool);
        purge.after = purge.next;
        rv = is_dry ? look(ctx, &purge) : du_db_transaction(ctx, store->db, remove_phones, &purge);
        if (rv == APR_SUCCESS) {
            purged->phones += purge.ids->nelts;
            purged->held += purge.held;
        }
    }
    apr_pool_destroy(pools[0]);
    apr_pool_destroy(pools[1]);
    return rv;
}

apr_status_t du_purge_count(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                            const du_purge_filter_t *filter, du_purged_t *purged)
{
    return walk(ctx, store, view, filter, 1, purged);
}

/* What is put on record before anything is removed. */
typedef struct record_t {
    du_store_t *store;
    const du_actor_t *actor;
    const char *what, *outcome;
} record_t;

static apr_status_t put_on_record(du_ctx_t *ctx, void *baton)
{
    const record_t *record = baton;

    return du_store_record(ctx, record->store, record->actor, "purge", "devices", record->what, record->outcome);
}

apr_status_t du_purge_run(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                          const du_purge_filter_t *filter, const char *what, const du_actor_t *actor,
                          du_purged_t *purged)
{
    record_t record = {.store = store, .actor = actor, .what = what};
    apr_status_t rv = du_purge_count(ctx, store, view, filter, purged);

    if (rv != APR_SUCCESS || purged->phones == 0) {
        return rv == APR_SUCCESS ? DU_E_NOTHING : rv;
    }
    record.outcome = apr_psprintf(ctx->pool, "%" APR_INT64_T_FMT " devices", purged->phones);
    du_db_expect_many(store->db);
    rv = du_db_transaction(ctx, store->db, put_on_record, &record);
    return rv == APR_SUCCESS ? walk(ctx, store, view, filter, 0, purged) : rv;
}
