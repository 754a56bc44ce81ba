#include "du_store_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_image.h"
#include "du_text.h"

/* Stored versions that are to be forgotten, on the way through their transaction. */
typedef struct forget_t {
    du_store_t *store;
    const du_actor_t *actor;
    const apr_array_header_t *ids;     /* of apr_int64_t; NULL = all that are not named */
    const apr_array_header_t *orphans; /* of const char *; may be NULL */
    apr_array_header_t *forgotten;     /* of du_stored_t */
} forget_t;

/* Where rows are collected. */
typedef struct rows_t {
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

/* image id, rule id, the five parts of the key, update type, pending, approved, restore, version */
static apr_status_t take_stored(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_stored_t *stored = apr_array_push(rows->array);
    du_rule_t *rule = &stored->rule;

    (void)row_pool;
    memset(stored, 0, sizeof(*stored));
    stored->id = apr_atoi64(*columns++);
    rule->id = apr_atoi64(*columns++);
#define READ_PART(part) rule->key.part = apr_pstrdup(rows->pool, *columns++);
    DU_KEY_PARTS(READ_PART)
#undef READ_PART
    rule->update_type = apr_pstrdup(rows->pool, *columns++);
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        rule->versions.slot[slot] = apr_pstrdup(rows->pool, *columns++);
    }
    stored->version = apr_pstrdup(rows->pool, *columns);
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        stored->is_named |= du_text_equal(rule->versions.slot[slot], stored->version);
    }
    return APR_SUCCESS;
}

apr_status_t du_store_images(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **images)
{
    rows_t rows = {pool, apr_array_make(pool, 16, sizeof(du_stored_t))};

    *images = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_IMAGES, NULL, take_stored, &rows);
}

apr_status_t du_store_versions(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, apr_pool_t *pool,
                               apr_array_header_t **versions)
{
    const char *args[] = {du_text_number(pool, rule_id), NULL};

    return du_store_texts(ctx, store, DU_SQL_IMAGE_VERSIONS, args, pool, versions);
}

const char *du_store_version_key(apr_pool_t *pool, apr_int64_t rule_id, const char *version)
{
    return apr_pstrcat(pool, du_text_number(pool, rule_id), "/", version, NULL);
}

/* rule id, version */
static apr_status_t take_version(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    apr_hash_t *versions = baton;
    const char *key = du_store_version_key(apr_hash_pool_get(versions), apr_atoi64(columns[0]), columns[1]);

    (void)row_pool;
    apr_hash_set(versions, key, APR_HASH_KEY_STRING, key);
    return APR_SUCCESS;
}

apr_status_t du_store_unverified(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_hash_t **versions)
{
    const char *args[] = {DU_TRUST_UNVERIFIED, NULL};

    *versions = apr_hash_make(pool);
    return du_db_select(ctx, store->db, DU_SQL_IMAGES_UNVERIFIED, args, take_version, *versions);
}

static const du_stored_t *find_stored(const apr_array_header_t *images, apr_int64_t id)
{
    for (int i = 0; i < images->nelts; i++) {
        const du_stored_t *stored = &APR_ARRAY_IDX(images, i, du_stored_t);

        if (stored->id == id) {
            return stored;
        }
    }
    return NULL;
}

static apr_status_t choose_given(du_ctx_t *ctx, const apr_array_header_t *images, const apr_array_header_t *ids,
                                 apr_array_header_t *chosen)
{
    for (int i = 0; i < ids->nelts; i++) {
        apr_int64_t id = APR_ARRAY_IDX(ids, i, apr_int64_t);
        const du_stored_t *stored = find_stored(images, id);

        if (!stored) {
            return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0703), "there is no stored version %" APR_INT64_T_FMT, id);
        }
        if (stored->is_named) {
            return du_fail(ctx, DU_E_CONFLICT, DUNO(0704),
                           "stored version %" APR_INT64_T_FMT " (%s) is in use by rule %" APR_INT64_T_FMT, id,
                           du_text_for_log(ctx->pool, stored->version), stored->rule.id);
        }
        if (!find_stored(chosen, id)) {
            APR_ARRAY_PUSH(chosen, du_stored_t) = *stored;
        }
    }
    return APR_SUCCESS;
}

