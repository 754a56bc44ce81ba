#include "du_batch.h"

#include <string.h>

/* Of those that take many. */
static const int rows_taken[DU_SQL_COUNT] = {
#define MANY(id, rows) [id] = rows,
    DU_SQL_MANY_LIST(MANY)
#undef MANY
};

apr_status_t du_batch_execute(du_ctx_t *ctx, du_db_t *db, du_sql_e one, const char *const *values, int width,
                              int nrows, int *changed)
{
    const du_sql_e many = one + 1;
    const char *args[DU_SQL_PARAMETERS_MAX + 1];
    int some, by_some, unasked;
    apr_status_t rv = APR_SUCCESS;

    if (!changed) {
        changed = &unasked;
    }
    *changed = 0;
    for (int row = 0; row < nrows && rv == APR_SUCCESS; row += some) {
        int is_enough = nrows - row >= rows_taken[many];

        some = is_enough ? rows_taken[many] : 1;
        memcpy(args, values + row * width, sizeof(*args) * (size_t)(some * width));
        args[some * width] = NULL;
        rv = du_db_execute(ctx, db, is_enough ? many : one, args, &by_some);
        *changed += rv == APR_SUCCESS ? by_some : 0;
    }
    return rv;
}

du_batch_t du_batch_make(apr_pool_t *pool, du_sql_e statement, int width)
{
    return (du_batch_t){statement, width, apr_array_make(pool, 64 * width, sizeof(const char *))};
}

void du_batch_put(const du_batch_t *batch, const char *const *values, int count)
{
    for (int i = 0; i < count; i++) {
        APR_ARRAY_PUSH(batch->values, const char *) = values[i];
    }
}

apr_status_t du_batch_write(du_ctx_t *ctx, du_db_t *db, const du_batch_t *batch, int *changed)
{
    return du_batch_execute(ctx, db, batch->statement, (const char *const *)batch->values->elts, batch->width,
                            batch->values->nelts / batch->width, changed);
}
