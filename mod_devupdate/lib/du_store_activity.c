#include "du_store_activity.h"

#include <apr_strings.h>

#include "du_schema.h"
#include "du_store_rows.h"
#include "du_table.h"
#include "du_text.h"

static const struct {
    const char *name, *text;
} chains[] = {
#define CHAIN(id, name, text) {name, text},
    DU_PROOF_LIST(CHAIN)
#undef CHAIN
};

const char *du_proof_name(du_proof_e what)
{
    return chains[what].name;
}

const char *du_proof_text(du_proof_e what)
{
    return chains[what].text;
}

static apr_status_t digest_of(du_ctx_t *ctx, apr_pool_t *pool, const du_activity_t *row, const char *previous,
                              const char **digest)
{
    *digest = du_activity_digest(pool, row, previous);
    return *digest
               ? APR_SUCCESS
               : du_fail(ctx, APR_EGENERAL, DUNO(0526), "libcrypto computes no SHA-256 for the record of changes");
}

/*
 * Adding
 */

/* If the row before is missing, the new one is tied to nothing, and du_store_verify() tells which is missing. */
static apr_status_t previous_digest(du_ctx_t *ctx, du_store_t *store, apr_int64_t id, const char **digest)
{
    const char *args[] = {du_text_number(ctx->pool, id - 1), NULL};
    apr_array_header_t *found;
    apr_status_t rv = du_store_texts(ctx, store, DU_SQL_ACTIVITY_DIGEST, args, ctx->pool, &found);

    *digest = found->nelts ? APR_ARRAY_IDX(found, 0, const char *) : id == 1 ? DU_ACTIVITY_START : "";
    return rv;
}

/* Seals the row behind one with the digest *digest, which becomes its own, and adds its columns to values. */
static apr_status_t add_row(du_ctx_t *ctx, const du_activity_t *row, const char **digest, apr_array_header_t *values)
{
    apr_status_t rv = digest_of(ctx, ctx->pool, row, *digest, digest);

    APR_ARRAY_PUSH(values, const char *) = du_text_number(ctx->pool, row->id);
    APR_ARRAY_PUSH(values, const char *) = du_text_number(ctx->pool, row->time);
#define TEXT(name) APR_ARRAY_PUSH(values, const char *) = row->name;
    DU_ACTIVITY_TEXTS(TEXT)
#undef TEXT
    APR_ARRAY_PUSH(values, const char *) = *digest;
    return rv;
}

/* The counter is raised once: PostgreSQL keeps every value that a row had in a transaction, and walks through them. */
apr_status_t du_store_record_all(du_ctx_t *ctx, du_store_t *store, const du_actor_t *actor,
                                 const apr_array_header_t *entries)
{
    du_activity_t row = {.time = du_now(ctx),
                         .actor = actor->name,
                         .node = actor->node,
                         .note = du_text_or_empty(actor->note),
                         .role = du_text_or_empty(actor->role)};
    apr_array_header_t *values = apr_array_make(ctx->pool, entries->nelts * DU_SQL_COLUMNS_MAX, sizeof(const char *));
    const char *digest = NULL;
    apr_int64_t last;
    apr_status_t rv = du_store_raise_by(ctx, store, "activity", entries->nelts, &last);

    row.id = last - entries->nelts + 1;
    if (rv == APR_SUCCESS) {
        rv = previous_digest(ctx, store, row.id, &digest);
    }
    for (int i = 0; i < entries->nelts && rv == APR_SUCCESS; i++, row.id++) {
        const du_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_entry_t);

        row.action = entry->action;
        row.object = entry->object;
        row.before = entry->before;
        row.after = entry->after;
        rv = add_row(ctx, &row, &digest, values);
    }
    return rv == APR_SUCCESS ? du_table_write_rows(ctx, store->db, DU_TABLE_ACTIVITY,
                                                   (const char *const *)values->elts, entries->nelts)
                             : rv;
}

apr_status_t du_store_record(du_ctx_t *ctx, du_store_t *store, const du_actor_t *actor, const char *action,
                             const char *object, const char *before, const char *after)
{
    apr_array_header_t *entries = apr_array_make(ctx->pool, 1, sizeof(du_entry_t));

    APR_ARRAY_PUSH(entries, du_entry_t) = (du_entry_t){action, object, before, after};
    return du_store_record_all(ctx, store, actor, entries);
}

/*
 * Reading
 */

