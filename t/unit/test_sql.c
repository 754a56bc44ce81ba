#include "store.h"

#include "du_schema.h"

/* Every statement of the product: what du_db prepares, and what stands about it in queries.sql. */
static const struct { const char *name, *text; } statements[] = {
#define STATEMENT(id, name, text) {name, text},
    DU_SQL_LIST(STATEMENT)
#undef STATEMENT
};

/* A connection of this test, on a database with the schema. */
typedef struct connection_t {
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;
} connection_t;

static connection_t connect_to_schema(void)
{
    const char *spec = fresh_store(), *space = strchr(spec, ' ');
    connection_t c;
    du_db_t *db;

    assert_ok(du_db_open(unit.ctx, spec, DU_DB_CREATE, unit.pool, &db));
    assert_ok(du_schema_create(unit.ctx, db));
    du_db_close(db);
    ck_assert_int_eq(apr_dbd_init(unit.pool), APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_get_driver(unit.pool, apr_pstrmemdup(unit.pool, spec, (apr_size_t)(space - spec)), &c.driver),
                     APR_SUCCESS);
    ck_assert_int_eq(apr_dbd_open(c.driver, unit.pool, space + 1, &c.handle), APR_SUCCESS);
    return c;
}

/* Those made from schema.sql: reading a table behind a key, counting its rows, writing one, writing many. */
static const struct { const char *name, *read, *rows, *write, *many; } tables[] = {
#define TABLE(id, name, columns, keys, first, second, read, rows, write, many) {name, read, rows, write, many},
    DU_SQL_TABLE_LIST(TABLE)
#undef TABLE
};

/* Under a name, without which PostgreSQL's driver leaves it for later. */
static void check_prepares(const connection_t *c, const char *name, const char *text)
{
    static int number;
    apr_dbd_prepared_t *prepared = NULL;
    int rc = apr_dbd_prepare(c->driver, unit.pool, c->handle, text, apr_psprintf(unit.pool, "test_%d", ++number), &prepared);

    ck_assert_msg(rc == 0, "%s: %s", name, apr_dbd_error(c->driver, c->handle, rc));
}

START_TEST(every_statement_prepares)
{
    connection_t c = connect_to_schema();

    ck_assert_int_gt(COUNT_OF(statements), 10);
    for (int i = 0; i < COUNT_OF(statements); i++) {
        check_prepares(&c, statements[i].name, statements[i].text);
    }
    for (int i = 0; i < COUNT_OF(tables); i++) {
        check_prepares(&c, tables[i].name, tables[i].read);
        check_prepares(&c, tables[i].name, tables[i].rows);
        check_prepares(&c, tables[i].name, tables[i].write);
        check_prepares(&c, tables[i].name, tables[i].many);
    }
    apr_dbd_close(c.driver, c.handle);
}
END_TEST

/* 1 if queries.sql says of the statement that it may scan, with a reason. One for many rows is made from that for one. */
static int may_scan(const char *queries, const char *name)
{
    const char *many = strstr(name, "_many");
    const char *base = many && !many[5] ? apr_pstrmemdup(unit.pool, name, (apr_size_t)(many - name)) : name;
    const char *at = strstr(queries, apr_pstrcat(unit.pool, "-- name: ", base, "\n", NULL));
    const char *next, *scan;

    ck_assert_msg(at != NULL, "queries.sql has no statement %s", name);
    next = strstr(at + 1, "-- name: ");
    scan = strstr(at, "\n-- scan: ");
    return scan && (!next || scan < next) && scan[sizeof("\n-- scan: ") - 1] != '\n';
}

/* The statement's parameters as NULLs: what they are does not matter for the plan. */
static const char *plan_of(const connection_t *c, const char *text)
{
    const char *args[DU_SQL_PARAMETERS_MAX] = {NULL};
    const char *plan = "";
    apr_dbd_prepared_t *prepared = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    int nargs = 0;

    for (const char *at = strchr(text, '%'); at; at = strchr(at + 1, '%')) {
        nargs++;
    }
    ck_assert_int_le(nargs, COUNT_OF(args));
    ck_assert_int_eq(apr_dbd_prepare(c->driver, unit.pool, c->handle, apr_pstrcat(unit.pool, "EXPLAIN QUERY PLAN ", text, NULL),
                                     NULL, &prepared), 0);
    ck_assert_int_eq(apr_dbd_pselect(c->driver, unit.pool, c->handle, &results, prepared, 1, nargs, args), 0);
    while (apr_dbd_get_row(c->driver, unit.pool, results, &row, -1) != -1) {
        plan = apr_pstrcat(unit.pool, plan, apr_dbd_get_entry(c->driver, row, 3), "; ", NULL);
    }
    return plan;
}

/* The same of PostgreSQL, which explains what it has prepared under a name. NULLs would let it see that nothing is found. */
static const char *plan_on_postgresql(const connection_t *c, const char *name, const char *text)
{
    const char *label = apr_pstrcat(unit.pool, "plan_", name, NULL), *explain, *plan = "";
    apr_dbd_prepared_t *prepared = NULL;
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;

    ck_assert_msg(apr_dbd_prepare(c->driver, unit.pool, c->handle, text, label, &prepared) == 0, "%s: %s", name,
                  apr_dbd_error(c->driver, c->handle, 0));
    explain = apr_pstrcat(unit.pool, "EXPLAIN EXECUTE ", label, NULL);
    for (const char *at = strchr(text, '%'), *before = "("; at; at = strchr(at + 1, '%'), before = ", ") {
        explain = apr_pstrcat(unit.pool, explain, before, "'1'", strchr(at + 1, '%') ? "" : ")", NULL);
    }
    ck_assert_msg(apr_dbd_select(c->driver, unit.pool, c->handle, &results, explain, 1) == 0, "%s: %s", explain,
                  apr_dbd_error(c->driver, c->handle, 0));
    while (apr_dbd_get_row(c->driver, unit.pool, results, &row, -1) != -1) {
        plan = apr_pstrcat(unit.pool, plan, apr_dbd_get_entry(c->driver, row, 0), "; ", NULL);
    }
    return plan;
}

