#include "store.h"

#include "sample.h"

static apr_status_t set(du_store_t *store, const char *site, du_setting_e setting, const char *text)
{
    const char *value;

    return du_store_setting_set(unit.ctx, store, site, setting, DU_SETTING_REPLACE, text, &kim, &value);
}

static apr_status_t change_list(du_store_t *store, const char *site, du_setting_op_e op, const char *words)
{
    const char *value;

    return du_store_setting_set(unit.ctx, store, site, DU_SET_VALID_LOG_TYPES, op, words, &kim, &value);
}

static const char *in_force(du_store_t *store, const char *site, du_setting_e setting)
{
    du_settings_t settings;

    assert_ok(du_store_settings_in_force(unit.ctx, store, site, unit.pool, &settings));
    return du_setting_text(&settings, setting);
}

/* The rows themselves, in no order that matters. */
static const char *rows(const char *spec)
{
    return run_sql(spec, "SELECT count(*) || ' ' || COALESCE(min(scope || name || value), '') || ' ' || "
                         "COALESCE(max(scope || name || value), '') FROM setting");
}

static const char *last_activity(const char *spec)
{
    return run_sql(spec, "SELECT actor || '|' || action || '|' || object || '|' || before || '|' || after FROM activity "
                         "ORDER BY id");
}

static du_store_t *store_with_site(const char *spec)
{
    du_store_t *store = made_store(spec);

    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Berlin", "10.1.0.0/16", unit.pool), &kim));
    return store;
}

START_TEST(values_are_set_and_reset)
{
    const char *spec = fresh_store(), *value;
    du_store_t *store = store_with_site(spec);
    int generation = generation_of(store);

    ck_assert_str_eq(in_force(store, "", DU_SET_LOG_CLEAN_UP_INTERVAL), "10.00:00:00");
    assert_ok(du_store_setting_set(unit.ctx, store, "", DU_SET_LOG_CLEAN_UP_INTERVAL, DU_SETTING_REPLACE, "14.", &kim,
                                   &value));
    ck_assert_str_eq(value, "14.00:00:00");
    ck_assert_str_eq(last_activity(spec), "kim|set|setting global/LogCleanUpInterval||14.00:00:00");
    assert_ok(set(store, "", DU_SET_LOG_CLEAN_UP_INTERVAL, "20."));
    ck_assert_str_eq(last_activity(spec), "kim|set|setting global/LogCleanUpInterval|14.00:00:00|20.00:00:00");
    ck_assert_str_eq(rows(spec), "1 LogCleanUpInterval20.00:00:00 LogCleanUpInterval20.00:00:00");
    ck_assert_int_eq(generation_of(store), generation + 2);
    ck_assert_int_eq(set(store, "", DU_SET_LOG_CLEAN_UP_INTERVAL, "20.00:00:00"), DU_E_NOTHING);
    ck_assert_int_eq(generation_of(store), generation + 2);
    assert_ok(du_store_setting_reset(unit.ctx, store, "", DU_SET_LOG_CLEAN_UP_INTERVAL, &kim));
    ck_assert_str_eq(last_activity(spec), "kim|reset|setting global/LogCleanUpInterval|20.00:00:00|");
    ck_assert_str_eq(in_force(store, "", DU_SET_LOG_CLEAN_UP_INTERVAL), "10.00:00:00");
    ck_assert_int_eq(du_store_setting_reset(unit.ctx, store, "", DU_SET_LOG_CLEAN_UP_INTERVAL, &kim), DU_E_NOTHING);
    ck_assert_int_eq(du_store_setting_reset(unit.ctx, store, "", DU_SETTINGS, &kim), DU_E_NOTHING);
    ck_assert_int_eq(generation_of(store), generation + 3);
}
END_TEST

START_TEST(C1_new_settings_of_a_site)
{
    const char *spec = fresh_store(), *before;
    du_store_t *store = store_with_site(spec);

    assert_ok(set(store, "", DU_SET_MAX_LOG_CACHE_LIMIT, "1"));
    before = census(spec);
    assert_refused(DU_E_EXISTS, du_store_setting_new(unit.ctx, store, "", &kim));
    assert_refused(DU_E_NOT_FOUND, du_store_setting_new(unit.ctx, store, "Paris", &kim));
    ck_assert_str_eq(census(spec), before);
    assert_ok(du_store_setting_new(unit.ctx, store, "BERLIN", &kim));
    ck_assert_str_eq(in_force(store, "Berlin", DU_SET_MAX_LOG_CACHE_LIMIT), "512000");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM setting WHERE scope = 'berlin'"), "7");
    before = census(spec);
    assert_refused(DU_E_EXISTS, du_store_setting_new(unit.ctx, store, "berlin", &kim));
    ck_assert_str_eq(census(spec), before);
}
END_TEST

