/*
 * What the two halves of the store share: du_store.c reads, du_store_change.c writes.
 */
#ifndef DU_STORE_ROWS_H
#define DU_STORE_ROWS_H

#include "du_db.h"
#include "du_store.h"

struct du_store_t {
    du_db_t *db;
};

/* The value of a counter. */
apr_status_t du_store_counter(du_ctx_t *ctx, du_store_t *store, const char *name, apr_int64_t *value);

#endif
