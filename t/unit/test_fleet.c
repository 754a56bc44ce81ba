#include "records.h"

/* What phones did, and what the inventory makes of it. In PostgreSQL, too (pgsql_fleet.t). */

/* Offered, fetched, updated: each step where a turn of reading may end. */
START_TEST(life_of_a_phone)
{
    begin();
    check("10:00:00", "10.1.0.1", ALICE, "S1", "1.0", "2.0", "offered", "approved");
    if (_i & 1) {
        take_in(1, 0);
        ck_assert_str_eq(sql(PHONE), ALICE " s1 1.0  1 2.0 1  0 offered 1");
    }
    download("10:01:00", "10.1.0.1", PATH "CPE.nbt", 200, 1000, 1000);
    if (_i & 2) {
        take_in(_i & 1 ? 1 : 2, 0);
    }
    download("10:02:00", "10.1.0.1", PATH "CPE.cat", 200, 50, 50);
    check("10:03:00", "10.1.0.1", ALICE, "S1", "2.0", "", "none", "current");
    check("10:04:00", "10.1.0.1", ALICE, "S1", "2.0", "", "none", "current");
    take_in(5 - (_i & 2 ? 2 : _i & 1), 0);
    ck_assert_str_eq(sql(PHONE), ALICE " s1 2.0 1.0 3  0 2.0 1050 updated 4");
    ck_assert_str_eq(sql("SELECT result FROM device_event WHERE kind = 'download' AND file = '" PATH "CPE.nbt'"), "complete");
    ck_assert_str_eq(sql("SELECT user_name FROM device_name"), "kim");
    ck_assert_str_eq(sql("SELECT checks || ' ' || offers || ' ' || refused || ' ' || downloads || ' ' || bytes FROM traffic"),
                     "3 1 0 2 1050");
    take_in(0, 0);
}
END_TEST

START_TEST(names_are_joined)
{
    begin();
    check("10:00:00", "10.1.0.1", "", "S1", "1.0", "", "none", "current");
    check("10:01:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "no-approved");
    if (_i) {
        take_in(2, 0);
        ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "2");
    }
    check("10:02:00", "10.1.0.9", ALICE, "S1", "1.0", "", "none", "current");
    take_in(_i ? 1 : 3, 0);
    ck_assert_int_eq(report.merged, 1);
    ck_assert_str_eq(sql(PHONE), ALICE " s1 1.0  3  0  0 current 3");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "1");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_event"), "3");
    ck_assert_str_eq(sql("SELECT first_seen FROM device"), "1795168800000000");
    check("10:03:00", "10.1.0.9", BOB, "S1", "1.0", "", "none", "current"); /* another one with that number */
    check("10:04:00", "10.1.0.9", "", "S1", "3.0", "", "none", "current");
    take_in(2, 0);
    ck_assert_str_eq(sql("SELECT c.version " OF_PHONES "WHERE n.mac = '" BOB "'"), "3.0");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "2");
}
END_TEST

/* The MAC address is learned later. */
START_TEST(serial_number_gets_a_mac)
{
    begin();
    check("10:00:00", "10.1.0.1", "", "S1", "1.0", "", "none", "current");
    take_in(1, 0);
    check("10:01:00", "10.1.0.1", ALICE, "S1", "1.0", "", "none", "current");
    take_in(1, 0);
    ck_assert_str_eq(sql(PHONE), ALICE " s1 1.0  2  0  0 current 1");
    ck_assert_str_eq(sql("SELECT mac_reverse FROM device_name"), "1000002F4000");
}
END_TEST

