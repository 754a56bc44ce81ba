#include "store.h"

#include <apr_file_io.h>

#include "du_removed.h"

static const du_actor_t node = {.name = "clean-up", .node = "node1", .role = "node"};

static const char *notes_path(void)
{
    return unit_path("n.removed");
}

static const char *notes(void)
{
    return unit_read(notes_path(), NULL);
}

static int is_there(void)
{
    apr_finfo_t info;

    return apr_stat(&info, notes_path(), APR_FINFO_TYPE, unit.pool) == APR_SUCCESS;
}

static const char *activities(const char *spec)
{
    return run_sql(spec, "SELECT count(*) || ' ' || coalesce(min(before || '|' || note), '') || ' ' || "
                         "coalesce(max(before || '|' || note), '') FROM activity WHERE action = 'clear' AND object = 'logs'");
}

START_TEST(noted_and_recorded)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);

    assert_ok(du_removed_record(unit.ctx, notes_path(), store, &node));
    ck_assert_str_eq(activities(spec), "0  ");
    assert_ok(du_removed_note(unit.ctx, notes_path(), "audit 1 file 7 bytes", "because"));
    assert_ok(du_removed_note(unit.ctx, notes_path(), "client 2 files 9 bytes", "as well"));
    ck_assert_str_eq(notes(), "audit 1 file 7 bytes\tbecause\nclient 2 files 9 bytes\tas well\n");
    assert_ok(du_removed_record(unit.ctx, notes_path(), store, &node));
    ck_assert_str_eq(activities(spec), "2 audit 1 file 7 bytes|because client 2 files 9 bytes|as well");
    ck_assert(!is_there());
    assert_ok(du_removed_record(unit.ctx, notes_path(), store, &node));
    ck_assert_str_eq(activities(spec), "2 audit 1 file 7 bytes|because client 2 files 9 bytes|as well");
}
END_TEST

/* The store refuses the second: it stays noted, the first does not. */
START_TEST(what_is_not_on_record_stays_noted)
{
    const char *spec = fresh_store();
    du_store_t *store;

    du_store_close(made_store(spec));
    assert_ok(du_removed_note(unit.ctx, notes_path(), "first", "1"));
    assert_ok(du_removed_note(unit.ctx, notes_path(), "second", "2"));
    run_sql(spec, "CREATE TRIGGER refuse BEFORE INSERT ON activity WHEN NEW.before = 'second' BEGIN SELECT RAISE(ABORT, 'no'); END");
    store = open_store(spec);
    ck_assert_int_eq(du_removed_record(unit.ctx, notes_path(), store, &node), DU_E_STORE);
    ck_assert_str_eq(notes(), "second\t2\n");
    ck_assert_str_eq(activities(spec), "1 first|1 first|1");
    run_sql(spec, "DROP TRIGGER refuse");
    store = open_store(spec);
    assert_ok(du_removed_record(unit.ctx, notes_path(), store, &node));
    ck_assert_str_eq(activities(spec), "2 first|1 second|2");
    ck_assert(!is_there());
}
END_TEST

/* A disk that was full, a curious administrator: what is there is recorded as it is, once. */
START_TEST(a_damaged_note)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    apr_file_t *file;

    ck_assert_int_eq(apr_file_open(&file, notes_path(), APR_FOPEN_WRITE | APR_FOPEN_CREATE, APR_FPROT_OS_DEFAULT, unit.pool), 0);
    apr_file_puts("half a li", file);
    apr_file_close(file);
    assert_ok(du_removed_record(unit.ctx, notes_path(), store, &node));
    ck_assert_str_eq(activities(spec), "1 half a li| half a li|");
    ck_assert(!is_there());
}
END_TEST

START_TEST(a_directory_that_is_not_there)
{
    assert_refused(APR_ENOENT, du_removed_note(unit.ctx, unit_path("nowhere/n.removed"), "a", "b"));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("removed");

    tcase_add_test(tests, noted_and_recorded);
    tcase_add_test(tests, what_is_not_on_record_stays_noted);
    tcase_add_test(tests, a_damaged_note);
    tcase_add_test(tests, a_directory_that_is_not_there);
    return unit_run(tests);
}