apr_status_t du_store_forgettable(du_ctx_t *ctx, const apr_array_header_t *images, const apr_array_header_t *ids,
                                  apr_array_header_t **chosen)
{
    *chosen = apr_array_make(ctx->pool, 16, sizeof(du_stored_t));
    if (ids) {
        return choose_given(ctx, images, ids, *chosen);
    }
    for (int i = 0; i < images->nelts; i++) {
        const du_stored_t *stored = &APR_ARRAY_IDX(images, i, du_stored_t);

        if (!stored->is_named) {
            APR_ARRAY_PUSH(*chosen, du_stored_t) = *stored;
        }
    }
    return APR_SUCCESS;
}

/* The directory is what the record is about: the same whether a row named it or not. */
static void enter(du_ctx_t *ctx, apr_array_header_t *entries, const char *path, const char *before)
{
    APR_ARRAY_PUSH(entries, du_entry_t) =
        (du_entry_t){"clear", apr_pstrcat(ctx->pool, "files ", path, NULL), before, ""};
}

static apr_status_t forget_one(du_ctx_t *ctx, const forget_t *forget, const du_stored_t *stored,
                               apr_array_header_t *entries)
{
    const du_rule_t *rule = &stored->rule;
    const char *args[] = {du_text_number(ctx->pool, stored->id), NULL};
    apr_status_t rv = du_db_execute(ctx, forget->store->db, DU_SQL_IMAGE_FILES_DELETE, args, NULL);

    enter(ctx, entries, du_image_path(ctx->pool, &rule->key, stored->version, rule->update_type),
          apr_psprintf(ctx->pool, "version %" APR_INT64_T_FMT " of rule %" APR_INT64_T_FMT, stored->id, rule->id));
    return rv == APR_SUCCESS ? du_db_execute(ctx, forget->store->db, DU_SQL_IMAGE_DELETE, args, NULL) : rv;
}

static apr_status_t forget_each(du_ctx_t *ctx, const forget_t *forget)
{
    apr_array_header_t *entries = apr_array_make(ctx->pool, 16, sizeof(du_entry_t));
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < forget->forgotten->nelts && rv == APR_SUCCESS; i++) {
        rv = forget_one(ctx, forget, &APR_ARRAY_IDX(forget->forgotten, i, du_stored_t), entries);
    }
    for (int i = 0; forget->orphans && i < forget->orphans->nelts; i++) {
        enter(ctx, entries, APR_ARRAY_IDX(forget->orphans, i, const char *), "no version of any rule");
    }
    if (rv == APR_SUCCESS && entries->nelts == 0) {
        return DU_E_NOTHING;
    }
    return rv == APR_SUCCESS ? du_store_record_all(ctx, forget->store, forget->actor, entries) : rv;
}

/* Chosen inside the transaction: nobody can restore a version that goes at the same moment. */
static apr_status_t forget_all(du_ctx_t *ctx, void *baton)
{
    forget_t *forget = baton;
    apr_array_header_t *images;
    apr_int64_t generation;
    apr_status_t rv = du_store_raise(ctx, forget->store, "generation", &generation);

    if (rv == APR_SUCCESS) {
        rv = du_store_images(ctx, forget->store, ctx->pool, &images);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_forgettable(ctx, images, forget->ids, &forget->forgotten);
    }
    return rv == APR_SUCCESS ? forget_each(ctx, forget) : rv;
}

apr_status_t du_store_forget(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *ids,
                             const apr_array_header_t *orphans, const du_actor_t *actor,
                             apr_array_header_t **forgotten)
{
    forget_t forget = {.store = store, .actor = actor, .ids = ids, .orphans = orphans};
    apr_status_t rv = du_db_transaction(ctx, store->db, forget_all, &forget);

    *forgotten = forget.forgotten;
    return rv;
}
