#include "records.h"

#include "du_decide.h"
#include "du_hold.h"

#include "sample.h"

/* Phones that take a version again and again, and phones that somebody holds. In PostgreSQL, too (pgsql_hold.t). */

#define HOLDS "SELECT d.held || ' ' || d.takes " OF_PHONES "WHERE n.mac = '" ALICE "'"
#define STATE "SELECT c.state " OF_PHONES "WHERE n.mac = '" ALICE "'"

static void setting(du_setting_e id, const char *value)
{
    const char *is;

    assert_ok(du_store_setting_set(unit.ctx, store, "", id, DU_SETTING_REPLACE, value, &kim, &is));
}

static int minute;

static const char *clock_text(void)
{
    minute++;
    return apr_psprintf(unit.pool, "%02d:%02d:00", minute / 60, minute % 60);
}

static void ask(const char *mac, const char *version)
{
    check(clock_text(), "10.1.0.1", mac, "", version, "2.0", "offered", "approved");
}

static void fetch(int sent)
{
    download(clock_text(), "10.1.0.1", PATH "CPE.nbt", sent == 1000 ? 200 : 206, sent, 1000);
}

/* Asks, and fetches all of what it is offered, so often; with `step`, each is read by itself. */
static void go_round(const char *mac, int rounds, int step)
{
    for (int i = 0; i < rounds; i++) {
        ask(mac, "1.0");
        if (step) {
            assert_ok(du_ingest_run(unit.ctx, ingest, unit.dir, NULL, &report));
        }
        fetch(1000);
        if (step) {
            assert_ok(du_ingest_run(unit.ctx, ingest, unit.dir, NULL, &report));
        }
    }
}

static void read_all(void)
{
    assert_ok(du_ingest_run(unit.ctx, ingest, unit.dir, NULL, &report));
    check_counts();
}

static void begin_with(const char *hold_after)
{
    minute = 0;
    begin();
    setting(DU_SET_HOLD_AFTER, hold_after);
}

/* What the rule set of the store says of a phone. */
static int is_held(const char *mac, const char *version)
{
    du_snapshot_t snapshot;
    const void *block;
    apr_size_t len;
    const du_ruleset_t *ruleset;
    const char *path = unit_path("ruleset");

    assert_ok(du_store_snapshot(unit.ctx, store, unit.pool, &snapshot));
    assert_ok(du_ruleset_compile(unit.ctx, &snapshot, sample_dialects(sample_reply(unit.ctx, unit.pool), unit.pool),
                                 unit.pool, &block, &len));
    assert_ok(du_ruleset_keep(unit.ctx, path, block, len));
    assert_ok(du_ruleset_load(unit.ctx, path, unit.pool, &ruleset));
    return du_ruleset_is_held(ruleset, mac, NULL, version);
}

/* Three times is a loop: in one batch or record by record. */
START_TEST(loop_is_broken)
{
    int generation;

    begin_with("3");
    generation = generation_of(store);
    go_round(ALICE, 3, _i);
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 2");
    ck_assert_int_eq(generation_of(store), generation);
    ask(ALICE, "1.0");
    read_all();
    ck_assert_str_eq(sql(HOLDS), "2.0 3");
    ck_assert_str_eq(sql(STATE), "stuck");
    ck_assert_int_eq(generation_of(store), generation + 1);
    ck_assert_int_eq(is_held(ALICE, "2.0"), 1);
    ck_assert_int_eq(is_held(ALICE, "2.1"), 0);
    ck_assert_int_eq(is_held(ALICE, DU_HELD_ALL), 0);
    ck_assert_str_eq(sql("SELECT version || ' ' || result || ' ' || reason FROM device_event WHERE kind = 'hold'"), "2.0 held loop");
    ck_assert_str_eq(sql("SELECT actor || ' ' || node || ' ' || action || ' ' || object || ' ' || after || ': ' || note FROM activity "
                         "ORDER BY id DESC LIMIT 1"),
                     "reader n1 hold device " ALICE " 2.0: took it 3 times and never reported it: UCPhone/POLYCOM/CX600/A/ENU");
    check(clock_text(), "10.1.0.1", ALICE, "", "1.0", "", "none", "held");
    read_all();
    ck_assert_str_eq(sql(STATE), "stuck");
    ck_assert_int_eq(generation_of(store), generation + 1);
}
END_TEST

