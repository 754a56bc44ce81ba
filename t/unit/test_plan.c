#include "store.h"

#include "du_plan_phones.h"
#include "du_text.h"
#include "sample.h"

#define V1 "4.0.7577.4387"
#define V2 "4.0.7577.4463"
#define V3 "4.0.7577.4512"

/* Rules 1 (V3 pending, V2 approved, V1 before), 2 (V3 pending) and 3 (V2 approved), of models M1, M2 and M3. */
static const char three_rules[] =
    "INSERT INTO package (id, digest, filename, size, imported, actor, note, trust, signer) "
    "VALUES (1, 'd', 'f', 0, 0, 'a', '', 'verified', '');"
    "INSERT INTO rule (id, device_key, type, brand, model, revision, locale, update_type, pending, approved, restore) VALUES "
    "(1, 'ucphone/polycom/m1/a/enu', 'UCPhone', 'POLYCOM', 'M1', 'A', 'ENU', 'CPE', '" V3 "', '" V2 "', '" V1 "'),"
    "(2, 'ucphone/polycom/m2/a/enu', 'UCPhone', 'POLYCOM', 'M2', 'A', 'ENU', 'CPE', '" V3 "', '', ''),"
    "(3, 'ucphone/polycom/m3/a/enu', 'UCPhone', 'POLYCOM', 'M3', 'A', 'ENU', 'CPE', '', '" V2 "', '');"
    "INSERT INTO image (id, rule_id, version, package_id, trust, signer) VALUES (1, 1, '" V1 "', 1, 'unverified', ''),"
    "(2, 1, '" V2 "', 1, 'expired', ''), (3, 1, '" V3 "', 1, 'verified', ''), (4, 2, '" V3 "', 1, 'unverified', ''),"
    "(5, 3, '" V2 "', 1, 'verified', '')";

static const char *spec; /* of the store of this test: each test is a process of its own */

static void run_all(const char *statements)
{
    char *rest, *one = apr_strtok(apr_pstrdup(unit.pool, statements), ";", &rest);

    for (; one; one = apr_strtok(NULL, ";", &rest)) {
        run_sql(spec, one);
    }
}

static du_store_t *filled_store(void)
{
    du_store_t *store;

    spec = fresh_store();
    store = made_store(spec);
    run_all(three_rules);
    return store;
}

/* The rules of "3 1@V"; answers their numbers. */
static apr_status_t choose(du_store_t *store, const char *texts, apr_array_header_t **rules)
{
    apr_array_header_t *choices = apr_array_make(unit.pool, 4, sizeof(du_choice_t));
    char *rest, *text = apr_strtok(apr_pstrdup(unit.pool, texts), " ", &rest);

    for (; text; text = apr_strtok(NULL, " ", &rest)) {
        ck_assert(du_choice_parse(text, apr_array_push(choices)));
    }
    return du_plan_choose(unit.ctx, store, choices, unit.pool, rules);
}

static const char *numbers(const apr_array_header_t *rules)
{
    const char *text = "";

    for (int i = 0; i < rules->nelts; i++) {
        text = apr_psprintf(unit.pool, "%s%s%" APR_INT64_T_FMT, text, *text ? " " : "",
                            APR_ARRAY_IDX(rules, i, du_rule_t *)->id);
    }
    return text;
}

/* "pending/approved/restore" of a rule afterwards, "" if it has nothing to do. */
static const char *after(const du_plan_t *plan, int i)
{
    const du_planned_t *planned = &APR_ARRAY_IDX(plan->rules, i, du_planned_t);

    return planned->changes ? apr_pstrcat(unit.pool, planned->after.slot[DU_PENDING], "/", planned->after.slot[DU_APPROVED],
                                          "/", planned->after.slot[DU_RESTORE], NULL)
                            : "";
}

static const struct {
    const char *text;
    int id;
    const char *shown;
} choices[] = {{"3", 3, NULL},
               {"3@" V3, 3, V3},
               {"3@" V3 "/" V2 "/", 3, V3 "/" V2 "/"},
               {"3@", 3, ""},
               {"3@@", 3, "@"},
               {"007", 7, NULL},
               {"", 0, NULL},
               {"0", 0, NULL},
               {"-3", 0, NULL},
               {" 3", 0, NULL},
               {"3 ", 0, NULL},
               {"3x", 0, NULL},
               {"@" V3, 0, NULL},
               {"9999999999999999999", 0, NULL}};

START_TEST(choices_are_read)
{
    du_choice_t choice;

    ck_assert_int_eq(du_choice_parse(choices[_i].text, &choice), choices[_i].id > 0);
    if (choices[_i].id) {
        ck_assert_int_eq((int)choice.id, choices[_i].id);
        ck_assert_pstr_eq(choice.shown, choices[_i].shown);
    }
}
END_TEST

