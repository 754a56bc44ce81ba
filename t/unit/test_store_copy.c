#include "whole_store.h"

#include "du_schema.h"
#include "du_store_copy.h"
#include "du_store_migrate.h"

/* A store with a row in every table but `setting`, and that has one, too. */
static const char *filled_store(void)
{
    const char *spec = apr_pstrcat(unit.pool, "sqlite3 ", unit_path("filled"), NULL);
    apr_int64_t from;

    unit_write(unit_path("filled"), "", 0);
    run_sql_file(spec, "t/data/schema-1.sql");
    run_sql_file(spec, "t/data/rows-1.sql");
    assert_ok(du_store_migrate(unit.ctx, spec, &kim, unit.pool, &from));
    run_sql(spec, "INSERT INTO setting VALUES ('', 'log-quota', '1')");
    run_sql(spec, "INSERT INTO role VALUES ('enam', 'erol', 'esit')");
    run_sql(spec, "INSERT INTO secret VALUES ('enam', 'eval')");
    run_sql(spec, "INSERT INTO node VALUES ('enam', 4, 5, 6, 7)");
    run_sql(spec, "INSERT INTO forecast VALUES (3, 'ever', 5, 6, 7)");
    run_sql(spec, "INSERT INTO reading VALUES ('efil', 4, 5)");
    run_sql(spec, "INSERT INTO device_count VALUES (3, 'edev', 'etyp', 'ebra', 'emod', 'erev', 'eloc', 'ever', "
                  "'esit', 'esta', 12)");
    run_sql(spec, "INSERT INTO device_version VALUES ('edev', 'ever', 'etyp', 'ebra', 'emod', 'erev', 'eloc', 12)");
    run_sql(spec, "INSERT INTO device VALUES (3, 4, 'esta', 'ever', 10, 'enod', 'eend', 13, 14, 15, 'eres', 'erea', 'eoff', 19, 20, "
                  "'etak', 22, 23, 24, 'ehel', 26, 27, 28)");
    run_sql(spec, "INSERT INTO device_name VALUES (3, 'emac', 'erev', 'eser', 'eadd', 'euse')");
    run_sql(spec, "INSERT INTO device_event VALUES (3, 4, 5, 'ekin', 'enod', 'eadd', 'ever', 'eoff', 'eres', "
                  "'erea', 'efil', 14)");
    run_sql(spec, "INSERT INTO stranger VALUES ('edev', 'etyp', 'ebra', 'emod', 'erev', 'eloc', 9, 10, 11)");
    run_sql(spec, "INSERT INTO traffic VALUES (3, 'enod', 5, 6, 7, 8, 9, 10)");
    run_sql(spec, "INSERT INTO rollout VALUES (3, 4, 'ever', 6, 7)");
    return spec;
}

static apr_status_t copy(const char *from, const char *to, du_copied_t *copied)
{
    du_store_t *store = open_store(from);
    apr_status_t rv = du_store_copy(unit.ctx, store, to, unit.pool, copied);

    du_store_close(store);
    return rv;
}