/* What is no loop: asking without fetching, parts, one image in many pieces, and a phone that updates in the end. */
START_TEST(what_is_no_loop)
{
    begin_with("2");
    for (int i = 0; i < 5; i++) {
        ask(ALICE, "1.0");
    }
    fetch(400);
    ask(ALICE, "1.0");
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 0");
    fetch(300);
    fetch(300);
    ask(ALICE, "1.0");
    ask(ALICE, "1.0");
    ask(ALICE, "1.0"); /* waits for the night */
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 1");
    ask(ALICE, "2.0");
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 0");
}
END_TEST

START_TEST(never)
{
    begin_with("0");
    go_round(ALICE, 9, 0);
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 8");
}
END_TEST

/* A test device, everywhere or where it is, tries on. */
START_TEST(test_devices_go_on)
{
    static const char *const scopes[] = {"", "Berlin", "Lab"};
    du_test_device_t device = sample_make_device(scopes[_i], DU_TEST_MAC, ALICE);

    begin_with("1");
    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Berlin", "10.1.0.0/16", unit.pool), &kim));
    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Lab", "10.2.0.0/16", unit.pool), &kim));
    assert_ok(du_store_test_device_add(unit.ctx, store, &device, &kim));
    go_round(ALICE, 5, 0);
    read_all();
    ck_assert_str_eq(sql(HOLDS), _i == 2 ? "2.0 4" : " 4");
}
END_TEST

/* Many at once are one row of the record. */
START_TEST(many_loops_are_one_row)
{
    begin_with("1");
    for (int i = 0; i < 30; i++) {
        go_round(apr_psprintf(unit.pool, "00-04-F2-00-01-%02d", i), 1, 0);
    }
    for (int i = 0; i < 30; i++) {
        ask(apr_psprintf(unit.pool, "00-04-F2-00-01-%02d", i), "1.0");
    }
    read_all();
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device WHERE held = '2.0'"), "30");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM activity WHERE action = 'hold'"), "1");
    ck_assert_str_eq(sql("SELECT object FROM activity WHERE action = 'hold'"), "30 devices");
}
END_TEST

/* It reports the version after all: somebody has put it there by hand. */
START_TEST(loop_ends_by_itself)
{
    int generation;

    begin_with("1");
    go_round(ALICE, 2, 0);
    read_all();
    ck_assert_str_eq(sql(HOLDS), "2.0 1");
    generation = generation_of(store);
    check(clock_text(), "10.1.0.1", ALICE, "", "2.0", "", "none", "current");
    read_all();
    ck_assert_int_eq(generation_of(store), generation + 1);
    ck_assert_str_eq(sql(HOLDS), " 0");
    ck_assert_str_eq(sql(STATE), "updated");
    ck_assert_str_eq(sql("SELECT result || ' ' || reason FROM device_event WHERE kind = 'hold' ORDER BY number DESC LIMIT 1"),
                     "released reported");
}
END_TEST

static apr_int64_t id_of(const char *mac)
{
    return apr_atoi64(sql(apr_pstrcat(unit.pool, "SELECT device_id FROM device_name WHERE mac = '", mac, "'", NULL)));
}

static apr_status_t release(const char *mac, int *released)
{
    apr_array_header_t *ids = apr_array_make(unit.pool, 1, sizeof(apr_int64_t));

    APR_ARRAY_PUSH(ids, apr_int64_t) = id_of(mac);
    return du_release(unit.ctx, store, ids, &kim, released);
}

