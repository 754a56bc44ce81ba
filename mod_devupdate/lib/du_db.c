#include "du_db.h"

#include <string.h>

#include <apr_dbd.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "du_file.h"
#include "du_text.h"

/* How long SQLite waits for another writer before apr_dbd_sqlite3 begins its own tries (16 of them). */
#define SQLITE_BUSY_TIMEOUT "PRAGMA busy_timeout=1000"

/* Pages that a connection keeps in memory, at most, in KiB (du_db_expect_many()), instead of SQLite's own limit of 2 MiB. What a
 * statement needs besides stays in memory, too. */
#define SQLITE_CACHE     "PRAGMA cache_size=-65536"
#define SQLITE_TEMPORARY "PRAGMA temp_store=MEMORY"

/* Who writes much (du_db_expect_many()) copies pages from the log into the file when there are so many of them, 32 MiB, instead
 * of 4: most of them are the same ones again and again. */
#define SQLITE_LOG "PRAGMA wal_autocheckpoint=8192"

/* Compiling a statement takes PostgreSQL longer than any of ours takes, and it does so wherever it has no good idea of the
 * costs, or is told that a walk over a table is too much. */
#define PGSQL_NO_JIT "SET jit = off"

/* PostgreSQL plans a prepared statement once for all: one that was planned while a table was nearly empty walks over it when
 * it has grown, for as long as the connection lives. Planning anew costs little where little is asked. */
#define PGSQL_PLANS "SET plan_cache_mode = force_custom_plan; " PGSQL_NO_JIT

/* Who asks the same thousands of times (du_db_expect_many()) keeps the plans: making each anew took half of the time. Without
 * statistics PostgreSQL would walk over tables for a few dozen rows that indexes find, and the reader fills a new store faster
 * than autovacuum looks at it. */
#define PGSQL_MANY_PLANS                                                                                             \
    "SET plan_cache_mode = auto; "                                                                                   \
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; " PGSQL_NO_JIT

/* Kept in the database file, so it is set once. In rollback-journal mode readers and writers block each other. */
#define SQLITE_JOURNAL_MODE "PRAGMA journal_mode=WAL"

/* SQLite's name for the order of bytes, made known to PostgreSQL: it stands in the schema that both share. */
#define PGSQL_ORDER "CREATE COLLATION IF NOT EXISTS \"binary\" FROM \"C\""

/* Every page and every index of the file. */
#define SQLITE_INTEGRITY "PRAGMA integrity_check"

struct du_db_t {
    apr_pool_t *owner; /* of this record */
    apr_pool_t *pool;  /* of the handle and its statements; NULL while there is no handle */
    const char *driver_name;
    const char *params;
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    int in_transaction;
    int is_many;      /* du_db_expect_many() */
    apr_finfo_t file; /* of SQLite: the file that the handle reads */
    apr_dbd_prepared_t *prepared[DU_SQL_COUNT];
};

static const struct {
    const char *label;
    const char *text;
} statements[] = {
#define STATEMENT(id, name, text) {"du_" name, text},
    DU_SQL_LIST(STATEMENT)
#undef STATEMENT
#define TABLE(id, name, columns, keys, first, second, read, rows, write, many)                                       \
    {"du_read_" name, read}, {"du_rows_" name, rows}, {"du_write_" name, write}, {"du_write_" name "_many", many},
        DU_SQL_TABLE_LIST(TABLE)
#undef TABLE
};

static int is_sqlite(const du_db_t *db)
{
    return du_text_equal(db->driver_name, "sqlite3");
}

const char *du_db_driver(const du_db_t *db)
{
    return db->driver_name;
}

void du_db_close(du_db_t *db)
{
    if (db->pool) {
        apr_pool_destroy(db->pool);
        db->pool = NULL;
    }
    db->handle = NULL;
    db->in_transaction = 0;
    memset(db->prepared, 0, sizeof(db->prepared));
}

static apr_status_t close_handle(void *data)
{
    du_db_t *db = data;

    apr_dbd_close(db->driver, db->handle);
    return APR_SUCCESS;
}