/* Every value of a table, read by other statements than the product's. */
static const char *content_of(const char *spec, const char *table)
{
    const char *aggregate = strncmp(spec, "sqlite3 ", 8) == 0 ? "group_concat(line, '; ')" : "string_agg(line, '; ')";
    static const char *const lines[] = {
        "counter", "name || ' ' || (CASE name WHEN 'generation' THEN 0 ELSE value END)",
        "package", "id || ' ' || digest || ' ' || filename || ' ' || size || ' ' || imported || ' ' || actor || ' ' || note || ' ' || "
                   "trust || ' ' || signer",
        "rule", "id || ' ' || device_key || ' ' || type || ' ' || brand || ' ' || model || ' ' || revision || ' ' || locale || ' ' || "
                "update_type || ' ' || pending || ' ' || approved || ' ' || restore",
        "image", "id || ' ' || rule_id || ' ' || version || ' ' || package_id || ' ' || trust || ' ' || signer",
        "image_file", "image_id || ' ' || position || ' ' || name || ' ' || size || ' ' || digest || ' ' || signature || ' ' || "
                      "signature_size || ' ' || signature_digest || ' ' || timestamp",
        "site", "name_key || ' ' || name",
        "site_subnet", "subnet || ' ' || name_key",
        "test_device", "site_key || ' ' || name_key || ' ' || name || ' ' || kind || ' ' || identifier || ' ' || shown",
        "setting", "scope || ' ' || name || ' ' || value",
        "activity", "id || ' ' || time || ' ' || actor || ' ' || node || ' ' || action || ' ' || object || ' ' || before || ' ' || "
                    "after || ' ' || note || ' ' || role || ' ' || digest",
        "role", "name || ' ' || role || ' ' || site_key",
        "secret", "name || ' ' || value",
        "forecast", "rule_id || ' ' || version || ' ' || time || ' ' || known || ' ' || there",
        "node", "name || ' ' || seen || ' ' || generation || ' ' || compiled || ' ' || behind_since",
        "reading", "file || ' ' || position || ' ' || time",
        "device", "id || ' ' || count_id || ' ' || state || ' ' || version_before || ' ' || version_time || ' ' || "
                  "node || ' ' || endpoint || ' ' || first_seen || ' ' || last_seen || ' ' || checks || ' ' || "
                  "result || ' ' || reason || ' ' || offered || ' ' || offered_time || ' ' || offers || ' ' || "
                  "taken || ' ' || taken_time || ' ' || taken_bytes || ' ' || taken_size || ' ' || held || ' ' || "
                  "events || ' ' || takes || ' ' || taken_offer",
        "device_name", "device_id || ' ' || mac || ' ' || mac_reverse || ' ' || serial || ' ' || address || ' ' || user_name",
        "device_event", "device_id || ' ' || number || ' ' || time || ' ' || kind || ' ' || node || ' ' || "
                        "address || ' ' || version || ' ' || offered || ' ' || result || ' ' || "
                        "reason || ' ' || file || ' ' || bytes",
        "device_count", "id || ' ' || device_key || ' ' || type || ' ' || brand || ' ' || "
                        "model || ' ' || revision || ' ' || locale || ' ' || version || ' ' || "
                        "site_key || ' ' || state || ' ' || phones",
        "device_version", "device_key || ' ' || version || ' ' || type || ' ' || brand || ' ' || model || ' ' || revision || ' ' || "
                          "locale || ' ' || phones",
        "stranger", "device_key || ' ' || type || ' ' || brand || ' ' || model || ' ' || revision || ' ' || "
                    "locale || ' ' || checks || ' ' || first_seen || ' ' || last_seen",
        "traffic", "hour || ' ' || node || ' ' || checks || ' ' || offers || ' ' || refused || ' ' || "
                   "downloads || ' ' || bytes || ' ' || uploads",
        "rollout", "rule_id || ' ' || hour || ' ' || version || ' ' || current || ' ' || phones"};

    for (int i = 0; i < COUNT_OF(lines); i += 2) {
        if (strcmp(lines[i], table) == 0) {
            return run_sql(spec, apr_pstrcat(unit.pool, "SELECT ", aggregate, " FROM (SELECT ", lines[i + 1], " AS line FROM ",
                                             table, " ORDER BY 1) AS t", NULL));
        }
    }
    ck_abort_msg("this test does not know table %s", table);
    return NULL;
}

static void check_equal(const char *a, const char *b)
{
    for (int table = 0; table < DU_TABLES; table++) {
        const char *name = du_table_name((du_table_e)table), *content = content_of(a, name);

        ck_assert_msg(*content != '\0', "table %s has nothing to compare", name);
        ck_assert_str_eq(content_of(b, name), content);
    }
}

/* To the database under test and back to SQLite. */
START_TEST(there_and_back)
{
    const char *from = filled_store(), *to = another_store("to"), *back = apr_pstrcat(unit.pool, "sqlite3 ", unit_path("back"), NULL);
    du_copied_t copied;

    if (_i == 1) {
        assert_ok(du_store_init(unit.ctx, to, unit.pool));
    }
    assert_ok(copy(from, to, &copied));
    check_equal(from, to);
    ck_assert_int_eq(copied.chain.what, DU_PROOF_WHOLE);
    ck_assert_int_eq(copied.rows[DU_TABLE_ACTIVITY], 4);
    ck_assert_int_eq(copied.generation, generation_of(open_store(from)) + 1);
    ck_assert_int_eq(copied.generation, generation_of(open_store(to)));
    assert_ok(copy(to, back, &copied));
    check_equal(from, back);
    ck_assert_str_eq(schema_of(back), schema_of(from));
    assert_ok(du_store_site_remove(unit.ctx, open_store(to), "Berlin", &kim)); /* it is a store one can work with */
}
END_TEST

START_TEST(every_table_is_copied)
{
    const char *spec = another_store("fresh");

    assert_ok(du_store_init(unit.ctx, spec, unit.pool));
    ck_assert_int_eq(atoi(run_sql(spec, store_server() ? "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
                                                       : "SELECT count(*) FROM sqlite_master WHERE type = 'table'")),
                     DU_TABLES);
    for (int table = 0; table < DU_TABLES; table++) {
        run_sql(spec, apr_pstrcat(unit.pool, "SELECT count(*) FROM ", du_table_name((du_table_e)table), NULL));
    }
}
END_TEST

