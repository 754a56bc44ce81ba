#include "store.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "du_schema.h"

static const char *const generation[] = {"generation", NULL};
static const char *const raise_by_one[] = {"1", "generation", NULL};

static du_db_t *open_db(const char *spec)
{
    du_db_t *db;

    assert_ok(du_db_open(unit.ctx, spec, DU_DB_CREATE, unit.pool, &db));
    return db;
}

/* A database with the schema in it. */
static du_db_t *made_db(const char *spec)
{
    du_db_t *db = open_db(spec);

    assert_ok(du_schema_create(unit.ctx, db));
    memset(&unit.ctx->failure, 0, sizeof(unit.ctx->failure));
    return db;
}

static apr_status_t take_text(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)row_pool;
    *(const char **)baton = apr_pstrdup(unit.pool, columns[0]);
    return APR_SUCCESS;
}

static const char *counter(du_db_t *db, const char *name)
{
    const char *args[] = {name, NULL}, *value = "no row";

    assert_ok(du_db_select(unit.ctx, db, DU_SQL_COUNTER, args, take_text, &value));
    return value;
}

/* Work for du_db_transaction(). */
typedef struct work_t {
    du_db_t *db;
    apr_status_t answer; /* what the work ends with */
    int changed;
} work_t;

static apr_status_t raise_generation(du_ctx_t *ctx, void *baton)
{
    work_t *work = baton;
    apr_status_t rv = du_db_execute(ctx, work->db, DU_SQL_COUNTER_RAISE, raise_by_one, &work->changed);

    return rv == APR_SUCCESS ? work->answer : rv;
}

START_TEST(specifications)
{
    static const char *const bad[] = {"", "sqlite3", "sqlite3 ", " sqlite3", "nosuchdriver x=y", "../sqlite3 x", "\x1B[1m x"};

    for (int i = 0; i < COUNT_OF(bad); i++) {
        du_db_t *db;

        assert_refused(DU_E_STORE, du_db_open(unit.ctx, bad[i], 0, unit.pool, &db));
    }
}
END_TEST

START_TEST(missing_file_is_not_made)
{
    du_db_t *db;

    assert_refused(DU_E_STORE, du_db_open(unit.ctx, fresh_store(), 0, unit.pool, &db));
    ck_assert_int_ne(access(sqlite_path(), F_OK), 0);
    assert_refused(DU_E_STORE, du_db_open(unit.ctx, apr_pstrcat(unit.pool, "sqlite3 ", unit.dir, "/no/such/dir/x", NULL),
                                          DU_DB_CREATE, unit.pool, &db));
}
END_TEST

START_TEST(server_that_is_not_there)
{
    du_db_t *db;

    assert_refused(DU_E_STORE, du_db_open(unit.ctx, apr_pstrcat(unit.pool, "pgsql host=", unit.dir, NULL), DU_DB_CREATE,
                                          unit.pool, &db));
}
END_TEST

START_TEST(file_that_is_no_database)
{
    const char *spec = fresh_store(), *value;
    du_db_t *db;
    apr_status_t rv;

    unit_write(sqlite_path(), "<Response/>, and long enough to be taken for the header of a file: "
                              "0123456789012345678901234567890123456789", 105);
    rv = du_db_open(unit.ctx, spec, 0, unit.pool, &db);
    if (rv == APR_SUCCESS) {
        rv = du_db_select(unit.ctx, db, DU_SQL_COUNTER, generation, take_text, &value);
    }
    ck_assert_msg(rv == DU_E_STORE && unit.ctx->failure.id, "%s", unit_said(rv));
    ck_assert_int_eq(strncmp(unit_read(sqlite_path(), NULL), "<Response/>", 11), 0);
}
END_TEST

/* Bytes 18 and 19 of an SQLite file are 2 in WAL mode. */
START_TEST(new_file_is_in_wal_mode)
{
    const char *bytes;

    du_db_close(made_db(fresh_store()));
    bytes = unit_read(sqlite_path(), NULL);
    ck_assert_int_eq(bytes[18], 2);
    ck_assert_int_eq(bytes[19], 2);
}
END_TEST

