#include "du_table.h"

#include <apr_strings.h>

#include "du_batch.h"

#define KEYS_MAX 2 /* columns of a key; sql.awk knows no more */

static const struct {
    const char *name;
    int columns;
    int keys;                    /* how many columns are the key; they are the first */
    const char *start[KEYS_MAX]; /* less than every key */
    du_sql_e read, rows, write;
} tables[] = {
#define TABLE(id, name, columns, keys, first, second, read, rows, write, many)                                       \
    {name, columns, keys, {first, second}, DU_SQL_READ_##id, DU_SQL_ROWS_##id, DU_SQL_WRITE_##id},
    DU_SQL_TABLE_LIST(TABLE)
#undef TABLE
};

/* Reading, as it is handed from row to row. */
typedef struct reading_t {
    du_db_row_fn *row;
    void *baton;
    int keys;
    apr_pool_t *pool;               /* of the key */
    const char *args[KEYS_MAX + 1]; /* the key of the last row */
    int nrows;                      /* in this part */
} reading_t;

const char *du_table_name(du_table_e table)
{
    return tables[table].name;
}

static apr_status_t take_row(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    reading_t *reading = baton;

    apr_pool_clear(reading->pool);
    for (int i = 0; i < reading->keys; i++) {
        reading->args[i] = apr_pstrdup(reading->pool, columns[i]);
    }
    reading->nrows++;
    return reading->row(reading->baton, columns, row_pool);
}

apr_status_t du_table_read(du_ctx_t *ctx, du_db_t *db, du_table_e table, du_db_row_fn *row, void *baton)
{
    reading_t reading = {.row = row, .baton = baton, .keys = tables[table].keys};
    apr_status_t rv;

    for (int i = 0; i < reading.keys; i++) {
        reading.args[i] = tables[table].start[i];
    }
    apr_pool_create(&reading.pool, ctx->pool);
    do {
        reading.nrows = 0;
        rv = du_db_select(ctx, db, tables[table].read, reading.args, take_row, &reading);
    } while (rv == APR_SUCCESS && reading.nrows > 0);
    apr_pool_destroy(reading.pool);
    return rv;
}

apr_status_t du_table_count(du_ctx_t *ctx, du_db_t *db, du_table_e table, apr_int64_t *count)
{
    return du_db_number(ctx, db, tables[table].rows, NULL, count);
}

apr_status_t du_table_write_rows(du_ctx_t *ctx, du_db_t *db, du_table_e table, const char *const *values, int nrows)
{
    return du_batch_execute(ctx, db, tables[table].write, values, tables[table].columns, nrows, NULL);
}

apr_status_t du_table_write(du_ctx_t *ctx, du_db_t *db, du_table_e table, const char *const *columns)
{
    return du_table_write_rows(ctx, db, table, columns, 1);
}
