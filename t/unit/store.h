/*
 * A database for each test: an SQLite file in the test's directory, or, if UNIT_STORE names a PostgreSQL server
 * ("pgsql host=..."; t/tools/pg_private does), a schema of its own there.
 */
#ifndef UNIT_STORE_H
#define UNIT_STORE_H

#include "unit.h"

#include <apr_dbd.h>

#include "du_db.h"
#include "du_store.h"

static inline const char *store_server(void)
{
    return getenv("UNIT_STORE");
}

/* Runs SQL outside of the product's statements, as another program would; answers the first column of the last row. */
static inline const char *run_sql(const char *spec, const char *sql)
{
    const char *space = strchr(spec, ' '), *answer = "";
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    apr_pool_t *pool;

    apr_pool_create(&pool, unit.pool);
    ck_assert_int_eq(apr_dbd_init(unit.pool), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_get_driver(unit.pool, apr_pstrmemdup(pool, spec, (apr_size_t)(space - spec)), &driver),
                     APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_open(driver, pool, space + 1, &handle), APR_SUCCESS);
    ck_assert_msg(apr_dbd_select(driver, pool, handle, &results, sql, 1) == 0, "%s: %s", sql,
                  apr_dbd_error(driver, handle, 0));
    while (apr_dbd_get_row(driver, pool, results, &row, -1) != -1) {
        const char *text = apr_dbd_get_entry(driver, row, 0);

        answer = apr_pstrdup(unit.pool, text ? text : "");
    }
    apr_dbd_close(driver, handle);
    apr_pool_destroy(pool);
    return answer;
}

static inline const char *sqlite_path(void)
{
    return unit_path("store.sqlite");
}

/* The specification of a database that has nothing in it. */
static inline const char *fresh_store(void)
{
    const char *name = strrchr(unit.dir, '/') + 1; /* unique, but may begin with a digit */

    if (!store_server()) {
        return apr_pstrcat(unit.pool, "sqlite3 ", sqlite_path(), NULL);
    }
    run_sql(store_server(), apr_pstrcat(unit.pool, "CREATE SCHEMA \"unit", name, "\"", NULL));
    return apr_pstrcat(unit.pool, store_server(), " options='-c search_path=\"unit", name, "\"'", NULL);
}

static const du_actor_t kim = {.name = "kim", .node = "node1"};

static inline du_store_t *open_store(const char *spec)
{
    du_store_t *store;

    assert_ok(du_store_open(unit.ctx, spec, unit.pool, &store));
    return store;
}

static inline du_store_t *made_store(const char *spec)
{
    assert_ok(du_store_init(unit.ctx, spec, unit.pool));
    memset(&unit.ctx->failure, 0, sizeof(unit.ctx->failure));
    return open_store(spec);
}

static inline int generation_of(du_store_t *store)
{
    apr_int64_t generation;

    assert_ok(du_store_generation(unit.ctx, store, &generation));
    return (int)generation;
}

/* How much of everything there is, to see that nothing changed. */
static inline const char *census(const char *spec)
{
    return run_sql(spec, "SELECT (SELECT max(value) FROM counter WHERE name = 'generation') || ' ' || (SELECT count(*) FROM package)"
                         " || ' ' || (SELECT count(*) FROM rule) || ' ' || (SELECT count(*) FROM image) || ' ' || "
                         "(SELECT count(*) FROM image_file) || ' ' || (SELECT count(*) FROM activity)");
}

#endif