/* Released, it has all its tries again. */
START_TEST(released)
{
    int count;

    begin_with("2");
    go_round(ALICE, 3, 0);
    read_all();
    ck_assert_str_eq(sql(HOLDS), "2.0 2");
    assert_ok(release(ALICE, &count));
    ck_assert_int_eq(count, 1);
    check_counts();
    ck_assert_str_eq(sql(HOLDS), " 0");
    ck_assert_int_eq(is_held(ALICE, "2.0"), 0);
    ck_assert_str_eq(sql("SELECT actor || ' ' || action || ' ' || object || ' ' || before FROM activity ORDER BY id DESC LIMIT 1"),
                     "kim release device " ALICE " 2.0");
    assert_refused(DU_E_CONFLICT, release(ALICE, &count));
    ck_assert_int_eq(count, 0);
    go_round(ALICE, 1, 0);
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 0");
    go_round(ALICE, 2, 0);
    read_all();
    ck_assert_str_eq(sql(HOLDS), "2.0 2");
}
END_TEST

START_TEST(held_by_somebody)
{
    int generation;

    begin_with("2");
    check(clock_text(), "10.1.0.1", ALICE, "S1", "1.0", "", "none", "current");
    check(clock_text(), "10.1.0.9", "", "", "1.0", "", "none", "current");
    read_all();
    generation = generation_of(store);
    assert_ok(du_hold(unit.ctx, store, id_of(ALICE), DU_HELD_ALL, &kim));
    ck_assert_str_eq(sql(HOLDS), "* 0");
    ck_assert_str_eq(sql(STATE), "current");
    ck_assert_int_eq(generation_of(store), generation + 1);
    ck_assert_int_eq(is_held(ALICE, DU_HELD_ALL), 1);
    assert_refused(DU_E_EXISTS, du_hold(unit.ctx, store, id_of(ALICE), DU_HELD_ALL, &kim));
    assert_refused(DU_E_NOT_FOUND, du_hold(unit.ctx, store, 4711, DU_HELD_ALL, &kim));
    assert_refused(DU_E_MALFORMED, du_hold(unit.ctx, store, id_of(""), DU_HELD_ALL, &kim));
    ck_assert_int_eq(generation_of(store), generation + 1);
    assert_ok(du_hold(unit.ctx, store, id_of(ALICE), "3.0", &kim));
    ck_assert_str_eq(sql("SELECT before || ' ' || after FROM activity ORDER BY id DESC LIMIT 1"), "* 3.0");
    ck_assert_str_eq(sql("SELECT result || ' ' || reason FROM device_event WHERE kind = 'hold' ORDER BY number DESC LIMIT 1"),
                     "held kim");
    check(clock_text(), "10.1.0.1", ALICE, "S1", "3.0", "", "none", "current"); /* it has it anyhow */
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 0");
}
END_TEST

START_TEST(lists_and_counts)
{
    const du_inventory_filter_t all = {0}, cx700 = {.model = "cx700"}, cx600 = {.model = "CX600"};
    du_inventory_view_t view = {0};
    apr_array_header_t *phones, *rules;
    apr_int64_t count;

    begin_with("2");
    run_sql(spec, "INSERT INTO rule VALUES (7, 'ucphone/polycom/cx600/a/enu', 'UCPhone', 'POLYCOM', 'CX600', 'A', 'ENU', 'CPE', '', '2.0', '')");
    for (int i = 0; i < 5; i++) {
        const char *mac = apr_psprintf(unit.pool, "00-04-F2-00-01-%02d", i);

        check(clock_text(), "10.1.0.1", mac, "", "1.0", "", "none", "current");
        read_all();
        if (i > 0) {
            assert_ok(du_hold(unit.ctx, store, id_of(mac), i < 4 ? "2.0" : DU_HELD_ALL, &kim));
        }
    }
    assert_ok(du_held_count(unit.ctx, store, &count));
    ck_assert_int_eq(count, 4);
    assert_ok(du_held_rules(unit.ctx, store, 0, unit.pool, &rules));
    ck_assert_int_eq(rules->nelts, 2);
    ck_assert_int_eq(APR_ARRAY_IDX(rules, 1, du_held_rule_t).rule_id, 7);
    ck_assert_str_eq(APR_ARRAY_IDX(rules, 1, du_held_rule_t).version, "2.0");
    ck_assert_int_eq(APR_ARRAY_IDX(rules, 1, du_held_rule_t).phones, 3);
    assert_ok(du_held_rules(unit.ctx, store, 7, unit.pool, &rules));
    ck_assert_int_eq(rules->nelts, 2);
    assert_ok(du_held_rules(unit.ctx, store, 8, unit.pool, &rules));
    ck_assert_int_eq(rules->nelts, 0);
    assert_ok(du_held_phones(unit.ctx, store, &view, &all, NULL, NULL, 10, unit.pool, &phones));
    ck_assert_int_eq(phones->nelts, 4);
    assert_ok(du_held_phones(unit.ctx, store, &view, &cx700, NULL, NULL, 10, unit.pool, &phones));
    ck_assert_int_eq(phones->nelts, 0);
    assert_ok(du_held_phones(unit.ctx, store, &view, &cx600, "2.0", NULL, 2, unit.pool, &phones));
    ck_assert_int_eq(phones->nelts, 2);
    assert_ok(du_held_phones(unit.ctx, store, &view, &cx600, "2.0", &APR_ARRAY_IDX(phones, 1, du_phone_t), 2, unit.pool, &phones));
    ck_assert_int_eq(phones->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(phones, 0, du_phone_t).mac, "00-04-F2-00-01-03");
}
END_TEST