/* Before its record's pool goes: the pool of the handle is a child of that and would be gone first. */
static apr_status_t cleanup_db(void *data)
{
    du_db_close(data);
    return APR_SUCCESS;
}

/* A pragma answers with a row, which apr_dbd_query() takes for an error; as a query it is none. */
static int run_pragma(du_db_t *db, const char *pragma)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    int rc = apr_dbd_select(db->driver, db->pool, db->handle, &results, pragma, 1);

    while (rc == 0 && apr_dbd_get_row(db->driver, db->pool, results, &row, -1) != -1) {
    }
    return rc;
}

/* Around every call of the driver that may wait. */
static void wait_begins(const du_ctx_t *ctx)
{
    if (ctx->waiting) {
        ctx->waiting(ctx->baton, 1);
    }
}

static void wait_ends(const du_ctx_t *ctx)
{
    if (ctx->waiting) {
        ctx->waiting(ctx->baton, 0);
    }
}

static apr_status_t find_file(du_ctx_t *ctx, const du_db_t *db, apr_finfo_t *info)
{
    apr_status_t rv = apr_stat(info, db->params, APR_FINFO_IDENT, ctx->pool);

    return rv == APR_INCOMPLETE ? APR_SUCCESS : rv;
}

/* An open file lives on without its name; one that can merely not be looked at is taken to be there. */
int du_db_is_replaced(du_ctx_t *ctx, const du_db_t *db)
{
    apr_finfo_t now;
    apr_status_t rv;

    if (!db->handle || !is_sqlite(db)) {
        return 0;
    }
    rv = find_file(ctx, db, &now);
    return rv == APR_SUCCESS ? now.inode != db->file.inode || now.device != db->file.device
                             : APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv);
}

/* SQLite would make an empty file of a name that is merely mistyped. */
static apr_status_t require_file(du_ctx_t *ctx, du_db_t *db)
{
    apr_status_t rv = find_file(ctx, db, &db->file);

    if (APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv)) {
        return du_fail(ctx, DU_E_STORE, DUNO(0520), "there is no store %s (devupdatectl store init makes one)",
                       db->params);
    }
    return rv == APR_SUCCESS ? rv
                             : du_fail(ctx, DU_E_STORE, DUNO(0519), "the store %s cannot be looked at: %pm",
                                       db->params, (void *)&rv);
}

/* What a handle is told before it is used; where that fails, the first statement will, too. */
static void set_up(du_db_t *db)
{
    int nrows;

    if (!is_sqlite(db)) {
        apr_dbd_query(db->driver, db->handle, &nrows, db->is_many ? PGSQL_MANY_PLANS : PGSQL_PLANS);
        return;
    }
    run_pragma(db, SQLITE_BUSY_TIMEOUT);
    run_pragma(db, SQLITE_TEMPORARY);
    if (db->is_many) {
        run_pragma(db, SQLITE_CACHE);
        run_pragma(db, SQLITE_LOG);
    }
}

