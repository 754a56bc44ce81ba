/*
 * Roles of accounts in the store, and the secret that tokens are made with.
 *
 * Accounts compare byte by byte: "Kim" and "kim" are two, as they are for httpd. A site's name compares without case. Every
 * change is a transaction as in du_store.h. A row whose role this program does not know gives no role.
 */
#ifndef DU_STORE_ROLE_H
#define DU_STORE_ROLE_H

#include "du_access.h"
#include "du_store.h"

#define DU_ACCOUNT_MAX 256 /* bytes of an account's name; ours */

/* 1 if it can be the name of an account: 1 to DU_ACCOUNT_MAX bytes of UTF-8 without control characters. */
int du_account_is_one(const char *account);

/* Everybody who has a role (array of du_grant_t), by account. */
apr_status_t du_store_roles(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **grants);

/* What an account was given, in pool; DU_E_NOT_FOUND, without a sentence, if it has no role. */
apr_status_t du_store_role(du_ctx_t *ctx, du_store_t *store, const char *account, apr_pool_t *pool,
                           du_grant_t **grant);

/* Gives an account a role, instead of the one it has. DU_E_NOTHING if it is that already. With a sentence: DU_E_MALFORMED
 * if the account cannot be one, DU_E_NOT_FOUND if there is no such site, DU_E_CONFLICT if it takes away the last
 * administrator without a limit: nobody could give roles on the pages any more. */
apr_status_t du_store_role_set(du_ctx_t *ctx, du_store_t *store, const du_grant_t *grant, const du_actor_t *actor);

/* DU_E_NOT_FOUND if the account has no role, DU_E_CONFLICT as above; both with a sentence. */
apr_status_t du_store_role_remove(du_ctx_t *ctx, du_store_t *store, const char *account, const du_actor_t *actor);

/* The key that tokens of the pages are made with (du_token.h), in pool: one for all who use this store. It is made of random
 * bytes when it is asked for first; of two who do so at once one makes it, and both get the same. */
apr_status_t du_store_secret(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, const char **secret);

#endif
