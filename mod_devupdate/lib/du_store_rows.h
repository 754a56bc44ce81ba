/*
 * What the parts of the store share: du_store.c reads rules and packages, du_store_change.c changes them, du_store_site.c
 * has sites and test devices.
 */
#ifndef DU_STORE_ROWS_H
#define DU_STORE_ROWS_H

#include "du_db.h"
#include "du_store.h"

struct du_store_t {
    du_db_t *db;
};

/* The first column of every row that a statement finds: array of const char *, in pool. */
apr_status_t du_store_texts(du_ctx_t *ctx, du_store_t *store, du_sql_e statement, const char *const *args,
                            apr_pool_t *pool, apr_array_header_t **texts);

/* Raises a counter and answers its new value. In a transaction. */
apr_status_t du_store_raise(du_ctx_t *ctx, du_store_t *store, const char *name, apr_int64_t *value);

/* Adds an activity row. In a transaction. */
apr_status_t du_store_record(du_ctx_t *ctx, du_store_t *store, const du_actor_t *actor, const char *action,
                             const char *object, const char *before, const char *after);

#endif
