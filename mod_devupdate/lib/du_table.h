/*
 * The tables of the schema, each as a whole: what a copy and a check walk over. The list is made from schema.sql.
 */
#ifndef DU_TABLE_H
#define DU_TABLE_H

#include "du_db.h"

typedef enum {
#define DU_TABLE_ENUM(id, name, columns, keys, first, second, read, rows, write, many) DU_TABLE_##id,
    DU_SQL_TABLE_LIST(DU_TABLE_ENUM)
#undef DU_TABLE_ENUM
        DU_TABLES
} du_table_e;

/* "image_file" */
const char *du_table_name(du_table_e table);

/* Reads all rows in the order of the key, some at a time: memory does not depend on how many there are. Rows as for
 * du_db_select(), columns in the order of schema.sql. In a snapshot or transaction, or rows may come and go meanwhile. */
apr_status_t du_table_read(du_ctx_t *ctx, du_db_t *db, du_table_e table, du_db_row_fn *row, void *baton);

/* How many rows it has. */
apr_status_t du_table_count(du_ctx_t *ctx, du_db_t *db, du_table_e table, apr_int64_t *count);

/* Adds a row with these columns, in the order of schema.sql. In a transaction. */
apr_status_t du_table_write(du_ctx_t *ctx, du_db_t *db, du_table_e table, const char *const *columns);

/* Adds several: the columns of the first, then those of the next, and so on. In a transaction. */
apr_status_t du_table_write_rows(du_ctx_t *ctx, du_db_t *db, du_table_e table, const char *const *values, int nrows);

#endif
