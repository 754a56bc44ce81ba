#include "unit.h"

#include <sys/stat.h>

#include "du_record_find.h"
#include "sample.h"

#define NOON 1790000000 /* 2026-09-21 14:13:20 UTC */
#define DAY  86400

static const du_key_t cx600 = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"};

/* A check at a node, with the version that says which one it is. */
static void check_at(const char *node, apr_int64_t second, const char *mac, const char *serial, const char *address, const char *version)
{
    const du_module_t modules[] = {{"CPE.nbt", version, NULL}, {"B.nbt", "b", NULL}};
    const du_request_t request = {.key = cx600, .mac = mac, .serial = serial, .nmodules = 2, .modules = modules};
    const du_check_t check = {.time = apr_time_from_sec(second), .address = address, .endpoint = "internal", .request = &request,
                              .decision = {.result = DU_RESULT_NONE, .reason = DU_REASON_NO_RULE}};
    du_journal_t *journal;

    assert_ok(du_journal_open(unit.ctx, unit.dir, node, 300, unit.pool, &journal));
    assert_ok(du_journal_append(unit.ctx, journal, &check));
}

static du_phone_t phone_of(const char *mac, const char *serial, const char *address)
{
    return (du_phone_t){.mac = mac, .serial = serial, .address = address};
}

/* The version of the check that is found, "" if none is. */
static const char *found(du_phone_t phone, apr_int64_t since, apr_int64_t until)
{
    du_record_found_t found;
    apr_status_t rv = du_record_find(unit.ctx, unit.dir, &phone, apr_time_from_sec(since), apr_time_from_sec(until), unit.pool, &found);

    ck_assert_msg(rv == APR_SUCCESS || rv == DU_E_NOT_FOUND, "%s", unit_said(rv));
    ck_assert_int_eq(found.check != NULL, rv == APR_SUCCESS);
    return found.check ? found.check->request.modules[0].version : "";
}

#define FIRST  phone_of("00-04-F2-00-00-01", "s1", "10.0.0.1")
#define SERIAL phone_of("", "s2", "10.0.0.1")
#define NOBODY phone_of("", "", "10.0.0.9")

START_TEST(the_last_one_of_all_nodes)
{
    check_at("node1", NOON, "00-04-F2-00-00-01", "s1", "10.0.0.1", "1");
    check_at("node2", NOON + 10, "00-04-F2-00-00-01", "s1", "10.0.0.1", "2");
    check_at("node1", NOON + 5, "00-04-F2-00-00-01", "s1", "10.0.0.1", "3"); /* a clock that was put back */
    check_at("node1", NOON + 20, "00-04-F2-00-00-02", "s1", "10.0.0.1", "other");
    check_at("node_2026-01-01_x", NOON + DAY, "00-04-F2-00-00-01", NULL, "10.0.0.1", "4");
    ck_assert_str_eq(found(FIRST, 0, NOON + 2 * DAY), "4");
    ck_assert_str_eq(found(FIRST, 0, NOON + DAY - 1), "2");
    ck_assert_str_eq(found(FIRST, 0, NOON + 9), "3");
    ck_assert_str_eq(found(FIRST, 0, NOON), "1");
    ck_assert_str_eq(found(FIRST, 0, NOON - 1), "");
    ck_assert_str_eq(found(FIRST, NOON + 2 * DAY, NOON + 3 * DAY), "");
    ck_assert_str_eq(found(FIRST, NOON + DAY, NOON + DAY), "4");
}
END_TEST

/* As the inventory knows phones. */
START_TEST(whose_record_it_is)
{
    check_at("node1", NOON, NULL, "S2", "10.0.0.2", "serial");
    check_at("node1", NOON + 1, "00-04-F2-00-00-01", "s2", "10.0.0.3", "both");
    check_at("node1", NOON + 2, NULL, NULL, "10.0.0.9", "address");
    check_at("node1", NOON + 3, "nonsense", "no serial number", "10.0.0.9", "odd");
    check_at("node1", NOON + 4, "00-04-F2-00-00-05", NULL, "10.0.0.9", "mac");
    ck_assert_str_eq(found(SERIAL, 0, NOON + 9), "both");
    ck_assert_str_eq(found(SERIAL, 0, NOON), "serial");
    ck_assert_str_eq(found(phone_of("00-04-F2-00-00-01", "s2", ""), 0, NOON + 9), "both");
    ck_assert_str_eq(found(phone_of("00-04-F2-00-00-07", "s2", ""), 0, NOON + 9), "serial");
    ck_assert_str_eq(found(NOBODY, 0, NOON + 9), "odd");
    ck_assert_str_eq(found(NOBODY, 0, NOON + 2), "address");
    ck_assert_str_eq(found(phone_of("", "", "10.0.0.2"), 0, NOON + 9), "");
}
END_TEST