/* Opens the handle if there is none. */
static apr_status_t open_handle(du_ctx_t *ctx, du_db_t *db)
{
    const char *why = NULL;
    apr_status_t rv;

    if (db->handle) {
        return APR_SUCCESS;
    }
    if (is_sqlite(db)) {
        rv = require_file(ctx, db);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    apr_pool_create(&db->pool, db->owner);
    wait_begins(ctx);
    rv = apr_dbd_open_ex(db->driver, db->pool, db->params, &db->handle, &why);
    wait_ends(ctx);
    if (rv != APR_SUCCESS) {
        du_fail(ctx, DU_E_STORE, DUNO(0521), "the store does not answer: %s",
                why ? du_text_for_log(ctx->pool, why) : apr_psprintf(ctx->pool, "%pm", (void *)&rv));
        db->handle = NULL;
        du_db_close(db);
        return DU_E_STORE;
    }
    apr_pool_cleanup_register(db->pool, db, close_handle, apr_pool_cleanup_null);
    set_up(db);
    return APR_SUCCESS;
}

/* Records what the driver says and gives up the handle: after an error of its own, apr_dbd's prepared statements do not
 * come back to life on it (SQLite after a schema change, PostgreSQL after a restart). */
static apr_status_t fail_handle(du_ctx_t *ctx, du_db_t *db, const char *what, int rc)
{
    const char *why = apr_dbd_error(db->driver, db->handle, rc);

    du_fail(ctx, DU_E_STORE, DUNO(0522), "the store failed at \"%s\": %s", what,
            du_text_for_log(ctx->pool, du_text_or_empty(why)));
    if (!db->in_transaction) {
        du_db_close(db);
    }
    return DU_E_STORE;
}

static apr_status_t prepare(du_ctx_t *ctx, du_db_t *db, du_sql_e statement)
{
    int rc;

    if (db->prepared[statement]) {
        return APR_SUCCESS;
    }
    wait_begins(ctx);
    rc = apr_dbd_prepare(db->driver, db->pool, db->handle, statements[statement].text, statements[statement].label,
                         &db->prepared[statement]);
    wait_ends(ctx);
    if (rc != 0) {
        db->prepared[statement] = NULL;
        return fail_handle(ctx, db, statements[statement].label, rc);
    }
    return APR_SUCCESS;
}

/* apr_dbd wants the arguments without const and counted. */
static int count_args(const char *const *args, const char **out)
{
    int n = 0;

    while (args && args[n] && n < DU_SQL_PARAMETERS_MAX) {
        out[n] = args[n];
        n++;
    }
    return n;
}

static apr_status_t read_rows(const du_db_t *db, apr_dbd_results_t *results, apr_pool_t *pool, du_db_row_fn *row_fn,
                              void *baton)
{
    int ncolumns = apr_dbd_num_cols(db->driver, results);
    const char **columns = apr_palloc(pool, sizeof(*columns) * (apr_size_t)(ncolumns + 1));
    apr_dbd_row_t *row = NULL;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *row_pool;

    apr_pool_create(&row_pool, pool);
    /* Read to the end even after a failure, or the driver does not clean up. */
    while (apr_dbd_get_row(db->driver, pool, results, &row, -1) != -1) {
        for (int i = 0; i < ncolumns && rv == APR_SUCCESS; i++) {
            columns[i] = du_text_or_empty(apr_dbd_get_entry(db->driver, row, i));
        }
        if (rv == APR_SUCCESS) {
            rv = row_fn(baton, columns, row_pool);
        }
        apr_pool_clear(row_pool);
    }
    return rv;
}

static apr_status_t select_once(du_ctx_t *ctx, du_db_t *db, du_sql_e statement, const char *const *args,
                                du_db_row_fn *row, void *baton)
{
    const char *argv[DU_SQL_PARAMETERS_MAX];
    int nargs = count_args(args, argv), rc;
    apr_dbd_results_t *results = NULL;
    apr_pool_t *pool;
    apr_status_t rv = open_handle(ctx, db);

    if (rv == APR_SUCCESS) {
        rv = prepare(ctx, db, statement);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&pool, db->pool);
    wait_begins(ctx);
    /* random access: without it PostgreSQL's errors look like zero rows */
    rc = apr_dbd_pselect(db->driver, pool, db->handle, &results, db->prepared[statement], 1, nargs, argv);
    wait_ends(ctx);
    if (rc != 0) {
        return fail_handle(ctx, db, statements[statement].label, rc);
    }
    rv = read_rows(db, results, pool, row, baton);
    apr_pool_destroy(pool);
    return rv;
}

apr_status_t du_db_select(du_ctx_t *ctx, du_db_t *db, du_sql_e statement, const char *const *args, du_db_row_fn *row,
                          void *baton)
{
    apr_status_t rv = select_once(ctx, db, statement, args, row, baton);

    /* a handle that is gone failed by itself; a reader that failed leaves it open and is not asked again */
    if (rv != APR_SUCCESS && !db->handle) {
        rv = select_once(ctx, db, statement, args, row, baton);
    }
    return rv;
}

static apr_status_t take_number(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)row_pool;
    *(apr_int64_t *)baton = apr_atoi64(columns[0]);
    return APR_SUCCESS;
}