START_TEST(C2_reset_of_a_scope)
{
    const char *spec = fresh_store();
    du_store_t *store = store_with_site(spec);

    assert_ok(set(store, "", DU_SET_MAX_LOG_CACHE_LIMIT, "1024000"));
    assert_ok(set(store, "", DU_SET_LOG_FLUSH_INTERVAL, "00:02:00"));
    assert_ok(set(store, "berlin", DU_SET_MAX_LOG_CACHE_LIMIT, "7"));
    ck_assert_str_eq(in_force(store, "Berlin", DU_SET_MAX_LOG_CACHE_LIMIT), "7");
    ck_assert_str_eq(in_force(store, "Berlin", DU_SET_LOG_FLUSH_INTERVAL), "00:02:00");
    assert_ok(du_store_setting_reset(unit.ctx, store, "Berlin", DU_SETTINGS, &kim));
    ck_assert_str_eq(last_activity(spec), "kim|reset|setting site:Berlin|MaxLogCacheLimit=7|");
    ck_assert_str_eq(in_force(store, "Berlin", DU_SET_MAX_LOG_CACHE_LIMIT), "1024000");
    assert_ok(du_store_setting_reset(unit.ctx, store, "", DU_SETTINGS, &kim));
    ck_assert_str_eq(last_activity(spec), "kim|reset|setting global|LogFlushInterval=00:02:00 MaxLogCacheLimit=1024000|");
    ck_assert_str_eq(in_force(store, "Berlin", DU_SET_MAX_LOG_CACHE_LIMIT), "512000");
    ck_assert_str_eq(rows(spec), "0  ");
}
END_TEST

START_TEST(C9_lists)
{
    const char *spec = fresh_store();
    du_store_t *store = store_with_site(spec);

    assert_ok(change_list(store, "", DU_SETTING_REMOVE, "celog,Watson"));
    ck_assert_str_eq(in_force(store, "", DU_SET_VALID_LOG_TYPES), "Config,DiagLog");
    /* at a site without a list of its own it is the global one that words are added to */
    assert_ok(change_list(store, "Berlin", DU_SETTING_ADD, "CELog,Trace"));
    ck_assert_str_eq(in_force(store, "Berlin", DU_SET_VALID_LOG_TYPES), "Config,DiagLog,CELog,Trace");
    ck_assert_str_eq(in_force(store, "", DU_SET_VALID_LOG_TYPES), "Config,DiagLog");
    ck_assert_int_eq(change_list(store, "", DU_SETTING_REMOVE, "CELog"), DU_E_NOTHING);
    ck_assert_int_eq(change_list(store, "", DU_SETTING_ADD, "config"), DU_E_NOTHING);
    assert_ok(set(store, "", DU_SET_VALID_LOG_TYPES, "Watson"));
    ck_assert_str_eq(in_force(store, "", DU_SET_VALID_LOG_TYPES), "Watson");
    assert_ok(change_list(store, "", DU_SETTING_REMOVE, "Watson"));
    ck_assert_str_eq(in_force(store, "", DU_SET_VALID_LOG_TYPES), "");
}
END_TEST

START_TEST(what_cannot_be_set)
{
    const char *spec = fresh_store(), *before, *value, *longest = "t00";
    du_store_t *store = store_with_site(spec);

    before = apr_pstrcat(unit.pool, census(spec), rows(spec), NULL);
    assert_refused(DU_E_MALFORMED, set(store, "", DU_SET_LOG_CLEAN_UP_INTERVAL, "366."));
    assert_refused(DU_E_MALFORMED, set(store, "Berlin", DU_SET_LOG_QUOTA, "1"));
    assert_refused(DU_E_NOT_FOUND, set(store, "Paris", DU_SET_LOG_CLEAN_UP_INTERVAL, "20."));
    assert_refused(DU_E_NOT_FOUND, du_store_setting_reset(unit.ctx, store, "Paris", DU_SETTINGS, &kim));
    assert_refused(DU_E_MALFORMED, change_list(store, "", DU_SETTING_ADD, "a/b"));
    assert_refused(DU_E_MALFORMED, du_store_setting_set(unit.ctx, store, "", DU_SET_LOG_QUOTA, DU_SETTING_ADD, "1", &kim,
                                                        &value));
    ck_assert_str_eq(apr_pstrcat(unit.pool, census(spec), rows(spec), NULL), before);
    /* a list that only grows must not outgrow what is read back */
    for (int i = 1; i < 800; i++) {
        longest = apr_psprintf(unit.pool, "%s,t%03d", longest, i);
    }
    assert_ok(set(store, "", DU_SET_VALID_LOG_TYPES, longest));
    assert_refused(DU_E_MALFORMED, change_list(store, "", DU_SETTING_ADD, apr_psprintf(unit.pool, "%064d,%063d", 1, 1)));
    ck_assert_str_eq(in_force(store, "", DU_SET_VALID_LOG_TYPES), longest);
}
END_TEST