/* A table is read from its beginning to its end, not just the rows that are parameters (which are called v). */
static int scans(const char *plan)
{
    for (const char *at = strstr(plan, "SCAN "); at; at = strstr(at + 1, "SCAN ")) {
        const char *what = at + strlen("SCAN ");

        if (strncmp(what, "v;", 2) != 0 && strncmp(what + strspn(what, "0123456789 "), "CONSTANT ROW", 12) != 0) {
            return 1;
        }
    }
    return 0;
}

/* SQLite's planner; with a table as small as a test's, PostgreSQL's would scan whatever the indexes. */
START_TEST(none_scans_that_may_not)
{
    const char *srcdir = getenv("srcdir"), *queries;
    connection_t c = connect_to_schema();
    int searches = 0;

    ck_assert_msg(srcdir != NULL, "srcdir is not set");
    queries = unit_read(apr_pstrcat(unit.pool, srcdir, "/mod_devupdate/sql/queries.sql", NULL), NULL);
    for (int i = 0; i < COUNT_OF(statements); i++) {
        const char *plan = plan_of(&c, statements[i].text);

        searches += strstr(plan, "SEARCH") != NULL;
        ck_assert_msg(scans(plan) == may_scan(queries, statements[i].name), "%s: %s", statements[i].name,
                      plan);
    }
    ck_assert_int_gt(searches, 5);
    for (int i = 0; i < COUNT_OF(tables); i++) {
        ck_assert_msg(strstr(plan_of(&c, tables[i].read), "SEARCH"), "%s is read by a scan", tables[i].name);
    }
    apr_dbd_close(c.driver, c.handle);
}
END_TEST

/* 1 if the plan reads all of a table, or all of its index. */
static int scans_table(const char *plan, const char *table)
{
    const char *scan = apr_pstrcat(unit.pool, "SCAN ", table, NULL);

    for (const char *at = strstr(plan, scan); at; at = strstr(at + 1, scan)) {
        if (strchr(" ;", at[strlen(scan)])) {
            return 1;
        }
    }
    return 0;
}

/* Whatever may be scanned, the tables of half a million phones and ten million events may not. `d` is what all statements
 * with several tables call the phones. */
START_TEST(none_scans_the_phones)
{
    static const char *const large[] = {"d", "n", "device", "device_name", "device_event"};
    connection_t c = connect_to_schema();
    int about_phones = 0;

    ck_assert(scans_table("SCAN d;", "d") && scans_table("SEARCH c; SCAN d USING COVERING INDEX x; ", "d") && !scans_table("SCAN device_count; ", "device"));
    for (int i = 0; i < COUNT_OF(statements); i++) {
        const char *plan = plan_of(&c, statements[i].text);

        if (strncmp(statements[i].name, "check_", 6) == 0) { /* store check, which looks at everything */
            continue;
        }
        about_phones += strstr(plan, "SEARCH d ") != NULL;
        for (int table = 0; table < COUNT_OF(large); table++) {
            ck_assert_msg(!scans_table(plan, large[table]), "%s: %s", statements[i].name, plan);
        }
    }
    ck_assert_int_gt(about_phones, 10);
    apr_dbd_close(c.driver, c.handle);
}
END_TEST

/* PostgreSQL would scan tables as small as a test's; told not to, it does so only where no index serves. */
START_TEST(none_scans_on_postgresql_that_may_not)
{
    const char *srcdir = getenv("srcdir"), *queries;
    connection_t c = connect_to_schema();
    int searches = 0, nrows;

    ck_assert_msg(srcdir != NULL, "srcdir is not set");
    queries = unit_read(apr_pstrcat(unit.pool, srcdir, "/mod_devupdate/sql/queries.sql", NULL), NULL);
    ck_assert_int_eq(apr_dbd_query(c.driver, c.handle, &nrows, "SET enable_seqscan = off"), 0);
    ck_assert_ptr_nonnull(strstr(plan_on_postgresql(&c, "none", "SELECT value FROM counter WHERE value = %lld"), "Seq Scan"));
    for (int i = 0; i < COUNT_OF(statements); i++) {
        const char *plan = plan_on_postgresql(&c, statements[i].name, statements[i].text);

        int is_all = !strstr(statements[i].text, " WHERE "); /* SQLite does not call it a scan to empty a table */

        searches += strstr(plan, "Index Cond") != NULL;
        ck_assert_msg(is_all || may_scan(queries, statements[i].name) || !strstr(plan, "Seq Scan on"), "%s: %s",
                      statements[i].name, plan);
    }
    ck_assert_int_gt(searches, 20);
    apr_dbd_close(c.driver, c.handle);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("sql");

    tcase_add_test(tests, every_statement_prepares);
    if (store_server()) {
        tcase_add_test(tests, none_scans_on_postgresql_that_may_not);
    } else {
        tcase_add_test(tests, none_scans_that_may_not);
        tcase_add_test(tests, none_scans_the_phones);
    }
    return unit_run(tests);
}