apr_status_t du_db_number(du_ctx_t *ctx, du_db_t *db, du_sql_e statement, const char *const *args,
                          apr_int64_t *number)
{
    *number = 0;
    return du_db_select(ctx, db, statement, args, take_number, number);
}

apr_status_t du_db_execute(du_ctx_t *ctx, du_db_t *db, du_sql_e statement, const char *const *args, int *changed)
{
    const char *argv[DU_SQL_PARAMETERS_MAX];
    int nargs = count_args(args, argv), nrows = 0, rc;
    apr_status_t rv = prepare(ctx, db, statement);
    apr_pool_t *pool;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&pool, db->pool);
    wait_begins(ctx);
    rc = apr_dbd_pquery(db->driver, pool, db->handle, &nrows, db->prepared[statement], nargs, argv);
    wait_ends(ctx);
    apr_pool_destroy(pool);
    if (rc != 0) {
        return fail_handle(ctx, db, statements[statement].label, rc);
    }
    if (changed) {
        *changed = nrows;
    }
    return APR_SUCCESS;
}

/* The statements around a transaction are run by hand: apr_dbd_pgsql's own crash when the connection was lost. */
static apr_status_t run(du_ctx_t *ctx, du_db_t *db, const char *sql)
{
    int nrows, rc;

    wait_begins(ctx);
    rc = apr_dbd_query(db->driver, db->handle, &nrows, sql);
    wait_ends(ctx);
    return rc == 0 ? APR_SUCCESS : fail_handle(ctx, db, sql, rc);
}

/* Changing a large table takes as long as it takes. */
apr_status_t du_db_define(du_ctx_t *ctx, du_db_t *db, const char *sql)
{
    int nrows, rc;

    if (is_sqlite(db)) { /* another schema ends them, and they do not come back to life */
        memset(db->prepared, 0, sizeof(db->prepared));
    }
    rc = apr_dbd_query(db->driver, db->handle, &nrows, sql);
    return rc == 0 ? APR_SUCCESS : fail_handle(ctx, db, sql, rc);
}

apr_status_t du_db_define_order(du_ctx_t *ctx, du_db_t *db)
{
    return is_sqlite(db) ? APR_SUCCESS : run(ctx, db, PGSQL_ORDER);
}

static apr_status_t begin_once(du_ctx_t *ctx, du_db_t *db, const char *sql)
{
    apr_status_t rv = open_handle(ctx, db);

    if (rv == APR_SUCCESS) {
        rv = run(ctx, db, sql);
    }
    db->in_transaction = rv == APR_SUCCESS;
    return rv;
}

