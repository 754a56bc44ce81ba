#include "unit.h"

#include "du_journal.h"
#include "du_trace.h"

#define NOON APR_INT64_C(1283170088000000) /* 2010-08-30 12:08:08 UTC */

/* A check written as a node does. */
static void check(const char *node, const char *serial, const char *address)
{
    du_request_t request = {.key = {DU_RECORD_DOCTOR, "POLYCOM", "CX600", "A", "ENU"}, .serial = serial};
    du_check_t said = {.time = NOON, .address = address, .endpoint = "internal", .request = &request,
                       .decision = {.result = DU_RESULT_NONE, .reason = DU_REASON_NO_RULE}};
    du_journal_t *journal;

    assert_ok(du_journal_open(unit.ctx, unit.dir, node, 1000000, unit.pool, &journal));
    assert_ok(du_journal_append(unit.ctx, journal, &said));
}

static du_trace_t *begun(void)
{
    du_trace_t *trace;

    assert_ok(du_trace_begin(unit.ctx, unit.dir, unit.pool, &trace));
    return trace;
}

START_TEST(nothing_is_there)
{
    du_record_t record;

    ck_assert_int_eq(du_trace_find(unit.ctx, begun(), "a", unit.pool, &record), DU_E_NOT_FOUND);
    ck_assert_ptr_null(unit.ctx->failure.id);
}
END_TEST

START_TEST(what_came_since_is_found)
{
    du_trace_t *trace;
    du_record_t record;

    check("node1", "a", "10.0.0.1");
    trace = begun();
    check("node1", "b", "10.0.0.2");
    check("node2", "c", "10.0.0.3"); /* its first record */
    check("node1", "d", "10.0.0.4");
    ck_assert_int_eq(du_trace_find(unit.ctx, trace, "a", unit.pool, &record), DU_E_NOT_FOUND);
    assert_ok(du_trace_find(unit.ctx, trace, "b", unit.pool, &record));
    ck_assert_str_eq(record.address, "10.0.0.2");
    assert_ok(du_trace_find(unit.ctx, trace, "c", unit.pool, &record));
    ck_assert_str_eq(record.address, "10.0.0.3");
    assert_ok(du_trace_find(unit.ctx, trace, "d", unit.pool, &record));
    ck_assert_int_eq(du_record_is_phone(&record), 0);
}
END_TEST

START_TEST(a_line_that_is_none_is_passed_over)
{
    du_trace_t *trace;
    du_record_t record;
    FILE *file;

    check("node1", "a", "10.0.0.1");
    trace = begun();
    file = fopen(unit_path(DU_JOURNAL_DIR "/" DU_JOURNAL_CHECKS "node1_2010-08-30.log"), "a");
    ck_assert_ptr_nonnull(file);
    fputs("nonsense\n", file);
    fclose(file);
    check("node1", "b", "10.0.0.2");
    assert_ok(du_trace_find(unit.ctx, trace, "b", unit.pool, &record));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("trace");

    tcase_add_test(tests, nothing_is_there);
    tcase_add_test(tests, what_came_since_is_found);
    tcase_add_test(tests, a_line_that_is_none_is_passed_over);
    return unit_run(tests);
}