/* A refusal is nobody's, until somebody is served there. */
START_TEST(refusals)
{
    const char *refusal = "2026-11-20 10:00:00,10.1.0.1,,,,,,,,,,,external,refused,unauthenticated\n";

    begin();
    append(CHECKS, HEADER, refusal);
    if (_i) {
        take_in(1, 0);
        ck_assert_str_eq(sql("SELECT c.state || n.address " OF_PHONES), "refused10.1.0.1");
    }
    check("10:00:01", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    append(CHECKS, HEADER, refusal);
    check("10:00:01", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    take_in(_i ? 3 : 4, 0);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "1");
    ck_assert_str_eq(sql("SELECT mac FROM device_name"), ALICE);
    ck_assert_str_eq(sql("SELECT SUM(refused) FROM traffic"), "2");
}
END_TEST

/* Two phones behind one address: the one that was offered that version last. */
START_TEST(whose_download)
{
    begin();
    check("10:00:00", "10.1.0.1", ALICE, "", "1.0", "2.0", "offered", "approved");
    check("10:01:00", "10.1.0.1", BOB, "", "1.0", "2.0", "offered", "approved");
    if (_i) {
        take_in(2, 0);
    }
    download("10:02:00", "10.1.0.1", PATH "CPE.nbt", 206, 400, 1000);
    download("10:03:00", "10.1.0.1", PATH "CPE.nbt", 206, 600, 1000);
    download("10:03:00", "10.1.0.1", PATH "CPE.nbt", 404, 0, 0);
    download("10:03:00", "10.1.0.7", PATH "CPE.nbt", 200, 1000, 1000); /* nobody's */
    take_in(_i ? 4 : 6, 0);
    ck_assert_str_eq(sql("SELECT n.mac || ' ' || d.taken_bytes " OF_PHONES "WHERE d.taken = '2.0'"), BOB " 1000");
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "2");
    ck_assert_str_eq(sql("SELECT bytes || ' ' || result FROM device_event WHERE kind = 'download'"), "1000 complete");
    ck_assert_str_eq(sql("SELECT downloads FROM traffic"), "3");
}
END_TEST

/* More than one statement asks for, in three readings: offered, fetched a part, fetched the rest; and as many strangers' files. */
START_TEST(downloads_of_many)
{
    enum { PHONES = 150 };
    static const struct {
        const char *clock;
        int sent;
        const char *sum;
    } pieces[] = {{"10:01:00", 400, "downloading 60000"}, {"10:02:00", 600, "downloaded 150000"}};

    begin();
    for (int i = 0; i < PHONES; i++) {
        check("10:00:00", apr_psprintf(unit.pool, "10.1.0.%d", i), apr_psprintf(unit.pool, "00-04-F2-00-01-%02X", i), "", "1.0",
              "2.0a", "offered", "approved");
    }
    take_in(PHONES, 0);
    for (int piece = 0; piece < COUNT_OF(pieces); piece++) {
        for (int i = 0; i < PHONES; i++) {
            const char *file = "UCPhone/POLYCOM/CX600/A/ENU/2.0A/CPE/CPE.nbt";

            download(pieces[piece].clock, apr_psprintf(unit.pool, "10.1.0.%d", i), file, 206, pieces[piece].sent, 1000);
            download(pieces[piece].clock, apr_psprintf(unit.pool, "10.2.0.%d", i), file, 206, pieces[piece].sent, 1000);
        }
        take_in(2 * PHONES, 0);
        ck_assert_str_eq(sql("SELECT c.state || ' ' || SUM(d.taken_bytes) FROM device d JOIN device_count c ON c.id = d.count_id "
                             "GROUP BY c.state"), pieces[piece].sum);
    }
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "150");
}
END_TEST

/* What it ran in between is kept, though it is of the same kind again. */
START_TEST(there_and_back)
{
    begin();
    check("10:00:00", "10.1.0.1", ALICE, "S1", "1.0", "", "none", "current");
    take_in(1, 0);
    check("10:01:00", "10.1.0.1", ALICE, "S1", "2.0", "", "none", "current");
    check("10:02:00", "10.1.0.1", ALICE, "S1", "1.0", "", "none", "current");
    take_in(2, 0);
    ck_assert_str_eq(sql(PHONE), ALICE " s1 1.0 2.0 3  0  0 current 3");
}
END_TEST

static void setting(du_setting_e id, const char *value)
{
    const char *is;

    assert_ok(du_store_setting_set(unit.ctx, store, "", id, DU_SETTING_REPLACE, value, &kim, &is));
}

START_TEST(limit_of_phones)
{
    begin();
    setting(DU_SET_DEVICE_LIMIT, "2");
    for (int i = 0; i < 5; i++) {
        check("10:00:00", "10.1.0.1", apr_psprintf(unit.pool, "00-04-F2-00-00-%02d", i), "", "1.0", "", "none", "current");
    }
    take_in(5, 0);
    ck_assert_int_eq(report.over, 3);
    check("10:01:00", "10.1.0.1", "00-04-F2-00-00-01", "", "2.0", "", "none", "current");
    check("10:01:00", "10.1.0.1", "00-04-F2-00-00-04", "", "2.0", "", "none", "current");
    take_in(2, 0);
    ck_assert_int_eq(report.over, 1);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "2");
    ck_assert_str_eq(sql("SELECT SUM(checks) FROM traffic"), "7");
}
END_TEST