/* More rows than are read at a time, in tables with one and with two columns as the key. */
START_TEST(many_rows)
{
    const char *from = filled_store(), *to = another_store("to");
    const char *numbers = "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) ";
    du_copied_t copied;

    run_sql(from, apr_pstrcat(unit.pool, "INSERT INTO image_file ", numbers, "SELECT 1, i, 'f' || i, i, '', '', 0, '', '' FROM n", NULL));
    run_sql(from, apr_pstrcat(unit.pool, "INSERT INTO setting ", numbers, "SELECT 's' || (i % 7), 'n' || i, i FROM n", NULL));
    run_sql(from, apr_pstrcat(unit.pool, "INSERT INTO package ", numbers, "SELECT i, 'd' || i, '', 0, 0, '', '', '', '' FROM n", NULL));
    assert_ok(copy(from, to, &copied));
    ck_assert_int_eq(copied.rows[DU_TABLE_IMAGE_FILE], 2500);
    check_equal(from, to);
}
END_TEST

START_TEST(not_onto_something)
{
    const char *from = filled_store(), *to = another_store("to"), *before;
    du_copied_t copied;
    du_store_t *store = made_store(to);

    assert_ok(du_store_site_add(unit.ctx, store, &(du_site_t){"Lab", apr_array_make(unit.pool, 1, sizeof(du_subnet_t))}, &kim));
    du_store_close(store);
    before = census(to);
    assert_refused(DU_E_EXISTS, copy(from, to, &copied));
    ck_assert_str_eq(census(to), before);
    assert_refused(DU_E_EXISTS, copy(from, from, &copied));
    run_sql(to, "UPDATE counter SET value = 99 WHERE name = 'schema'");
    assert_refused(DU_E_SCHEMA, copy(from, to, &copied));
}
END_TEST

/* The last table cannot be written: the other database is as empty as before. */
START_TEST(all_or_nothing)
{
    const char *from = filled_store(), *to = another_store("to"), *before;
    du_copied_t copied;

    assert_ok(du_store_init(unit.ctx, to, unit.pool));
    run_sql(to, store_server() ? "ALTER TABLE activity ADD CONSTRAINT none CHECK (id < 3)"
                               : "CREATE TRIGGER none BEFORE INSERT ON activity WHEN NEW.id > 2 BEGIN SELECT RAISE(ABORT, 'full'); END");
    before = census(to);
    assert_refused(DU_E_STORE, copy(from, to, &copied));
    ck_assert_str_eq(census(to), before);
    run_sql(to, store_server() ? "ALTER TABLE activity DROP CONSTRAINT none" : "DROP TRIGGER none");
    assert_ok(copy(from, to, &copied));
    check_equal(from, to);
}
END_TEST

/* Something in the database drops what is written. */
START_TEST(what_does_not_arrive_is_missed)
{
    const char *from = filled_store(), *to = another_store("to");
    du_copied_t copied;

    assert_ok(du_store_init(unit.ctx, to, unit.pool));
    run_sql(to, store_server() ? "CREATE RULE none AS ON INSERT TO setting DO INSTEAD NOTHING"
                               : "CREATE TRIGGER none BEFORE INSERT ON setting BEGIN SELECT RAISE(IGNORE); END");
    assert_refused(DU_E_STORE, copy(from, to, &copied));
    ck_assert_str_eq(run_sql(to, "SELECT count(*) FROM rule"), "0");
}
END_TEST

START_TEST(a_damaged_record_is_copied_as_it_is)
{
    const char *from = filled_store(), *to = another_store("to");
    du_copied_t copied;

    run_sql(from, "UPDATE activity SET note = 'changed' WHERE id = 2");
    assert_ok(copy(from, to, &copied));
    ck_assert_int_eq(copied.chain.what, DU_PROOF_CHANGED);
    ck_assert_int_eq(copied.chain.bad, 2);
    check_equal(from, to);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_copy");

    tcase_add_loop_test(tests, there_and_back, 0, 2);
    tcase_add_test(tests, every_table_is_copied);
    tcase_add_test(tests, many_rows);
    tcase_add_test(tests, not_onto_something);
    tcase_add_test(tests, all_or_nothing);
    tcase_add_test(tests, what_does_not_arrive_is_missed);
    tcase_add_test(tests, a_damaged_record_is_copied_as_it_is);
    return unit_run(tests);
}