START_TEST(reading)
{
    du_db_t *db = made_db(fresh_store());

    ck_assert_str_eq(counter(db, "generation"), "1");
    ck_assert_str_eq(counter(db, "rule"), "0");
    ck_assert_str_eq(counter(db, "no such counter"), "no row");
    ck_assert_str_eq(counter(db, "' OR '1'='1"), "no row");
    ck_assert_str_eq(du_db_driver(db), store_server() ? "pgsql" : "sqlite3");
}
END_TEST

static apr_status_t stop_at_second(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)columns, (void)row_pool;
    return ++*(int *)baton == 2 ? DU_E_NOTHING : APR_SUCCESS;
}

static const char *const package[] = {"a.cab", "5", "6", "kim", "", "unverified", "", "d1", "1", NULL};

static apr_status_t insert_packages(du_ctx_t *ctx, void *baton)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 1; i <= 5 && rv == APR_SUCCESS; i++) {
        const char *args[] = {"a.cab", "5", "6", "kim", "", "unverified", "", apr_itoa(ctx->pool, i), apr_itoa(ctx->pool, i), NULL};

        rv = du_db_execute(ctx, baton, DU_SQL_PACKAGE_INSERT, args, NULL);
    }
    return rv;
}

START_TEST(reading_ends_when_told)
{
    du_db_t *db = made_db(fresh_store());
    int rows = 0;

    assert_ok(du_db_transaction(unit.ctx, db, insert_packages, db));
    ck_assert_int_eq(du_db_select(unit.ctx, db, DU_SQL_PACKAGES, NULL, stop_at_second, &rows), DU_E_NOTHING);
    ck_assert_int_eq(rows, 2);
    ck_assert_str_eq(counter(db, "generation"), "1");
}
END_TEST

static apr_status_t fail_at_second(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    (void)columns, (void)row_pool;
    return ++*(int *)baton == 2 ? DU_E_STORE : APR_SUCCESS;
}

/* What the row function answers is its own affair: rows are not handed out a second time for it. */
START_TEST(failing_reader_is_not_asked_again)
{
    du_db_t *db = made_db(fresh_store());
    int rows = 0;

    assert_ok(du_db_transaction(unit.ctx, db, insert_packages, db));
    ck_assert_int_eq(du_db_select(unit.ctx, db, DU_SQL_PACKAGES, NULL, fail_at_second, &rows), DU_E_STORE);
    ck_assert_int_eq(rows, 2);
}
END_TEST

START_TEST(commit_and_rollback)
{
    du_db_t *db = made_db(fresh_store());
    work_t work = {.db = db, .answer = APR_SUCCESS};

    assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
    ck_assert_int_eq(work.changed, 1);
    ck_assert_str_eq(counter(db, "generation"), "2");
    work.answer = DU_E_CONFLICT;
    assert_rv(DU_E_CONFLICT, du_db_transaction(unit.ctx, db, raise_generation, &work));
    ck_assert_str_eq(counter(db, "generation"), "2");
    work.answer = APR_SUCCESS;
    assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
    ck_assert_str_eq(counter(db, "generation"), "3");
}
END_TEST

static apr_status_t raise_nothing(du_ctx_t *ctx, void *baton)
{
    static const char *const nothing[] = {"1", "no such counter", NULL};
    work_t *work = baton;

    return du_db_execute(ctx, work->db, DU_SQL_COUNTER_RAISE, nothing, &work->changed);
}

START_TEST(no_row_changed)
{
    du_db_t *db = made_db(fresh_store());
    work_t work = {.db = db, .changed = -1};

    assert_ok(du_db_transaction(unit.ctx, db, raise_nothing, &work));
    ck_assert_int_eq(work.changed, 0);
}
END_TEST

