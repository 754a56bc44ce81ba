/*
 * Tokens of the pages: proof that a change was asked for by whom we gave the page to (house.md section 9).
 *
 * A token is bound to an account, a page and the time until which it holds; nobody needs to remember it. Its text is
 * "<seconds since 1970, UTC>-<HMAC-SHA-256 in lower-case hexadecimal>", fit for a field of a form and for a header as it is.
 */
#ifndef DU_TOKEN_H
#define DU_TOKEN_H

#include <apr_pools.h>
#include <apr_time.h>

typedef enum {
    DU_TOKEN_GOOD,
    DU_TOKEN_MISSING, /* none, or an empty one */
    DU_TOKEN_WRONG,   /* damaged, another account's or page's, or made with another key */
    DU_TOKEN_EXPIRED  /* was good once */
} du_token_e;

/* A token that is good until `until`, which is cut to whole seconds; NULL if one of the texts is missing or empty, or if
 * libcrypto cannot. key is du_store_secret()'s. */
const char *du_token_make(apr_pool_t *pool, const char *key, const char *account, const char *page, apr_time_t until);

/* What a text is as a token, at the time `now`. Takes the same time for every wrong digit. Texts may be NULL; a missing one
 * equals nothing. */
du_token_e du_token_judge(apr_pool_t *pool, const char *key, const char *account, const char *page, const char *token,
                          apr_time_t now);

#endif