/* Everything that the phone said is there, and where that is recorded. */
START_TEST(what_is_found)
{
    du_phone_t phone = FIRST;
    du_record_found_t one;

    for (int i = 0; i < 5; i++) {
        check_at("web1", NOON + i, "00-04-F2-00-00-01", "s1", "2001:db8::1", apr_psprintf(unit.pool, "%d", i));
    }
    assert_ok(du_record_find(unit.ctx, unit.dir, &phone, 0, apr_time_from_sec(NOON + 3), unit.pool, &one));
    ck_assert_str_eq(one.node, "web1");
    ck_assert_ptr_nonnull(strstr(one.path, "/" DU_JOURNAL_DIR "/" DU_JOURNAL_CHECKS "web1_2026-09-21"));
    ck_assert_int_eq(one.check->request.nmodules, 2);
    ck_assert_str_eq(one.check->request.modules[1].filename, "B.nbt");
    ck_assert_str_eq(one.check->request.modules[1].version, "b");
    ck_assert_ptr_null(one.check->request.modules[1].timestamp);
    ck_assert_str_eq(one.check->request.test_mac, "00-04-F2-00-00-01");
    ck_assert_str_eq(one.check->client, "2001:db8::1");
    ck_assert_ptr_nonnull(one.check->address);
    ck_assert_str_eq(one.check->reason, "no-rule");
    ck_assert_int_eq(one.check->time, apr_time_from_sec(NOON + 3));
}
END_TEST

static void write_text(const char *name, const char *text)
{
    const char *path = apr_pstrcat(unit.pool, unit.dir, "/" DU_JOURNAL_DIR "/", name, NULL);
    apr_file_t *file;

    assert_ok(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND, APR_FPROT_OS_DEFAULT, unit.pool));
    assert_ok(apr_file_write_full(file, text, strlen(text), NULL));
    apr_file_close(file);
}

/* What is damaged or none of ours does not keep the others from being read. */
START_TEST(damaged_and_foreign_files)
{
    check_at("node1", NOON, "00-04-F2-00-00-01", "s1", "10.0.0.1", "1");
    write_text("RequestHandlerAuditLog_node1_2026-09-21.log",
               "garbage,\"\n"
               "2026-09-21 23:00:00,10.0.0.1,UCPhone,00-04-F2-00-00-01,s1,POLYCOM,CX600,A,ENU,CPE.nbt;2;,,,internal,none,no-rule\n"
               "2026-09-21 23:00:01,10.0.0.1,UCPhone,00-04-F2-00-00-01,s1,POLYCOM,CX600,A,ENU,CPE.nbt;3;,,,internal,none,no-ru");
    write_text("RequestHandlerAuditLog_node2_2026-09-21.log", "no header\n");
    write_text("RequestHandlerAuditLog_node3_2026-09-21.log", "");
    write_text("RequestHandlerAuditLog_node4_2026-99-21.log", "x\n");
    write_text("notes.txt", "x\n");
    mkdir(apr_pstrcat(unit.pool, unit.dir, "/" DU_JOURNAL_DIR "/RequestHandlerAuditLog_node5_2026-09-21.log", NULL), 0755);
    ck_assert_str_eq(found(FIRST, 0, NOON + DAY), "2");
}
END_TEST

START_TEST(no_files_at_all)
{
    ck_assert_str_eq(found(FIRST, 0, NOON), "");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("record_find");

    tcase_add_test(tests, the_last_one_of_all_nodes);
    tcase_add_test(tests, whose_record_it_is);
    tcase_add_test(tests, what_is_found);
    tcase_add_test(tests, damaged_and_foreign_files);
    tcase_add_test(tests, no_files_at_all);
    return unit_run(tests);
}