/* Raises the generation, then breaks a key. */
static apr_status_t insert_twice(du_ctx_t *ctx, void *baton)
{
    work_t *work = baton;
    apr_status_t rv = raise_generation(ctx, work);

    if (rv == APR_SUCCESS) {
        rv = du_db_execute(ctx, work->db, DU_SQL_PACKAGE_INSERT, package, NULL);
    }
    return rv == APR_SUCCESS ? du_db_execute(ctx, work->db, DU_SQL_PACKAGE_INSERT, package, NULL) : rv;
}

START_TEST(failing_statement_takes_everything_back)
{
    const char *spec = fresh_store();
    du_db_t *db = made_db(spec);
    work_t work = {.db = db};

    assert_refused(DU_E_STORE, du_db_transaction(unit.ctx, db, insert_twice, &work));
    ck_assert_str_eq(counter(db, "generation"), "1");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM package"), "0");
    assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
    ck_assert_str_eq(counter(db, "generation"), "2");
}
END_TEST

static apr_status_t insert_texts(du_ctx_t *ctx, void *baton)
{
    work_t *work = baton;
    static const char *const args[] = {"'; DROP TABLE package; --", "9223372036854775807", "-1", "\"%d%%\\", "\xC3\xA4\xF0\x9F\x93\x9E\n\t",
                                       "", "", "%s", "1", NULL};

    return du_db_execute(ctx, work->db, DU_SQL_PACKAGE_INSERT, args, NULL);
}

static apr_status_t take_package(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    const char **texts = baton;

    (void)row_pool;
    for (int i = 0; i < 8; i++) {
        texts[i] = apr_pstrdup(unit.pool, columns[i]);
    }
    return APR_SUCCESS;
}

START_TEST(texts_come_back_as_they_were)
{
    static const char *const id[] = {"1", NULL};
    du_db_t *db = made_db(fresh_store());
    work_t work = {.db = db};
    const char *texts[8];

    assert_ok(du_db_transaction(unit.ctx, db, insert_texts, &work));
    assert_ok(du_db_select(unit.ctx, db, DU_SQL_PACKAGE, id, take_package, texts));
    ck_assert_str_eq(texts[1], "'; DROP TABLE package; --");
    ck_assert_str_eq(texts[2], "9223372036854775807");
    ck_assert_str_eq(texts[3], "%s");
    ck_assert_str_eq(texts[4], "-1");
    ck_assert_str_eq(texts[5], "\"%d%%\\");
    ck_assert_str_eq(texts[6], "\xC3\xA4\xF0\x9F\x93\x9E\n\t");
    ck_assert_str_eq(texts[7], "");
}
END_TEST

/* What an administrator may do to the database while we hold a handle with prepared statements. */
START_TEST(schema_changes_by_others)
{
    static const char *const changes[] = {"ALTER TABLE counter ADD COLUMN extra TEXT", "VACUUM", "ANALYZE",
                                          "CREATE INDEX extra_index ON counter (value)", "DROP INDEX extra_index"};
    const char *spec = fresh_store();
    du_db_t *db = made_db(spec);
    work_t work = {.db = db};

    for (int i = 0; i < COUNT_OF(changes); i++) {
        ck_assert_str_eq(counter(db, "generation"), apr_itoa(unit.pool, 1 + 2 * i));
        assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
        run_sql(spec, changes[i]);
        ck_assert_str_eq(counter(db, "generation"), apr_itoa(unit.pool, 2 + 2 * i));
        run_sql(spec, "ANALYZE");
        if (du_db_transaction(unit.ctx, db, raise_generation, &work) != APR_SUCCESS) {
            /* a transaction fails as a whole; the next one may not */
            assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
        }
    }
}
END_TEST

