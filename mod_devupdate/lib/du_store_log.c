#include "du_store_rows.h"

typedef struct change_t {
    du_store_t *store;
    const du_actor_t *actor;
    const char *removed;
} change_t;

static apr_status_t record_removed(du_ctx_t *ctx, void *baton)
{
    const change_t *change = baton;
    apr_int64_t generation;
    apr_status_t rv = du_store_raise(ctx, change->store, "generation", &generation);

    return rv == APR_SUCCESS
               ? du_store_record(ctx, change->store, change->actor, "clear", "logs", change->removed, "")
               : rv;
}

apr_status_t du_store_logs_removed(du_ctx_t *ctx, du_store_t *store, const char *removed, const du_actor_t *actor)
{
    change_t change = {store, actor, removed};

    return du_db_transaction(ctx, store->db, record_removed, &change);
}
