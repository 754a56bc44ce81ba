#include "du_store_rows.h"

#include <apr_general.h>

#include "du_text.h"

#define IDENTITY_SIZE 16 /* random bytes */

apr_status_t du_store_identity(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, const char **identity)
{
    apr_array_header_t *found;
    apr_status_t rv = du_store_texts(ctx, store, DU_SQL_IDENTITY, NULL, pool, &found);

    *identity = found->nelts ? APR_ARRAY_IDX(found, 0, const char *) : "";
    return rv;
}

typedef struct identity_t {
    du_store_t *store;
    const char *made;
} identity_t;

/* Whoever comes second changes nothing. */
static apr_status_t insert_identity(du_ctx_t *ctx, void *baton)
{
    const identity_t *identity = baton;
    const char *args[] = {identity->made, NULL};

    return du_db_execute(ctx, identity->store->db, DU_SQL_IDENTITY_INSERT, args, NULL);
}

apr_status_t du_store_identify(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, const char **identity)
{
    unsigned char bytes[IDENTITY_SIZE];
    identity_t made = {.store = store};
    apr_status_t rv = du_store_identity(ctx, store, pool, identity);

    if (rv != APR_SUCCESS || **identity) {
        return rv;
    }
    rv = apr_generate_random_bytes(bytes, sizeof(bytes));
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0534), "no random bytes for the identity of the store: %pm", (void *)&rv);
    }
    made.made = du_text_hex(pool, bytes, sizeof(bytes));
    rv = du_db_transaction(ctx, store->db, insert_identity, &made);
    return rv == APR_SUCCESS ? du_store_identity(ctx, store, pool, identity) : rv;
}