/* A server that was restarted: all its connections are gone. */
START_TEST(connection_is_lost)
{
    const char *spec = fresh_store();
    du_db_t *db = made_db(spec);
    work_t work = {.db = db};

    for (int i = 0; i < 3; i++) {
        ck_assert_str_eq(counter(db, "generation"), apr_itoa(unit.pool, 1 + i));
        run_sql(spec, "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                      "AND datname = current_database()");
        ck_assert_str_eq(counter(db, "generation"), apr_itoa(unit.pool, 1 + i));
        run_sql(spec, "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                      "AND datname = current_database()");
        assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
    }
}
END_TEST

/* The file of an open store is removed and a new store put in its place. */
START_TEST(file_replaced_under_a_handle)
{
    const char *spec = fresh_store();
    du_db_t *db = made_db(spec);
    work_t work = {.db = db};
    const char *value = "no row";

    assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
    ck_assert_int_eq(du_db_is_replaced(unit.ctx, db), 0);
    ck_assert_int_eq(unlink(sqlite_path()), 0);
    unlink(unit_path("store.sqlite-wal"));
    unlink(unit_path("store.sqlite-shm"));
    ck_assert_int_eq(du_db_is_replaced(unit.ctx, db), 1);
    if (du_db_select(unit.ctx, db, DU_SQL_COUNTER, generation, take_text, &value) != APR_SUCCESS) {
        ck_assert_ptr_nonnull(unit.ctx->failure.id);
    }
    ck_assert_int_ne(access(sqlite_path(), F_OK), 0);
    du_db_close(db);
    ck_assert_int_eq(du_db_is_replaced(unit.ctx, db), 0);
    du_db_close(made_db(spec));
    ck_assert_str_eq(counter(open_db(spec), "generation"), "1");
}
END_TEST

START_TEST(file_with_the_name_of_an_open_one)
{
    du_db_t *db = made_db(fresh_store());

    ck_assert_int_eq(rename(sqlite_path(), unit_path("aside")), 0);
    unit_write(sqlite_path(), "another", 7);
    ck_assert_int_eq(du_db_is_replaced(unit.ctx, db), 1);
    ck_assert_int_eq(rename(unit_path("aside"), sqlite_path()), 0);
    ck_assert_int_eq(du_db_is_replaced(unit.ctx, db), 0);
}
END_TEST

/* A du_waiting_fn. The count of waits, negative while one is under way. */
static void count_waits(void *baton, int begins)
{
    int *waits = baton;

    ck_assert_msg(begins ? *waits >= 0 : *waits < 0, "a wait begins in a wait, or ends without one");
    *waits = begins ? -*waits - 1 : -*waits;
}

/* Each statement of its own, so that a limit is one for each answer. */
START_TEST(every_wait_is_told)
{
    const char *spec = fresh_store();
    int waits = 0, before;
    du_db_t *db;
    work_t work = {0};

    du_db_close(made_db(spec));
    unit.ctx->waiting = count_waits;
    unit.ctx->baton = &waits;
    db = work.db = open_db(spec);
    ck_assert_int_gt(waits, 0);
    before = waits;
    ck_assert_str_eq(counter(db, "generation"), "1");
    ck_assert_int_eq(waits, before + 2); /* prepare, select */
    assert_ok(du_db_transaction(unit.ctx, db, raise_generation, &work));
    ck_assert_int_eq(waits, before + 6); /* begin, prepare, execute, commit */
    unit.ctx->waiting = NULL;
}
END_TEST

START_TEST(readers_see_what_is_committed)
{
    const char *spec = fresh_store();
    du_db_t *writer = made_db(spec), *reader = open_db(spec);
    work_t work = {.db = writer};

    ck_assert_str_eq(counter(reader, "generation"), "1");
    assert_ok(du_db_transaction(unit.ctx, writer, raise_generation, &work));
    ck_assert_str_eq(counter(reader, "generation"), "2");
}
END_TEST

START_TEST(writers_wait_for_each_other)
{
    enum { PROCESSES = 4, EACH = 50 };
    const char *spec = fresh_store();
    int status;

    du_db_close(made_db(spec));
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            du_db_t *db;
            apr_status_t rv = du_db_open(unit.ctx, spec, 0, unit.pool, &db);
            work_t work = {.db = db};

            for (int n = 0; n < EACH && rv == APR_SUCCESS; n++) {
                rv = du_db_transaction(unit.ctx, db, raise_generation, &work);
            }
            apr_pool_destroy(unit.pool);
            _exit(rv == APR_SUCCESS ? 0 : 1);
        }
    }
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
    }
    ck_assert_str_eq(counter(open_db(spec), "generation"), apr_itoa(unit.pool, 1 + PROCESSES * EACH));
}
END_TEST