START_TEST(rules_are_chosen_by_number)
{
    du_store_t *store = filled_store();
    apr_array_header_t *rules;

    assert_ok(choose(store, "3 1 3", &rules));
    ck_assert_str_eq(numbers(rules), "3 1");
    assert_ok(choose(store, "", &rules));
    ck_assert_str_eq(numbers(rules), "");
    assert_refused(DU_E_NOT_FOUND, choose(store, "1 4", &rules));
}
END_TEST

START_TEST(what_was_shown_must_be_there)
{
    du_store_t *store = filled_store();
    apr_array_header_t *rules;

    assert_ok(choose(store, "1@" V3 " 2@" V3 "//", &rules));
    ck_assert_str_eq(numbers(rules), "1 2");
    ck_assert_str_eq(du_choice_text(unit.pool, APR_ARRAY_IDX(rules, 0, du_rule_t *)), "1@" V3 "/" V2 "/" V1);
    assert_refused(DU_E_CONFLICT, choose(store, "1@" V2, &rules));
    assert_refused(DU_E_CONFLICT, choose(store, "1@", &rules));
    assert_refused(DU_E_CONFLICT, choose(store, "1@" V3 "/" V2 "/", &rules));
    assert_refused(DU_E_CONFLICT, choose(store, "2@" V3 "/" V2 "/", &rules));
    assert_refused(DU_E_CONFLICT, choose(store, "1 3@" V2, &rules));
}
END_TEST

START_TEST(rules_are_chosen_by_what_they_are)
{
    du_store_t *store = filled_store();
    apr_array_header_t *rules;

    assert_ok(du_plan_filter(unit.ctx, store, &(du_rule_filter_t){.state = DU_RULE_PENDING}, unit.pool, &rules));
    ck_assert_str_eq(numbers(rules), "1 2");
    assert_ok(du_plan_filter(unit.ctx, store, &(du_rule_filter_t){.state = DU_RULE_STATES, .key.model = "m3"}, unit.pool,
                             &rules));
    ck_assert_str_eq(numbers(rules), "3");
}
END_TEST

START_TEST(a_plan_says_what_is_done)
{
    du_store_t *store = filled_store();
    apr_array_header_t *rules;
    du_plan_t *plan;

    assert_ok(choose(store, "1 2 3", &rules));
    plan = du_plan_make(DU_ACTION_APPROVE, NULL, rules, unit.pool);
    ck_assert_str_eq(after(plan, 0), "/" V3 "/" V2);
    ck_assert_str_eq(after(plan, 1), "/" V3 "/");
    ck_assert_str_eq(after(plan, 2), "");
    plan = du_plan_changing(plan, unit.pool);
    ck_assert_int_eq(plan->rules->nelts, 2);
    assert_ok(du_plan_run(unit.ctx, store, plan, &kim));
    assert_ok(choose(store, "1@/" V3 "/" V2 " 2@/" V3 "/ 3@/" V2 "/", &rules));
    plan = du_plan_make(DU_ACTION_APPROVE, NULL, rules, unit.pool);
    assert_rv(DU_E_NOTHING, du_plan_run(unit.ctx, store, plan, &kim));
}
END_TEST

START_TEST(a_plan_that_was_overtaken)
{
    du_store_t *store = filled_store();
    apr_array_header_t *rules;
    du_plan_t *plan;

    assert_ok(choose(store, "1 2", &rules));
    plan = du_plan_make(DU_ACTION_APPROVE, NULL, rules, unit.pool);
    run_sql(spec, "UPDATE rule SET pending = '' WHERE id = 2");
    assert_refused(DU_E_CONFLICT, du_plan_run(unit.ctx, store, plan, &kim));
    ck_assert_str_eq(run_sql(spec, "SELECT pending FROM rule WHERE id = 1"), V3);
}
END_TEST

START_TEST(to_a_version_that_is_stored)
{
    du_store_t *store = filled_store();
    apr_array_header_t *rules, *versions;
    apr_hash_t *unverified;

    assert_ok(choose(store, "1", &rules));
    assert_ok(du_plan_check(unit.ctx, store, du_plan_make(DU_ACTION_RESTORE, V1, rules, unit.pool)));
    assert_ok(du_plan_check(unit.ctx, store, du_plan_make(DU_ACTION_RESTORE, NULL, rules, unit.pool)));
    assert_refused(DU_E_NOT_FOUND, du_plan_check(unit.ctx, store, du_plan_make(DU_ACTION_RESTORE, "9", rules, unit.pool)));
    assert_ok(du_store_versions(unit.ctx, store, 1, unit.pool, &versions));
    ck_assert_int_eq(versions->nelts, 3);
    ck_assert_str_eq(APR_ARRAY_IDX(versions, 0, const char *), V1);
    ck_assert_str_eq(APR_ARRAY_IDX(versions, 2, const char *), V3);
    assert_ok(du_store_unverified(unit.ctx, store, unit.pool, &unverified));
    ck_assert_int_eq(apr_hash_count(unverified), 2);
    ck_assert_ptr_nonnull(apr_hash_get(unverified, du_store_version_key(unit.pool, 2, V3), APR_HASH_KEY_STRING));
    ck_assert_ptr_null(apr_hash_get(unverified, du_store_version_key(unit.pool, 1, V2), APR_HASH_KEY_STRING));
}
END_TEST

