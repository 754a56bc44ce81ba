#include "du_store_role.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/rand.h>

#include "du_store_rows.h"
#include "du_text.h"

#define SECRET_NAME "token"
#define SECRET_SIZE 32 /* bytes: as long as the digest that it keys */

typedef struct secret_t {
    du_store_t *store;
    apr_pool_t *pool;
    const char *value; /* NULL = there is none yet */
} secret_t;

/* A secret that somebody shortened would still make tokens, and anybody could guess it. */
static apr_status_t read_secret(du_ctx_t *ctx, secret_t *secret)
{
    const char *args[] = {SECRET_NAME, NULL};
    unsigned char bytes[SECRET_SIZE];
    apr_array_header_t *values;
    apr_status_t rv = du_store_texts(ctx, secret->store, DU_SQL_SECRET, args, secret->pool, &values);

    secret->value = values->nelts ? APR_ARRAY_IDX(values, 0, const char *) : NULL;
    if (rv == APR_SUCCESS && secret->value && !du_text_unhex(secret->value, bytes, sizeof(bytes))) {
        return du_fail(ctx, DU_E_STORE, DUNO(0547), "the key for tokens in table secret is not one of ours");
    }
    return rv;
}

/* The counter, raised by nothing, is the lock on which the second of two waits; it finds what the first has made. */
static apr_status_t make_secret(du_ctx_t *ctx, void *baton)
{
    secret_t *secret = baton;
    unsigned char bytes[SECRET_SIZE];
    apr_int64_t generation;
    const char *args[] = {SECRET_NAME, NULL, NULL};
    apr_status_t rv = du_store_raise_by(ctx, secret->store, "generation", 0, &generation);

    if (rv == APR_SUCCESS) {
        rv = read_secret(ctx, secret);
    }
    if (rv != APR_SUCCESS || secret->value) {
        return rv == APR_SUCCESS ? DU_E_NOTHING : rv;
    }
    if (RAND_priv_bytes(bytes, sizeof(bytes)) != 1) {
        return du_fail(ctx, APR_EGENERAL, DUNO(0548), "no random bytes for the key of tokens");
    }
    secret->value = args[1] = du_text_hex(secret->pool, bytes, sizeof(bytes));
    return du_db_execute(ctx, secret->store->db, DU_SQL_SECRET_INSERT, args, NULL);
}

apr_status_t du_store_secret(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, const char **secret)
{
    secret_t wanted = {.store = store, .pool = pool};
    apr_status_t rv = read_secret(ctx, &wanted);

    if (rv == APR_SUCCESS && !wanted.value) {
        rv = du_db_transaction(ctx, store->db, make_secret, &wanted);
    }
    *secret = wanted.value;
    return rv == DU_E_NOTHING ? APR_SUCCESS : rv;
}