#ifndef UNIT_KEEPS_FREED_MEMORY
/* A node asks for the generation every two seconds for years. */
START_TEST(asking_again_and_again_takes_no_memory)
{
    enum { WARM = 2000, MORE = 20000, KILOBYTES = 512 };
    du_db_t *db = made_db(fresh_store());
    struct rusage before, after;
    apr_pool_t *pool;

    apr_pool_create(&pool, unit.pool);
    for (int i = 0; i < WARM + MORE; i++) {
        du_ctx_t *ctx = du_ctx_make(pool);
        int rows = 0;

        ck_assert_int_eq(du_db_select(ctx, db, DU_SQL_COUNTER, generation, stop_at_second, &rows), APR_SUCCESS);
        apr_pool_clear(pool);
        if (i == WARM) {
            getrusage(RUSAGE_SELF, &before);
        }
    }
    getrusage(RUSAGE_SELF, &after);
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, KILOBYTES);
}
END_TEST
#endif

/* That PostgreSQL's connection is set up so, by an error if it is not. */
static const char *require_settings(const char *plans, const char *scans)
{
    return apr_psprintf(unit.pool, "DO $$ BEGIN IF current_setting('jit') <> 'off' OR current_setting('plan_cache_mode') <> '%s' OR "
                        "current_setting('enable_seqscan') <> '%s' OR current_setting('enable_hashjoin') <> '%s' OR "
                        "current_setting('enable_mergejoin') <> '%s' THEN RAISE EXCEPTION 'set up otherwise'; END IF; END $$",
                        plans, scans, scans, scans);
}

/* Planned anew each time, until much is asked; a new connection is like the one before. */
START_TEST(plans_of_postgresql)
{
    du_db_t *db = made_db(fresh_store());

    assert_ok(du_db_define(unit.ctx, db, require_settings("force_custom_plan", "on")));
    du_db_expect_many(db);
    assert_ok(du_db_define(unit.ctx, db, require_settings("auto", "off")));
    du_db_close(db);
    ck_assert_str_eq(counter(db, "generation"), "1");
    assert_ok(du_db_define(unit.ctx, db, require_settings("auto", "off")));
    assert_refused(DU_E_STORE, du_db_define(unit.ctx, db, require_settings("auto", "on")));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("db");

    tcase_add_test(tests, specifications);
    tcase_add_test(tests, server_that_is_not_there);
    if (store_server()) {
        tcase_add_test(tests, connection_is_lost);
        tcase_add_test(tests, plans_of_postgresql);
    } else {
        tcase_add_test(tests, missing_file_is_not_made);
        tcase_add_test(tests, file_that_is_no_database);
        tcase_add_test(tests, new_file_is_in_wal_mode);
        tcase_add_test(tests, file_replaced_under_a_handle);
        tcase_add_test(tests, file_with_the_name_of_an_open_one);
    }
    tcase_add_test(tests, reading);
    tcase_add_test(tests, every_wait_is_told);
    tcase_add_test(tests, reading_ends_when_told);
    tcase_add_test(tests, failing_reader_is_not_asked_again);
    tcase_add_test(tests, commit_and_rollback);
    tcase_add_test(tests, no_row_changed);
    tcase_add_test(tests, failing_statement_takes_everything_back);
    tcase_add_test(tests, texts_come_back_as_they_were);
    tcase_add_test(tests, schema_changes_by_others);
    tcase_add_test(tests, readers_see_what_is_committed);
    tcase_add_test(tests, writers_wait_for_each_other);
#ifndef UNIT_KEEPS_FREED_MEMORY
    tcase_add_test(tests, asking_again_and_again_takes_no_memory);
#endif
    return unit_run(tests);
}