static apr_status_t transact(du_ctx_t *ctx, du_db_t *db, const char *begin, du_db_work_fn *work, void *baton)
{
    apr_status_t rv = begin_once(ctx, db, begin);

    if (rv != APR_SUCCESS) {
        rv = begin_once(ctx, db, begin); /* nothing was done yet, so a new handle may try again */
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = work(ctx, baton);
    if (rv == APR_SUCCESS) {
        rv = run(ctx, db, "COMMIT");
    }
    if (rv != APR_SUCCESS) {
        du_db_close(db); /* which rolls back, whatever state the handle is in */
    }
    db->in_transaction = 0;
    return rv;
}

/* SQLite takes the lock for writing at once: taking it later, after reading, fails when two want to. */
apr_status_t du_db_transaction(du_ctx_t *ctx, du_db_t *db, du_db_work_fn *work, void *baton)
{
    return transact(ctx, db, is_sqlite(db) ? "BEGIN IMMEDIATE" : "BEGIN", work, baton);
}

apr_status_t du_db_snapshot(du_ctx_t *ctx, du_db_t *db, du_db_work_fn *work, void *baton)
{
    return transact(ctx, db, is_sqlite(db) ? "BEGIN" : "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", work,
                    baton);
}

/* The only row of a sound file is "ok". */
typedef struct integrity_t {
    du_db_row_fn *row;
    void *baton;
} integrity_t;

static apr_status_t take_finding(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    const integrity_t *check = baton;

    return du_text_equal(columns[0], "ok") ? APR_SUCCESS : check->row(check->baton, columns, row_pool);
}

apr_status_t du_db_integrity(du_ctx_t *ctx, du_db_t *db, du_db_row_fn *row, void *baton)
{
    integrity_t check = {row, baton};
    apr_dbd_results_t *results = NULL;
    apr_pool_t *pool;
    apr_status_t rv = open_handle(ctx, db);
    int rc;

    if (rv != APR_SUCCESS || !is_sqlite(db)) {
        return rv;
    }
    apr_pool_create(&pool, db->pool);
    rc = apr_dbd_select(db->driver, pool, db->handle, &results, SQLITE_INTEGRITY, 1);
    if (rc != 0) {
        return fail_handle(ctx, db, SQLITE_INTEGRITY, rc);
    }
    rv = read_rows(db, results, pool, take_finding, &check);
    apr_pool_destroy(pool);
    return rv;
}

/* The file of a new SQLite store, made beforehand so that SQLite finds it with the right owner. */
static apr_status_t make_file(du_ctx_t *ctx, const char *path)
{
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                                    APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD, ctx->pool);

    if (APR_STATUS_IS_EEXIST(rv)) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        apr_file_close(file);
        rv = du_file_adopt(path, ctx->pool);
    }
    return rv == APR_SUCCESS
               ? rv
               : du_fail(ctx, DU_E_STORE, DUNO(0523), "the store %s cannot be made: %pm", path, (void *)&rv);
}

/* "DRIVER PARAMS" */
static apr_status_t find_driver(du_ctx_t *ctx, const char *spec, du_db_t *db)
{
    const char *space = strchr(spec, ' ');
    apr_status_t rv;

    if (!space || space == spec || !space[1]) {
        return du_fail(ctx, DU_E_STORE, DUNO(0524), "a store is named as \"DRIVER PARAMS\", not \"%s\"",
                       du_text_for_log(ctx->pool, spec));
    }
    db->driver_name = apr_pstrmemdup(db->owner, spec, (apr_size_t)(space - spec));
    db->params = apr_pstrdup(db->owner, space + 1);
    apr_dbd_init(db->owner);
    rv = apr_dbd_get_driver(db->owner, db->driver_name, &db->driver);
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, DU_E_STORE, DUNO(0525), "there is no database driver \"%s\" (Debian: libaprutil1-dbd-%s)",
                       du_text_for_log(ctx->pool, db->driver_name), du_text_for_log(ctx->pool, db->driver_name));
    }
    return APR_SUCCESS;
}

apr_status_t du_db_check_spec(du_ctx_t *ctx, const char *spec, apr_pool_t *pool)
{
    du_db_t db = {.owner = pool};

    return find_driver(ctx, spec, &db);
}

void du_db_expect_many(du_db_t *db)
{
    int was_many = db->is_many;

    db->is_many = 1;
    if (db->handle && !was_many) {
        set_up(db);
    }
}

apr_status_t du_db_open(du_ctx_t *ctx, const char *spec, int flags, apr_pool_t *pool, du_db_t **db)
{
    du_db_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;

    made->owner = pool;
    rv = find_driver(ctx, spec, made);
    if (rv == APR_SUCCESS && (flags & DU_DB_CREATE) && is_sqlite(made)) {
        rv = make_file(ctx, made->params);
    }
    if (rv == APR_SUCCESS) {
        rv = open_handle(ctx, made);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((flags & DU_DB_CREATE) && is_sqlite(made)) {
        run_pragma(made, SQLITE_JOURNAL_MODE);
    }
    apr_pool_pre_cleanup_register(pool, made, cleanup_db);
    *db = made;
    return APR_SUCCESS;
}