typedef struct rows_t {
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

static apr_status_t take_activity(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;

    (void)row_pool;
    APR_ARRAY_PUSH(rows->array, du_activity_t) = du_activity_parse(rows->pool, columns);
    return APR_SUCCESS;
}

/* The statement that has an index for the filter; args are as many as its parameters. */
static du_sql_e choose(const du_activity_filter_t *filter, const char **args)
{
    const char *action = du_text_or_empty(filter->action);

    if (filter->actor) {
        /* actor, bounds, object twice, action twice, limit */
        args[0] = filter->actor;
        args[8] = args[6];
        args[6] = args[7] = action;
        return DU_SQL_ACTIVITIES_OF_ACTOR;
    }
    if (filter->action) {
        args[0] = action;
        return DU_SQL_ACTIVITIES_OF_ACTION;
    }
    return DU_SQL_ACTIVITIES;
}

apr_status_t du_store_activities(du_ctx_t *ctx, du_store_t *store, const du_activity_filter_t *filter,
                                 apr_pool_t *pool, apr_array_header_t **array)
{
    const char *object = du_text_or_empty(filter->object);
    const char *args[10] = {NULL,
                            du_text_number(pool, filter->before ? filter->before : APR_INT64_MAX),
                            du_text_number(pool, filter->since),
                            du_text_number(pool, filter->until ? filter->until : APR_INT64_MAX),
                            object,
                            object,
                            du_text_number(pool, filter->limit)};
    rows_t rows = {pool, apr_array_make(pool, 64, sizeof(du_activity_t))};
    du_sql_e statement = choose(filter, args);

    *array = rows.array;
    return du_db_select(ctx, store->db, statement, args[0] ? args : args + 1, take_activity, &rows);
}

apr_status_t du_store_activities_of(du_ctx_t *ctx, du_store_t *store, const char *object, int limit, apr_pool_t *pool,
                                    apr_array_header_t **array)
{
    const char *args[] = {object, du_text_number(pool, limit), NULL};
    rows_t rows = {pool, apr_array_make(pool, 16, sizeof(du_activity_t))};

    *array = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_ACTIVITIES_OF_OBJECT, args, take_activity, &rows);
}

/*
 * Proving
 */

typedef struct proof_t {
    du_ctx_t *ctx;
    du_store_t *store;
    apr_pool_t *pool; /* of `chain->digest` while rows go by */
    du_proof_t *chain;
} proof_t;

/* DU_E_NOTHING ends the reading. */
static apr_status_t found(proof_t *proof, du_proof_e what, apr_int64_t id)
{
    proof->chain->what = what;
    proof->chain->bad = id;
    return DU_E_NOTHING;
}

/* The row was right, or is made so. */
static void go_on(proof_t *proof, const char *digest)
{
    char kept[2 * DU_DIGEST_SIZE + 1];

    apr_cpystrn(kept, digest, sizeof(kept));
    apr_pool_clear(proof->pool);
    proof->chain->digest = apr_pstrdup(proof->pool, kept);
    proof->chain->rows++;
}

static apr_status_t prove_row(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    proof_t *proof = baton;
    du_activity_t row = du_activity_parse(row_pool, columns);
    apr_int64_t expected = proof->chain->rows + 1;
    const char *digest;
    apr_status_t rv;

    if (row.id < expected || row.id > proof->chain->count) {
        return found(proof, DU_PROOF_INSERTED, row.id);
    }
    if (row.id > expected) {
        return found(proof, DU_PROOF_MISSING, expected);
    }
    rv = digest_of(proof->ctx, row_pool, &row, proof->chain->digest, &digest);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!du_text_equal(digest, row.digest)) {
        return found(proof, DU_PROOF_CHANGED, row.id);
    }
    go_on(proof, digest);
    return APR_SUCCESS;
}

static apr_status_t seal_row(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    proof_t *proof = baton;
    du_activity_t row = du_activity_parse(row_pool, columns);
    const char *args[] = {NULL, du_text_number(row_pool, row.id), NULL};
    apr_status_t rv = digest_of(proof->ctx, row_pool, &row, proof->chain->digest, &args[0]);

    if (rv == APR_SUCCESS) {
        rv = du_db_execute(proof->ctx, proof->store->db, DU_SQL_ACTIVITY_SEAL, args, NULL);
        go_on(proof, args[0]);
    }
    return rv;
}

/* Takes every row through one of the two. */
static apr_status_t walk(du_ctx_t *ctx, du_store_t *store, du_db_row_fn *step, apr_pool_t *pool, du_proof_t *chain)
{
    proof_t proof = {.ctx = ctx, .store = store, .chain = chain};
    apr_status_t rv;

    *chain = (du_proof_t){.what = DU_PROOF_WHOLE, .digest = DU_ACTIVITY_START};
    apr_pool_create(&proof.pool, pool);
    rv = du_schema_counter(ctx, store->db, "activity", &chain->count);
    if (rv == APR_SUCCESS) {
        rv = du_table_read(ctx, store->db, DU_TABLE_ACTIVITY, step, &proof);
    }
    return rv == DU_E_NOTHING ? APR_SUCCESS : rv;
}

apr_status_t du_store_verify_within(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_proof_t *chain)
{
    apr_status_t rv = walk(ctx, store, prove_row, pool, chain);

    if (rv == APR_SUCCESS && chain->what == DU_PROOF_WHOLE && chain->rows < chain->count) {
        chain->what = DU_PROOF_CUT;
        chain->bad = chain->rows + 1;
    }
    return rv;
}

typedef struct verification_t {
    du_store_t *store;
    apr_pool_t *pool;
    du_proof_t *chain;
} verification_t;

static apr_status_t verify(du_ctx_t *ctx, void *baton)
{
    const verification_t *verification = baton;

    return du_store_verify_within(ctx, verification->store, verification->pool, verification->chain);
}

apr_status_t du_store_verify(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_proof_t *chain)
{
    verification_t verification = {store, pool, chain};

    return du_db_snapshot(ctx, store->db, verify, &verification);
}

apr_status_t du_store_seal(du_ctx_t *ctx, du_store_t *store)
{
    du_proof_t chain;

    return walk(ctx, store, seal_row, ctx->pool, &chain);
}
