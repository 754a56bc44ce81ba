/*
 * apr_dbd, called here and nowhere else, with what was measured about its drivers (house.md D9).
 *
 * Statements come from mod_devupdate/sql/queries.sql and are named by DU_SQL_<NAME>; there is no way to run other
 * text but the schema's. A handle that fails is closed and opened anew at the next call; outside a transaction the call is
 * repeated once. Inside, the transaction fails as a whole. How long to wait for a database that does not answer is for
 * ctx->waiting to say.
 */
#ifndef DU_DB_H
#define DU_DB_H

#include "du_ctx.h"
#include "du_sql.h" /* generated: enum du_sql_e */

typedef struct du_db_t du_db_t;

#define DU_DB_CREATE 1 /* SQLite: make the file if it is not there, and set its journal mode */

/* Opens "DRIVER PARAMS", for example "sqlite3 /var/lib/devupdate/devupdate.sqlite" or "pgsql host=...". DU_E_STORE with
 * a sentence if it does not answer. Closed with pool or by du_db_close(). One thread at a time. */
apr_status_t du_db_open(du_ctx_t *ctx, const char *spec, int flags, apr_pool_t *pool, du_db_t **db);
void du_db_close(du_db_t *db);

/* From now on transactions change thousands of rows: SQLite may use up to 64 MiB, or it writes each page again and again;
 * PostgreSQL keeps the plans of statements, and scans no table that has an index for what is asked. */
void du_db_expect_many(du_db_t *db);

/* 1st half of du_db_open(): the form of the spec and the driver. */
apr_status_t du_db_check_spec(du_ctx_t *ctx, const char *spec, apr_pool_t *pool);

/* "sqlite3", "pgsql" */
const char *du_db_driver(const du_db_t *db);

/* 1 if the handle reads a file that is no longer the one of that name: somebody removed or replaced it. One stat() with
 * SQLite, always 0 with others. */
int du_db_is_replaced(du_ctx_t *ctx, const du_db_t *db);

/* Called for each row: columns[i] is the text of column i, "" for NULL; texts live in row_pool, which is cleared after
 * every call. Anything but APR_SUCCESS ends the reading and is returned by du_db_select(). */
typedef apr_status_t du_db_row_fn(void *baton, const char *const *columns, apr_pool_t *row_pool);

/* Runs a query with its arguments (texts, as many as it has parameters, NULL at the end). */
apr_status_t du_db_select(du_ctx_t *ctx, du_db_t *db, du_sql_e statement, const char *const *args, du_db_row_fn *row,
                          void *baton);

/* Runs a query for one number, the first column of its row; 0 if there is no row. */
apr_status_t du_db_number(du_ctx_t *ctx, du_db_t *db, du_sql_e statement, const char *const *args,
                          apr_int64_t *number);

/* Runs a statement that changes rows, inside a transaction only; *changed (may be NULL) is how many. */
apr_status_t du_db_execute(du_ctx_t *ctx, du_db_t *db, du_sql_e statement, const char *const *args, int *changed);

/* Runs one statement of the schema or of a migration, inside a transaction only; ctx->waiting is not told, because it may
 * take long. */
apr_status_t du_db_define(du_ctx_t *ctx, du_db_t *db, const char *sql);

/* Before the schema, inside the same transaction: names the order of bytes "binary", as SQLite does. Columns in which
 * beginnings are searched for have it, because in the order of a language a range may miss some of them. */
apr_status_t du_db_define_order(du_ctx_t *ctx, du_db_t *db);

/* Runs `work` in a transaction: committed if it answers APR_SUCCESS, rolled back otherwise. */
typedef apr_status_t du_db_work_fn(du_ctx_t *ctx, void *baton);
apr_status_t du_db_transaction(du_ctx_t *ctx, du_db_t *db, du_db_work_fn *work, void *baton);

/* Runs `work`, which only reads, on the state that the database has at the first reading, whatever others write meanwhile.
 * Nobody waits for it. */
apr_status_t du_db_snapshot(du_ctx_t *ctx, du_db_t *db, du_db_work_fn *work, void *baton);

/* What the database itself finds wrong with its file: a row per finding, none if all is well or the driver cannot tell
 * (PostgreSQL's own checks are pg_amcheck's). */
apr_status_t du_db_integrity(du_ctx_t *ctx, du_db_t *db, du_db_row_fn *row, void *baton);

#endif