static void ask_for(const char *version)
{
    check(clock_text(), "10.1.0.1", ALICE, "", "1.0", version, "offered", "approved");
}

/* Held for one version, it goes round with the next one. */
START_TEST(another_loop)
{
    begin_with("2");
    go_round(ALICE, 3, 0);
    read_all();
    ck_assert_str_eq(sql(HOLDS), "2.0 2");
    for (int i = 0; i < 4; i++) {
        ask_for("2.1");
        download(clock_text(), "10.1.0.1", "UCPhone/POLYCOM/CX600/A/ENU/2.1/CPE/CPE.nbt", 200, 1000, 1000);
    }
    ask_for("2.1");
    read_all();
    ck_assert_str_eq(sql(HOLDS), "2.1 4");
}
END_TEST

/* Once all of it, and then a few bytes at a time: it is not fetched again. */
START_TEST(bytes_are_no_round)
{
    begin_with("3");
    go_round(ALICE, 1, 0);
    for (int i = 0; i < 3; i++) {
        ask(ALICE, "1.0");
        fetch(1);
    }
    ask(ALICE, "1.0");
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 1");
}
END_TEST

/* Released, it only asks. */
START_TEST(released_and_asking)
{
    begin_with("2");
    go_round(ALICE, 3, 0);
    read_all();
    assert_ok(release(ALICE, NULL));
    for (int i = 0; i < 6; i++) {
        ask(ALICE, "1.0");
    }
    read_all();
    ck_assert_str_eq(sql(HOLDS), " 0");
}
END_TEST

START_TEST(what_is_no_version)
{
    begin_with("2");
    check(clock_text(), "10.1.0.1", ALICE, "S1", "1.0", "", "none", "current");
    read_all();
    assert_ok(du_hold(unit.ctx, store, id_of(ALICE), DU_HELD_ALL, &kim));
    assert_refused(DU_E_MALFORMED, du_hold(unit.ctx, store, id_of(ALICE), "", &kim));
    ck_assert_str_eq(sql(HOLDS), "* 0");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("hold");

    tcase_add_loop_test(tests, loop_is_broken, 0, 2);
    tcase_add_test(tests, what_is_no_loop);
    tcase_add_test(tests, never);
    tcase_add_loop_test(tests, test_devices_go_on, 0, 3);
    tcase_add_test(tests, many_loops_are_one_row);
    tcase_add_test(tests, loop_ends_by_itself);
    tcase_add_test(tests, released);
    tcase_add_test(tests, held_by_somebody);
    tcase_add_test(tests, lists_and_counts);
    tcase_add_test(tests, another_loop);
    tcase_add_test(tests, bytes_are_no_round);
    tcase_add_test(tests, released_and_asking);
    tcase_add_test(tests, what_is_no_version);
    return unit_run(tests);
}