/* Made by hand or by another version: as if it were not there. */
START_TEST(values_that_nobody_chose)
{
    const char *spec = fresh_store();
    du_store_t *store = store_with_site(spec);

    assert_ok(set(store, "", DU_SET_MAX_LOG_FILE_SIZE, "70000"));
    run_sql(spec, "UPDATE setting SET value = '0' RETURNING value");
    ck_assert_str_eq(in_force(store, "", DU_SET_MAX_LOG_FILE_SIZE), "1024000");
    assert_ok(set(store, "", DU_SET_MAX_LOG_FILE_SIZE, "80000"));
    ck_assert_str_eq(in_force(store, "", DU_SET_MAX_LOG_FILE_SIZE), "80000");
    run_sql(spec, "UPDATE setting SET name = 'Later' RETURNING name");
    ck_assert_str_eq(in_force(store, "", DU_SET_MAX_LOG_FILE_SIZE), "1024000");
}
END_TEST

START_TEST(settings_go_with_their_site)
{
    const char *spec = fresh_store();
    du_store_t *store = store_with_site(spec);
    du_settings_t settings;

    assert_ok(set(store, "", DU_SET_LOG_CLEAN_UP_INTERVAL, "14."));
    assert_ok(set(store, "Berlin", DU_SET_LOG_CLEAN_UP_INTERVAL, "20."));
    assert_ok(du_store_site_remove(unit.ctx, store, "berlin", &kim));
    ck_assert_str_eq(rows(spec), "1 LogCleanUpInterval14.00:00:00 LogCleanUpInterval14.00:00:00");
    ck_assert_str_eq(run_sql(spec, "SELECT object || '|' || before FROM activity WHERE action = 'reset'"),
                     "setting site:berlin|LogCleanUpInterval=20.00:00:00");
    /* a node that followed it gets the global values, and is told */
    ck_assert_int_eq(du_store_settings_in_force(unit.ctx, store, "Berlin", unit.pool, &settings), DU_E_NOT_FOUND);
    ck_assert_str_eq(du_setting_text(&settings, DU_SET_LOG_CLEAN_UP_INTERVAL), "14.00:00:00");
}
END_TEST

START_TEST(settings_come_with_the_rules)
{
    du_snapshot_t *snapshot = sample_snapshot(sample_rules(unit.pool), 1, unit.pool);
    const char *path = unit_path("rules");
    du_settings_t settings;

    du_ruleset_settings(NULL, &settings);
    ck_assert_str_eq(du_setting_text(&settings, DU_SET_MAX_LOG_FILE_SIZE), "1024000");
    du_ruleset_settings(sample_load(unit.ctx, snapshot, path, unit.pool), &settings);
    ck_assert_ptr_null(settings.value[DU_SET_MAX_LOG_FILE_SIZE]);
    snapshot->settings.value[DU_SET_MAX_LOG_FILE_SIZE] = "70000";
    snapshot->settings.value[DU_SET_VALID_LOG_TYPES] = "";
    snapshot->settings.value[DU_SETTINGS - 1] = "yes";
    du_ruleset_settings(sample_load(unit.ctx, snapshot, path, unit.pool), &settings);
    ck_assert_int_eq(du_setting_number(&settings, DU_SET_MAX_LOG_FILE_SIZE), 70000);
    ck_assert_str_eq(du_setting_text(&settings, DU_SET_VALID_LOG_TYPES), "");
    ck_assert_str_eq(du_setting_text(&settings, (du_setting_e)(DU_SETTINGS - 1)), "yes");
    ck_assert_ptr_null(settings.value[DU_SET_VALID_LOG_EXTENSIONS]);
}
END_TEST

START_TEST(removed_logs_are_an_activity)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);

    assert_ok(du_store_logs_removed(unit.ctx, store, "client 1 file 7 bytes", &kim));
    ck_assert_str_eq(last_activity(spec), "kim|clear|logs|client 1 file 7 bytes|");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_setting");

    tcase_add_test(tests, values_are_set_and_reset);
    tcase_add_test(tests, C1_new_settings_of_a_site);
    tcase_add_test(tests, C2_reset_of_a_scope);
    tcase_add_test(tests, C9_lists);
    tcase_add_test(tests, what_cannot_be_set);
    tcase_add_test(tests, values_that_nobody_chose);
    tcase_add_test(tests, settings_go_with_their_site);
    tcase_add_test(tests, settings_come_with_the_rules);
    tcase_add_test(tests, removed_logs_are_an_activity);
    return unit_run(tests);
}
