/*
 * The record of changes in the store: adding to it, reading it, proving it.
 */
#ifndef DU_STORE_ACTIVITY_H
#define DU_STORE_ACTIVITY_H

#include "du_activity.h"
#include "du_store.h"

#define DU_ACTIVITIES_MAX 100000 /* rows of one reading; ours */

/* Which rows are wanted. NULL and 0 mean all; texts compare byte by byte. */
typedef struct du_activity_filter_t {
    const char *actor;
    const char *action;
    const char *object; /* its beginning */
    apr_time_t since;   /* this time and later */
    apr_time_t until;   /* earlier than this */
    apr_int64_t before; /* rows with smaller ids: the next page */
    int limit;          /* at most this many, the newest; 1 to DU_ACTIVITIES_MAX */
} du_activity_filter_t;

/* Array of du_activity_t, newest first. */
apr_status_t du_store_activities(du_ctx_t *ctx, du_store_t *store, const du_activity_filter_t *filter,
                                 apr_pool_t *pool, apr_array_header_t **rows);

/* Those about one object ("rule 7"), newest first, at most `limit`: array of du_activity_t. */
apr_status_t du_store_activities_of(du_ctx_t *ctx, du_store_t *store, const char *object, int limit, apr_pool_t *pool,
                                    apr_array_header_t **rows);

/*
 * Refused attempts (du_store_refusal.c)
 */

#define DU_REFUSAL_ACTION "refuse"
#define DU_REFUSAL_PAUSE  apr_time_from_sec(60) /* ours */

/* Puts on record that somebody was refused something: object is what ("page rules"), reason a word for why. DU_E_NOTHING if
 * that is there already for the same account, object and reason and less than DU_REFUSAL_PAUSE old: who asks often does not
 * fill the record. The generation stays. */
apr_status_t du_store_refused(du_ctx_t *ctx, du_store_t *store, const char *object, const char *reason,
                              const du_actor_t *actor);

/*
 * Proving
 */

/* What is wrong with the chain of rows. */
#define DU_PROOF_LIST(X)                                                                                             \
    X(DU_PROOF_WHOLE, "whole", "is as it was written")                                                               \
    X(DU_PROOF_CHANGED, "changed", "was changed, or put in later")                                                   \
    X(DU_PROOF_MISSING, "missing", "is missing")                                                                     \
    X(DU_PROOF_INSERTED, "inserted", "was put in: the store never counted it")                                       \
    X(DU_PROOF_CUT, "cut", "and all behind it are missing")

typedef enum {
#define DU_PROOF_ENUM(id, name, text) id,
    DU_PROOF_LIST(DU_PROOF_ENUM)
#undef DU_PROOF_ENUM
} du_proof_e;

typedef struct du_proof_t {
    du_proof_e what;
    apr_int64_t bad;    /* id of the first row that is not right, if one is not */
    apr_int64_t rows;   /* how many are right before it */
    apr_int64_t count;  /* how many were ever written: the counter */
    const char *digest; /* of the last right row; DU_ACTIVITY_START if there is none */
} du_proof_t;

/* "changed"; a sentence about "row N" */
const char *du_proof_name(du_proof_e what);
const char *du_proof_text(du_proof_e what);

/* Proves the chain, or finds the first bad row; memory does not depend on how many there are. APR_SUCCESS also with a bad row. */
apr_status_t du_store_verify(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_proof_t *chain);

/* The same within a transaction or snapshot of the caller's. */
apr_status_t du_store_verify_within(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_proof_t *chain);

/* Gives the rows of a store that was made before there was a chain their digests. In the transaction of a migration. */
apr_status_t du_store_seal(du_ctx_t *ctx, du_store_t *store);

#endif
