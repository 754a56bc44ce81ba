#include "du_store_migrate.h"

#include <apr_strings.h>

#include "du_schema.h"
#include "du_store_activity.h"
#include "du_store_rows.h"

#define CHAIN_VERSION 2 /* the first whose activities are a chain */

int du_store_version(void)
{
    return DU_SCHEMA_VERSION;
}

typedef struct migration_t {
    du_store_t *store;
    const du_actor_t *actor;
    apr_int64_t *from;
} migration_t;

/* DU_E_NOTHING if there is nothing to be done; a failure if it cannot be. */
static apr_status_t read_version(du_ctx_t *ctx, du_store_t *store, apr_int64_t *version)
{
    apr_status_t rv = du_schema_check(ctx, store->db);

    if (rv == APR_SUCCESS || rv == DU_E_SCHEMA) {
        apr_status_t counted = du_schema_counter(ctx, store->db, "schema", version);

        if (counted != APR_SUCCESS) {
            return counted;
        }
    }
    if (rv == DU_E_SCHEMA && *version > 0 && *version < DU_SCHEMA_VERSION) {
        ctx->failure = (du_failure_t){0};
        return APR_SUCCESS;
    }
    return rv == APR_SUCCESS ? DU_E_NOTHING : rv;
}

/* The generation first, as in every change: it is the lock, so the version is read behind it. */
static apr_status_t migrate(du_ctx_t *ctx, void *baton)
{
    const migration_t *migration = baton;
    apr_int64_t generation;
    apr_status_t rv = du_store_raise(ctx, migration->store, "generation", &generation);

    if (rv == APR_SUCCESS) {
        rv = read_version(ctx, migration->store, migration->from);
    }
    if (rv == APR_SUCCESS) {
        rv = du_schema_upgrade(ctx, migration->store->db, *migration->from);
    }
    if (rv == APR_SUCCESS && *migration->from < CHAIN_VERSION) {
        rv = du_store_seal(ctx, migration->store);
    }
    return rv == APR_SUCCESS ? du_store_record(ctx, migration->store, migration->actor, "migrate", "store",
                                               apr_psprintf(ctx->pool, "schema=%" APR_INT64_T_FMT, *migration->from),
                                               apr_psprintf(ctx->pool, "schema=%d", DU_SCHEMA_VERSION))
                             : rv;
}

apr_status_t du_store_migrate(du_ctx_t *ctx, const char *spec, const du_actor_t *actor, apr_pool_t *pool,
                              apr_int64_t *from)
{
    du_store_t store;
    migration_t migration = {&store, actor, from};
    apr_status_t rv = du_db_open(ctx, spec, 0, pool, &store.db);

    if (rv == APR_SUCCESS) {
        rv = read_version(ctx, &store, from);
        if (rv == APR_SUCCESS) {
            rv = du_db_transaction(ctx, store.db, migrate, &migration);
        }
        du_db_close(store.db);
    }
    return rv;
}
