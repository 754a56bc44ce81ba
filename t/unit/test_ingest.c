#include "records.h"

/* Files of records: how far they were read, and by whom. In PostgreSQL, too (pgsql_ingest.t). */

/* A line without its end is not read; a line that stays cut is a bad one. */
START_TEST(cut_lines)
{
    begin();
    check("10:00:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    append(CHECKS, HEADER, "2026-11-20 10:01:00,10.1.0.2,UCPhone," BOB ",,POLYCOM,CX600,A");
    take_in(1, 0);
    append(CHECKS, HEADER, ",ENU,,,,internal,none,current\n2026-11-20 10:02:00,10.1");
    take_in(1, 0);
    ck_assert_str_eq(sql("SELECT COUNT(*) FROM device"), "2");
    append(CHECKS, HEADER, "\n");
    check("10:03:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    take_in(1, 1);
    ck_assert_int_eq(report.nnamed, 1);
    ck_assert_int_eq(report.named[0].line, 4);
    ck_assert_str_eq(report.named[0].path, unit_path(CHECKS));
}
END_TEST

/* The clock goes back: the order of the file counts, and last_seen stays. By hand, the times count. */
START_TEST(clocks)
{
    begin();
    check("12:00:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    check("09:00:00", "10.1.0.1", ALICE, "", "2.0", "", "none", "current");
    take_in(2, 0);
    ck_assert_str_eq(sql(PHONE), ALICE "  2.0 1.0 2  0  0 current 2");
    ck_assert_str_eq(sql("SELECT last_seen FROM device"), "1795176000000000");
    unit_write(unit_path("old.csv"), HEADER "2026-11-19 09:00:00,10.9.9.9,UCPhone," ALICE ",,POLYCOM,CX600,A,ENU,CPE.nbt;0.5;,,,internal,none,current\n",
               strlen(HEADER "2026-11-19 09:00:00,10.9.9.9,UCPhone," ALICE ",,POLYCOM,CX600,A,ENU,CPE.nbt;0.5;,,,internal,none,current\n"));
    assert_ok(du_ingest_file(unit.ctx, ingest, unit_path("old.csv"), &report));
    ck_assert_str_eq(sql(PHONE), ALICE "  2.0 1.0 3  0  0 current 2");
    ck_assert_str_eq(sql("SELECT n.address || ' ' || d.first_seen " OF_PHONES), "10.1.0.1 1795078800000000");
    assert_ok(du_ingest_file(unit.ctx, ingest, unit_path("old.csv"), &report));
    ck_assert_int_eq(report.good, 0); /* not twice */
    unit_write(unit_path("no.csv"), "A,B\n1,2\n", 8);
    ck_assert_int_eq(du_ingest_file(unit.ctx, ingest, unit_path("no.csv"), &report), DU_E_MALFORMED);
}
END_TEST

/* A new file is begun in the place of one that was removed; one that follows it. */
START_TEST(files_come_and_go)
{
    begin();
    check("10:00:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    check("10:01:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    take_in(2, 0);
    unlink(unit_path(CHECKS));
    take_in(0, 0);
    check("10:02:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    take_in(1, 0);
    append("DeviceUpdateLogs/Server/Audit/ImageUpdates/RequestHandlerAuditLog_n1_2026-11-20_1.log", HEADER,
           "2026-11-20 10:03:00,10.1.0.1,UCPhone," ALICE ",,POLYCOM,CX600,A,ENU,CPE.nbt;2.0;,,,internal,none,current\n");
    append(UPLOADS, UPLOAD_HEADER, "2026-11-20 10:04:00,10.1.0.1,internal,CELog," ALICE ",,a.clg,Client/CELog/a.clg,12,200,stored,,\n");
    take_in(2, 0);
    ck_assert_str_eq(sql(PHONE), ALICE "  2.0 1.0 4  0  0 current 3");
    ck_assert_str_eq(sql("SELECT uploads FROM traffic"), "1");
}
END_TEST

/* Two read the same files: the one that is late begins again where the other was. */
START_TEST(two_readers)
{
    du_ingest_t *other;
    du_store_t *their;

    begin();
    their = open_store(spec);
    other = du_ingest_make(their, unit.pool);
    check("10:00:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
    take_in(1, 0);
    assert_ok(du_ingest_run(unit.ctx, other, unit.dir, NULL, &report));
    ck_assert_int_eq(report.good, 0);
    for (int i = 0; i < 6; i++) {
        check("10:00:00", "10.1.0.1", ALICE, "", "1.0", "", "none", "current");
        assert_ok(du_ingest_run(unit.ctx, i % 2 ? ingest : other, unit.dir, NULL, &report));
        ck_assert_int_eq(report.good, 1);
    }
    ck_assert_str_eq(sql("SELECT checks FROM device"), "7");
    check_counts();
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("ingest");

    tcase_add_test(tests, cut_lines);
    tcase_add_test(tests, clocks);
    tcase_add_test(tests, files_come_and_go);
    tcase_add_test(tests, two_readers);
    return unit_run(tests);
}