/*
 * Phones
 */

static void check_phones(du_store_t *store, const du_plan_phones_t *phones, const char *choice, du_action_e action,
                         const char *to, int known, int others, int only)
{
    apr_array_header_t *rules;
    du_rule_count_t count;
    const du_plan_t *plan;

    assert_ok(choose(store, choice, &rules));
    plan = du_plan_make(action, to, rules, unit.pool);
    assert_ok(du_plan_phones_count(unit.ctx, phones, &APR_ARRAY_IDX(plan->rules, 0, du_planned_t), &count));
    ck_assert_msg(count.known == known && count.others == others && count.test_devices_only == only,
                  "rule %s, %s: %d known, %d others, %d", choice, du_action_name(action), (int)count.known, (int)count.others,
                  count.test_devices_only);
}

START_TEST(phones_that_are_not_known)
{
    du_store_t *store = filled_store();
    du_plan_phones_t *phones;

    assert_ok(du_plan_phones_read(unit.ctx, store, unit.dir, unit.pool, &phones));
    ck_assert_ptr_null(phones);
    assert_ok(du_plan_phones_read(unit.ctx, store, NULL, unit.pool, &phones));
    ck_assert_ptr_null(phones);
    ck_assert_ptr_null(unit.ctx->failure.id);
}
END_TEST

/* Of M1: one on V1, two on V2, four on V3, eight on V9. Of M3: 16 on V2. */
START_TEST(phones_of_the_inventory)
{
    du_store_t *store = filled_store();
    du_plan_phones_t *phones;

    run_all("INSERT INTO reading (file, position, time) VALUES ('f', 1, 1);"
            "INSERT INTO device_count (id, device_key, type, brand, model, revision, locale, version, site_key, state, phones) VALUES "
            "(1, 'ucphone/polycom/m1/a/enu', 'UCPhone', 'POLYCOM', 'M1', 'A', 'ENU', '" V1 "', '', 'new', 1),"
            "(2, 'ucphone/polycom/m1/a/enu', 'UCPhone', 'POLYCOM', 'M1', 'A', 'ENU', '" V2 "', '', 'new', 2),"
            "(3, 'ucphone/polycom/m1/a/enu', 'UCPhone', 'POLYCOM', 'M1', 'A', 'ENU', '" V3 "', '', 'new', 4),"
            "(4, 'ucphone/polycom/m1/a/enu', 'UCPhone', 'POLYCOM', 'M1', 'A', 'ENU', 'V9', '', 'new', 8),"
            "(5, 'ucphone/polycom/m3/a/enu', 'UCPhone', 'POLYCOM', 'M3', 'A', 'ENU', '" V2 "', '', 'new', 16);"
            "INSERT INTO device_version SELECT device_key, version, type, brand, model, revision, locale, phones FROM device_count");
    assert_ok(du_plan_phones_read(unit.ctx, store, NULL, unit.pool, &phones));
    ck_assert_ptr_nonnull(phones);
    check_phones(store, phones, "1", DU_ACTION_APPROVE, NULL, 15, 11, 0);
    check_phones(store, phones, "1", DU_ACTION_RESET, NULL, 15, 13, 1);
    check_phones(store, phones, "1", DU_ACTION_RESTORE, NULL, 15, 14, 0);
    check_phones(store, phones, "1", DU_ACTION_RESTORE, "V9", 15, 7, 0);
    check_phones(store, phones, "1", DU_ACTION_REMOVE, NULL, 15, 15, 0);
    check_phones(store, phones, "2", DU_ACTION_APPROVE, NULL, 0, 0, 0);
    check_phones(store, phones, "3", DU_ACTION_RESTORE, NULL, 16, 16, 0);
    ck_assert_int_eq((int)du_plan_phones_bad_lines(phones), 0);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("plan");

    tcase_add_loop_test(tests, choices_are_read, 0, COUNT_OF(choices));
    tcase_add_test(tests, rules_are_chosen_by_number);
    tcase_add_test(tests, what_was_shown_must_be_there);
    tcase_add_test(tests, rules_are_chosen_by_what_they_are);
    tcase_add_test(tests, a_plan_says_what_is_done);
    tcase_add_test(tests, a_plan_that_was_overtaken);
    tcase_add_test(tests, to_a_version_that_is_stored);
    tcase_add_test(tests, phones_that_are_not_known);
    tcase_add_test(tests, phones_of_the_inventory);
    return unit_run(tests);
}
