#include "whole_store.h"

#include "du_schema.h"
#include "du_store_activity.h"
#include "du_store_migrate.h"

/* A store of version 1 with a row in every table and some in the record of changes. */
static const char *version_1(void)
{
    const char *spec = another_store("old");

    if (!store_server()) {
        unit_write(unit_path("old"), "", 0);
    }
    run_sql_file(spec, "t/data/schema-1.sql");
    run_sql_file(spec, "t/data/rows-1.sql");
    return spec;
}

static apr_status_t migrate(const char *spec, apr_int64_t *from)
{
    return du_store_migrate(unit.ctx, spec, &kim, unit.pool, from);
}

START_TEST(from_version_1)
{
    const char *spec = version_1(), *fresh = another_store("fresh");
    apr_int64_t from = 0;
    du_store_t *store;
    du_rule_t *rule;
    du_proof_t chain;

    assert_refused(DU_E_SCHEMA, du_store_open(unit.ctx, spec, unit.pool, &store));
    assert_ok(migrate(spec, &from));
    ck_assert_int_eq(from, 1);
    assert_ok(du_store_init(unit.ctx, fresh, unit.pool));
    ck_assert_str_eq(schema_of(spec), schema_of(fresh));
    store = open_store(spec);
    assert_ok(du_store_rule(unit.ctx, store, 1, unit.pool, &rule));
    ck_assert_str_eq(rule->versions.slot[DU_APPROVED], "4.0.7577.4463");
    ck_assert_str_eq(run_sql(spec, "SELECT trust || signer FROM image"), "unverified");
    ck_assert_str_eq(run_sql(spec, "SELECT value FROM counter WHERE name = 'schema'"), "3");
    ck_assert_int_eq(generation_of(store), 8);
    assert_ok(du_store_verify(unit.ctx, store, unit.pool, &chain));
    ck_assert_int_eq(chain.what, DU_PROOF_WHOLE);
    ck_assert_int_eq(chain.rows, 4);
    ck_assert_str_eq(run_sql(spec, "SELECT action || ' ' || object || ' ' || before || ' ' || after FROM activity WHERE id = 4"),
                     "migrate store schema=1 schema=3");
    assert_ok(du_store_site_remove(unit.ctx, store, "Berlin", &kim));
    assert_ok(du_store_verify(unit.ctx, store, unit.pool, &chain));
    ck_assert_int_eq(chain.what, DU_PROOF_WHOLE);
}
END_TEST

/* Old rows are sealed as they stand, whatever is in them. */
START_TEST(old_rows_stay_as_they_are)
{
    const char *spec = version_1(), *rows = "SELECT count(*) || ' ' || min(time) || ' ' || max(actor) || ' ' || max(note) "
                                            "FROM activity WHERE id <= 3";
    const char *before = run_sql(spec, rows);
    apr_int64_t from;

    assert_ok(migrate(spec, &from));
    ck_assert_str_eq(run_sql(spec, rows), before);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM activity WHERE role = '' AND length(digest) = 64"), "4");
}
END_TEST

START_TEST(a_second_time_nothing_happens)
{
    const char *spec = version_1(), *before;
    apr_int64_t from;

    assert_ok(migrate(spec, &from));
    before = census(spec);
    assert_rv(DU_E_NOTHING, migrate(spec, &from));
    ck_assert_int_eq(from, DU_SCHEMA_VERSION);
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(what_cannot_be_migrated)
{
    const char *spec = another_store("new");
    apr_int64_t from;

    assert_ok(du_store_init(unit.ctx, spec, unit.pool));
    run_sql(spec, "UPDATE counter SET value = 99 WHERE name = 'schema'");
    assert_rv(DU_E_SCHEMA, migrate(spec, &from));
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "use the programs of the version that made it"));
    run_sql(spec, "UPDATE counter SET value = 0 WHERE name = 'schema'");
    assert_refused(DU_E_SCHEMA, migrate(spec, &from));
    run_sql(spec, "DELETE FROM counter WHERE name = 'schema'");
    assert_refused(DU_E_SCHEMA, migrate(spec, &from));
    assert_refused(DU_E_STORE, migrate(another_store("nothing"), &from));
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM activity"), "0");
}
END_TEST

/* Something in the way of the last but one statement: all is as before. */
START_TEST(a_migration_that_fails_changes_nothing)
{
    const char *spec = version_1(), *before, *schema;
    apr_int64_t from;

    run_sql(spec, "CREATE INDEX activity_action ON activity (action)");
    before = census(spec);
    schema = schema_of(spec);
    assert_refused(DU_E_STORE, migrate(spec, &from));
    ck_assert_str_eq(census(spec), before);
    ck_assert_str_eq(schema_of(spec), schema);
    run_sql(spec, "DROP INDEX activity_action");
    assert_ok(migrate(spec, &from));
}
END_TEST

START_TEST(the_sentence_names_the_command)
{
    const char *spec = version_1();
    du_store_t *store;

    assert_rv(DU_E_SCHEMA, du_store_open(unit.ctx, spec, unit.pool, &store));
    ck_assert_str_eq(unit.ctx->failure.message, "the store has schema version 1, this program needs version 3; "
                                                "\"devupdatectl store migrate\" brings it there");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_migrate");

    tcase_add_test(tests, from_version_1);
    tcase_add_test(tests, old_rows_stay_as_they_are);
    tcase_add_test(tests, a_second_time_nothing_happens);
    tcase_add_test(tests, what_cannot_be_migrated);
    tcase_add_test(tests, a_migration_that_fails_changes_nothing);
    tcase_add_test(tests, the_sentence_names_the_command);
    return unit_run(tests);
}
