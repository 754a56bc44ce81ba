#include "unit.h"

#include "du_census.h"
#include "du_journal.h"

#define NOON APR_INT64_C(1283170088000000) /* 2010-08-30 12:08:08 UTC */

static const du_key_t cx600 = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"};

/* What a phone said some seconds after noon, written as a node does. */
static void check(const char *node, int seconds, const char *model, const char *mac, const char *serial, const char *address,
                  const char *version)
{
    du_module_t module = {"CPE.nbt", version, NULL};
    du_request_t request = {.key = {"UCPhone", "POLYCOM", model, "A", "ENU"}, .mac = mac, .serial = serial,
                            .nmodules = version != NULL, .modules = &module};
    du_check_t said = {.time = NOON + apr_time_from_sec(seconds), .address = address, .endpoint = "internal",
                       .request = &request, .decision = {.result = DU_RESULT_NONE, .reason = DU_REASON_CURRENT}};
    du_journal_t *journal;

    assert_ok(du_journal_open(unit.ctx, unit.dir, node, 1000000, unit.pool, &journal));
    assert_ok(du_journal_append(unit.ctx, journal, &said));
}

static void append(const char *text)
{
    FILE *file = fopen(unit_path(DU_JOURNAL_DIR "/" DU_JOURNAL_CHECKS "node1_2010-08-30.log"), "a");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static const du_census_t *taken(void)
{
    du_census_t *census;

    assert_ok(du_census_take(unit.ctx, unit.dir, unit.pool, &census));
    return census;
}

static void check_count(const du_census_t *census, const du_key_t *key, const char *version, int known, int others)
{
    int k, o;

    du_census_count(census, key, version, &k, &o);
    ck_assert_msg(k == known && o == others, "%s: %d known, %d others", version, k, o);
}

START_TEST(nobody_has_asked)
{
    du_census_t *census;

    ck_assert(APR_STATUS_IS_ENOENT(du_census_take(unit.ctx, unit.dir, unit.pool, &census)));
    ck_assert_ptr_null(unit.ctx->failure.id);
}
END_TEST

START_TEST(phones_are_told_apart)
{
    const du_census_t *census;

    check("node1", 0, "CX600", "00-04-F2-00-01-76", "A1", "10.0.0.1", "1");
    check("node1", 1, "CX600", "0004f2000176", "A2", "10.0.0.2", "1"); /* the same MAC address */
    check("node1", 2, "CX600", NULL, "a1", "10.0.0.1", "2");           /* a serial number and none */
    check("node1", 3, "CX600", "", "A1", "10.0.0.3", "2");
    check("node1", 4, "CX600", NULL, NULL, "10.0.0.1", "1");           /* an address only */
    check("node1", 5, "CX600", NULL, NULL, NULL, "1");                 /* nothing */
    check("node1", 6, "CX500", "00-04-F2-00-01-77", NULL, "10.0.0.1", "1");
    census = taken();
    ck_assert_int_eq(du_census_phones(census), 4);
    check_count(census, &cx600, "1", 3, 1);
    check_count(census, &cx600, "2", 3, 2);
    check_count(census, &(du_key_t){"ucphone", "polycom", "cx600", "a", "enu"}, "3", 3, 3);
    check_count(census, &(du_key_t){"UCPhone", "POLYCOM", "CX500", "A", "ENU"}, "1", 1, 0);
    check_count(census, &(du_key_t){"UCPhone", "POLYCOM", "CX700", "A", "ENU"}, "1", 0, 0);
    ck_assert_int_eq((int)du_census_bad_lines(census), 0);
}
END_TEST

START_TEST(the_last_word_of_all_nodes_counts)
{
    check("node1", 10, "CX600", "00-04-F2-00-01-76", NULL, "10.0.0.1", "3");
    check("node2", 5, "CX600", "00-04-F2-00-01-76", NULL, "10.0.0.1", "1");
    check("node0", 90000, "CX600", "00-04-F2-00-01-77", NULL, "10.0.0.1", "3"); /* the next day, another file */
    check("node2", 50, "CX600", "00-04-F2-00-01-77", NULL, "10.0.0.1", "1");
    check_count(taken(), &cx600, "3", 2, 0);
}
END_TEST

/* A phone that was repaired with another board has another key; it is not counted twice. */
START_TEST(a_phone_that_became_another)
{
    check("node1", 0, "CX600", "00-04-F2-00-01-76", NULL, "10.0.0.1", "1");
    check("node1", 1, "CX700", "00-04-F2-00-01-76", NULL, "10.0.0.1", "1");
    check_count(taken(), &cx600, "1", 0, 0);
}
END_TEST

START_TEST(odd_lines_are_counted)
{
    const du_census_t *census;

    check("node1", 0, "CX600", "00-04-F2-00-01-76", NULL, "10.0.0.1", "1");
    append("half a li\n\n\"2010\n2010-08-30 12:08:09,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\nyesterday,,,,,,,,,,,,,,\n");
    append("2010-08-30 12:09:00,10.0.0.1,UCPhone,00-04-F2-00-01-76,,POLYCOM,CX600,A,ENU,\"C\"\"P,E;4;#x;5;\",,,internal,none,current\n");
    append("2010-08-30 12:09:00,10.0.0.9,UCPhone,,,POLYCOM,CX600,A,ENU,,,,internal,none,current\n");
    append("2010-08-30 12:09:00,10.0.0.8,UCPhone,,,POLYCOM,CX600,A,ENU,name#x;5;,,,internal,none,current\n");
    append("2010-08-30 12:10:00,10.0.0.1,UCPhone,00-04-F2-00-01-76,,POLYCOM,CX600,A,ENU,CPE.nbt;6;,,,int"); /* still written */
    unit_write(unit_path(DU_JOURNAL_DIR "/other.log"), "x\n", 2);
    census = taken();
    ck_assert_int_eq((int)du_census_bad_lines(census), 5);
    check_count(census, &cx600, "4", 3, 2);
    check_count(census, &cx600, "", 3, 1);
    ck_assert_int_eq((int)du_census_dropped(census), 0);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("census");

    tcase_add_test(tests, nobody_has_asked);
    tcase_add_test(tests, phones_are_told_apart);
    tcase_add_test(tests, the_last_word_of_all_nodes_counts);
    tcase_add_test(tests, a_phone_that_became_another);
    tcase_add_test(tests, odd_lines_are_counted);
    return unit_run(tests);
}