/* The oldest events go; numbers go on. */
START_TEST(bounded_history)
{
    begin();
    setting(DU_SET_DEVICE_HISTORY, "8");
    for (int i = 0; i < 60; i++) {
        check("10:00:00", "10.1.0.1", ALICE, "", apr_psprintf(unit.pool, "1.%d", i), "", "none", "current");
        if (i % _i == 0) {
            assert_ok(du_ingest_run(unit.ctx, ingest, unit.dir, NULL, &report));
            ck_assert_int_le(atoi(sql("SELECT COUNT(*) FROM device_event")), 8);
        }
    }
    assert_ok(du_ingest_run(unit.ctx, ingest, unit.dir, NULL, &report));
    check_counts();
    ck_assert_int_le(atoi(sql("SELECT COUNT(*) FROM device_event")), 8);
    ck_assert_int_ge(atoi(sql("SELECT COUNT(*) FROM device_event")), 6);
    ck_assert_str_eq(sql("SELECT events FROM device"), "60");
    ck_assert_str_eq(sql("SELECT version FROM device_event WHERE number = 60"), "1.59");
}
END_TEST

/* Names of users: as they are, hashed the same way each time, or not at all; and forgotten. */
START_TEST(users)
{
    const char *hash;

    begin();
    check("10:00:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    take_in(1, 0);
    setting(DU_SET_USER_NAMES, "hash");
    ingest = du_ingest_make(store, unit.pool); /* a new day */
    take_in(0, 0);
    ck_assert_str_eq(sql("SELECT user_name FROM device_name"), "");
    check("10:01:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    check("10:01:00", "10.1.0.1", BOB, "", "1.0", "", "none", "current");
    take_in(2, 0);
    hash = sql("SELECT user_name FROM device_name WHERE mac = '" ALICE "'");
    ck_assert_int_eq(hash[0], '#');
    ck_assert_uint_eq(strlen(hash), 25);
    ck_assert_str_eq(sql("SELECT user_name FROM device_name WHERE mac = '" BOB "'"), hash);
    setting(DU_SET_USER_NAMES, "drop");
    ingest = du_ingest_make(store, unit.pool);
    take_in(0, 0);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device_name WHERE user_name <> ''"), "0");
}
END_TEST

START_TEST(strangers_and_sites)
{
    du_site_t site = {.name = "Berlin", .subnets = apr_array_make(unit.pool, 1, sizeof(du_subnet_t))};

    begin();
    ck_assert_int_eq(du_subnet_parse(unit.pool, "10.1.0.0/16", apr_array_push(site.subnets)), 1);
    assert_ok(du_store_site_add(unit.ctx, store, &site, &kim));
    check("10:00:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "no-rule");
    check("10:30:00", "10.2.0.1", BOB, "", "1.0", "", "none", "no-rule");
    take_in(2, 0);
    ck_assert_str_eq(sql("SELECT device_key || ' ' || checks || ' ' || (last_seen - first_seen) FROM stranger"),
                     "ucphone/polycom/cx600/a/enu 2 1800000000");
    ck_assert_str_eq(sql("SELECT n.mac " OF_PHONES "WHERE c.site_key = 'berlin'"), ALICE);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("fleet");

    tcase_add_loop_test(tests, life_of_a_phone, 0, 4);
    tcase_add_loop_test(tests, names_are_joined, 0, 2);
    tcase_add_test(tests, serial_number_gets_a_mac);
    tcase_add_loop_test(tests, refusals, 0, 2);
    tcase_add_loop_test(tests, whose_download, 0, 2);
    tcase_add_test(tests, downloads_of_many);
    tcase_add_test(tests, there_and_back);
    tcase_add_test(tests, limit_of_phones);
    tcase_add_loop_test(tests, bounded_history, 1, 4);
    tcase_add_test(tests, users);
    tcase_add_test(tests, strangers_and_sites);
    return unit_run(tests);
}
