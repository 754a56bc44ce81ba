/*
 * A statement for many rows: the way to the database costs more than a row does.
 */
#ifndef DU_BATCH_H
#define DU_BATCH_H

#include <apr_tables.h>

#include "du_db.h"

/*
 * Runs a statement of which queries.sql says "rows", or which writes a table's row, for nrows rows: as many at once as it takes,
 * and those that remain one by one. Inside a transaction only. `values` are the rows' arguments one after the other, `width`
 * for each row, none of them NULL; *changed (may be NULL) is how many rows changed in all.
 */
apr_status_t du_batch_execute(du_ctx_t *ctx, du_db_t *db, du_sql_e one, const char *const *values, int width,
                              int nrows, int *changed);

/* Rows for such a statement, collected one after the other. The texts live as long as the caller keeps them. */
typedef struct du_batch_t {
    du_sql_e statement;
    int width;
    apr_array_header_t *values; /* const char *, of all rows */
} du_batch_t;

/* None yet. */
du_batch_t du_batch_make(apr_pool_t *pool, du_sql_e statement, int width);

/* The arguments of a row, or the next `count` of them. */
void du_batch_put(const du_batch_t *batch, const char *const *values, int count);

/* Runs the statement for them, as du_batch_execute(). */
apr_status_t du_batch_write(du_ctx_t *ctx, du_db_t *db, const du_batch_t *batch, int *changed);

#endif
