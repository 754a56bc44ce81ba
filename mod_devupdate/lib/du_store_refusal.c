#include "du_store_activity.h"

#include <apr_strings.h>

#include "du_store_rows.h"
#include "du_text.h"

typedef struct refusal_t {
    du_store_t *store;
    const du_actor_t *actor;
    const char *object, *reason;
} refusal_t;

/* 1 if the same was recorded a moment ago. A row of the future is of a clock that was set back, and does not count. */
static apr_status_t is_known(du_ctx_t *ctx, const refusal_t *refusal, int *known)
{
    apr_time_t now = du_now(ctx);
    const char *args[] = {refusal->actor->name,
                          refusal->object,
                          refusal->reason,
                          du_text_number(ctx->pool, now - DU_REFUSAL_PAUSE),
                          du_text_number(ctx->pool, now),
                          NULL};
    apr_array_header_t *found;
    apr_status_t rv = du_store_texts(ctx, refusal->store, DU_SQL_RECENT_REFUSALS, args, ctx->pool, &found);

    *known = found->nelts > 0;
    return rv;
}

/* Nothing that nodes need to know changes, so the generation stays. The counter of activities, raised by nothing, is the lock
 * on which others with the same refusal wait until this one is recorded. */
static apr_status_t record(du_ctx_t *ctx, void *baton)
{
    const refusal_t *refusal = baton;
    apr_int64_t last;
    int known = 0;
    apr_status_t rv = du_store_raise_by(ctx, refusal->store, "activity", 0, &last);

    if (rv == APR_SUCCESS) {
        rv = is_known(ctx, refusal, &known);
    }
    if (rv == APR_SUCCESS && known) {
        return DU_E_NOTHING;
    }
    return rv == APR_SUCCESS ? du_store_record(ctx, refusal->store, refusal->actor, DU_REFUSAL_ACTION,
                                               refusal->object, "", refusal->reason)
                             : rv;
}

apr_status_t du_store_refused(du_ctx_t *ctx, du_store_t *store, const char *object, const char *reason,
                              const du_actor_t *actor)
{
    refusal_t refusal = {store, actor, object, reason};
    int known = 0;
    apr_status_t rv = is_known(ctx, &refusal, &known);

    if (rv != APR_SUCCESS || known) {
        return rv == APR_SUCCESS ? DU_E_NOTHING : rv;
    }
    return du_db_transaction(ctx, store->db, record, &refusal);
}
