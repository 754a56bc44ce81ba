#include "records.h"

#include "du_hold.h"
#include "du_purge.h"

/* Phones that are forgotten. In PostgreSQL, too (pgsql_purge.t). */

#define MANY (2 * DU_PURGE_BATCH + 300)

static du_inventory_view_t view;

/* Phones of 10.1.0.0/16, every third with model CX700 and no rule; one without a name; BOB elsewhere. */
static void fill(int many)
{
    char *lines = apr_palloc(unit.pool, (apr_size_t)many * 160), *to = lines;

    begin();
    view = (du_inventory_view_t){0};
    for (int i = 0; i < many; i++) {
        to += apr_snprintf(to, 160, "2026-11-20 10:00:00,10.1.%d.%d,UCPhone,00-00-00-%02d-%02d-%02d,,POLYCOM,%s,A,ENU,CPE.nbt;1.0;,,,internal,none,%s\n",
                      i / 250, i % 250, i / 10000, i / 100 % 100, i % 100, i % 3 ? "CX600" : "CX700", i % 3 ? "current" : "no-rule");
    }
    append(CHECKS, HEADER, lines);
    check("10:00:01", "10.1.9.9", "", "", "1.0", "", "none", "current");
    check("11:00:00", "10.9.0.1", BOB, "", "2.0", "", "none", "current");
    take_in(many + 2, 0);
}

static apr_int64_t purge(const du_purge_filter_t *filter, apr_status_t status)
{
    du_purged_t counted, purged;

    assert_ok(du_purge_count(unit.ctx, store, &view, filter, &counted));
    assert_rv(status, du_purge_run(unit.ctx, store, &view, filter, "what", &kim, &purged));
    ck_assert_int_eq(counted.phones, purged.phones);
    ck_assert_int_eq(counted.held, purged.held);
    check_counts();
    return purged.phones;
}

START_TEST(all_of_many)
{
    const du_purge_filter_t all = {.first_since = 0};

    fill(MANY);
    ck_assert_int_eq(purge(&all, APR_SUCCESS), MANY + 2);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_event"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_count"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_version"), "0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM stranger"), "0");
    ck_assert_str_eq(sql("SELECT actor || ' ' || object || ' ' || before || ' ' || after FROM activity WHERE action = 'purge'"),
                     apr_psprintf(unit.pool, "kim devices what %d devices", MANY + 2));
    ck_assert_int_eq(purge(&all, DU_E_NOTHING), 0);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM activity WHERE action = 'purge'"), "1");
    check("12:00:00", "10.1.0.0", "00-00-00-00-00-00", "", "1.0", "", "none", "current"); /* it is a new one */
    take_in(1, 0);
    ck_assert_int_eq(report.new_phones, 1);
}
END_TEST

START_TEST(by_filter)
{
    du_purge_filter_t nameless = {.is_nameless = 1}, cx700 = {.phones = {.model = "CX700"}}, near = {.phones = {.version = NULL}},
                      later = {.first_since = apr_time_from_sec(1795170600)};
    du_subnet_t subnet;

    fill(300);
    ck_assert_int_eq(purge(&nameless, APR_SUCCESS), 1);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM stranger"), "1");
    ck_assert_int_eq(purge(&cx700, APR_SUCCESS), 100);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM stranger"), "0");
    ck_assert_int_eq(du_subnet_parse(unit.pool, "10.1.1.0/24", &subnet), 1);
    near.subnet = &subnet;
    ck_assert_int_eq(purge(&near, APR_SUCCESS), 34);
    ck_assert_int_eq(purge(&later, APR_SUCCESS), 1);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "166");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_name WHERE mac = '" BOB "'"), "0");
}
END_TEST

/* A hold is somebody's decision: it does not go by the way. */
START_TEST(held_ones_stay_unless_asked_for)
{
    du_purge_filter_t all = {.takes_held = 0};
    du_purged_t counted;
    int generation;

    fill(10);
    assert_ok(du_hold(unit.ctx, store, apr_atoi64(sql("SELECT device_id FROM device_name WHERE mac = '" BOB "'")), DU_HELD_ALL, &kim));
    assert_ok(du_purge_count(unit.ctx, store, &view, &all, &counted));
    ck_assert_int_eq(counted.held, 1);
    generation = generation_of(store);
    ck_assert_int_eq(purge(&all, APR_SUCCESS), 11);
    ck_assert_int_eq(generation_of(store), generation);
    ck_assert_str_eq(sql("SELECT mac FROM device_name"), BOB);
    all.takes_held = 1;
    ck_assert_int_eq(purge(&all, APR_SUCCESS), 1);
    ck_assert_int_gt(generation_of(store), generation);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("purge");

    tcase_add_test(tests, all_of_many);
    tcase_add_test(tests, by_filter);
    tcase_add_test(tests, held_ones_stay_unless_asked_for);
    return unit_run(tests);
}
