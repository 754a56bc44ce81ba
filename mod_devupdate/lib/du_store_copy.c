#include "du_store_copy.h"

#include <string.h>

#include <apr_strings.h>

#include "du_schema.h"
#include "du_store_rows.h"
#include "du_text.h"

typedef struct copying_t {
    du_ctx_t *ctx;
    du_store_t *from;
    du_store_t to;
    apr_pool_t *pool;
    du_copied_t *copied;
    int is_new;       /* the other database has no schema yet */
    du_table_e table; /* being copied */
} copying_t;

/* Whether the other database has a store in it already; another version or none of ours is refused. */
static apr_status_t look(du_ctx_t *ctx, copying_t *copying)
{
    apr_status_t rv = du_schema_check(ctx, copying->to.db);

    copying->is_new = rv == DU_E_STORE;
    if (rv == DU_E_STORE) {
        ctx->failure = (du_failure_t){0}; /* a database that does not answer says so again */
        return APR_SUCCESS;
    }
    return rv;
}

/* A new store has counters and nothing else. */
static apr_status_t need_empty(du_ctx_t *ctx, copying_t *copying)
{
    apr_int64_t count = 0;
    apr_status_t rv = APR_SUCCESS;

    for (int table = 0; table < DU_TABLES && rv == APR_SUCCESS; table++) {
        if (table != DU_TABLE_COUNTER) {
            rv = du_table_count(ctx, copying->to.db, (du_table_e)table, &count);
        }
        if (rv == APR_SUCCESS && count > 0) {
            return du_fail(ctx, DU_E_EXISTS, DUNO(0528),
                           "the store to copy to is not empty: it has %" APR_INT64_T_FMT
                           " rows in table %s; nothing was changed",
                           count, du_table_name((du_table_e)table));
        }
    }
    return rv == APR_SUCCESS ? du_db_execute(ctx, copying->to.db, DU_SQL_COUNTER_CLEAR, NULL, NULL) : rv;
}

static apr_status_t copy_row(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    copying_t *copying = baton;

    (void)row_pool;
    copying->copied->rows[copying->table]++;
    return du_table_write(copying->ctx, copying->to.db, copying->table, columns);
}

static apr_status_t copy_table(du_ctx_t *ctx, copying_t *copying)
{
    const char *name = du_table_name(copying->table);
    apr_int64_t source = 0, copy = 0;
    apr_status_t rv;

    copying->copied->rows[copying->table] = 0;
    rv = du_table_read(ctx, copying->from->db, copying->table, copy_row, copying);
    if (rv == APR_SUCCESS) {
        rv = du_table_count(ctx, copying->from->db, copying->table, &source);
    }
    if (rv == APR_SUCCESS) {
        rv = du_table_count(ctx, copying->to.db, copying->table, &copy);
    }
    if (rv == APR_SUCCESS && (copy != source || copy != copying->copied->rows[copying->table])) {
        return du_fail(ctx, DU_E_STORE, DUNO(0529),
                       "table %s has %" APR_INT64_T_FMT " rows, but %" APR_INT64_T_FMT
                       " in the copy, which was given up",
                       name, source, copy);
    }
    return rv;
}

static int same_chain(const du_proof_t *a, const du_proof_t *b)
{
    return a->what == b->what && a->bad == b->bad && a->rows == b->rows && a->count == b->count &&
           du_text_equal(a->digest, b->digest);
}

static apr_status_t compare_chains(du_ctx_t *ctx, copying_t *copying)
{
    du_proof_t source;
    apr_status_t rv = du_store_verify_within(ctx, copying->from, copying->pool, &source);

    if (rv == APR_SUCCESS) {
        rv = du_store_verify_within(ctx, &copying->to, copying->pool, &copying->copied->chain);
    }
    if (rv == APR_SUCCESS && !same_chain(&source, &copying->copied->chain)) {
        return du_fail(ctx, DU_E_STORE, DUNO(0533),
                       "the record of changes is another one in the copy, which was given up");
    }
    return rv;
}

/* In the transaction of the copy. */
static apr_status_t write_all(du_ctx_t *ctx, void *baton)
{
    copying_t *copying = baton;
    apr_status_t rv = copying->is_new ? du_schema_define(ctx, copying->to.db) : APR_SUCCESS;

    if (rv == APR_SUCCESS) {
        rv = need_empty(ctx, copying);
    }
    for (int table = 0; table < DU_TABLES && rv == APR_SUCCESS; table++) {
        copying->table = (du_table_e)table;
        rv = copy_table(ctx, copying);
    }
    if (rv == APR_SUCCESS) {
        rv = compare_chains(ctx, copying);
    }
    return rv == APR_SUCCESS ? du_store_raise(ctx, &copying->to, "generation", &copying->copied->generation) : rv;
}

/* In the snapshot of what is copied. */
static apr_status_t read_all(du_ctx_t *ctx, void *baton)
{
    copying_t *copying = baton;

    return du_db_transaction(ctx, copying->to.db, write_all, copying);
}

apr_status_t du_store_copy(du_ctx_t *ctx, du_store_t *store, const char *spec, apr_pool_t *pool, du_copied_t *copied)
{
    copying_t copying = {.ctx = ctx, .from = store, .pool = pool, .copied = copied};
    apr_status_t rv = du_db_open(ctx, spec, DU_DB_CREATE, pool, &copying.to.db);

    memset(copied, 0, sizeof(*copied));
    if (rv == APR_SUCCESS) {
        rv = look(ctx, &copying);
        if (rv == APR_SUCCESS) {
            rv = du_db_snapshot(ctx, store->db, read_all, &copying);
        }
        du_db_close(copying.to.db);
    }
    return rv;
}
