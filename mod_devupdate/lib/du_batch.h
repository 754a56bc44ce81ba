/*
 * A statement for many rows: the way to the database costs more than a row does.
 */
#ifndef DU_BATCH_H
#define DU_BATCH_H

#include "du_db.h"

/*
 * Runs a statement of which queries.sql says "rows", or which writes a table's row, for nrows rows: as many at once as it takes,
 * and those that remain one by one. Inside a transaction only. `values` are the rows' arguments one after the other, `width`
 * for each row, none of them NULL; *changed is how many rows changed in all.
 */
apr_status_t du_batch_execute(du_ctx_t *ctx, du_db_t *db, du_sql_e one, const char *const *values, int width,
                              int nrows, int *changed);

#endif
