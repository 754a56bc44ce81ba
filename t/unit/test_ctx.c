#include "unit.h"

/* What the log callback was last called with. */
typedef struct heard_t {
    int times;
    du_log_level_e level;
    apr_status_t status;
    const char *id;
    const char *message;
} heard_t;

static void hear(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message)
{
    heard_t *heard = baton;

    heard->times++;
    heard->level = level;
    heard->status = status;
    heard->id = id;
    heard->message = message;
}

START_TEST(failure_is_recorded_not_logged)
{
    heard_t heard = {0};

    unit.ctx->log = hear;
    unit.ctx->baton = &heard;
    ck_assert_int_eq(du_fail(unit.ctx, DU_E_STORE, DUNO(0999), "the %s is %d", "answer", 42), DU_E_STORE);
    ck_assert_int_eq(heard.times, 0);
    ck_assert_int_eq(unit.ctx->failure.status, DU_E_STORE);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0999");
    ck_assert_str_eq(unit.ctx->failure.message, "the answer is 42");
}
END_TEST

START_TEST(report_logs_once_and_forgets)
{
    heard_t heard = {0};

    unit.ctx->log = hear;
    unit.ctx->baton = &heard;
    du_report(unit.ctx, DU_LOG_ERROR);
    ck_assert_int_eq(heard.times, 0);
    du_fail(unit.ctx, APR_ENOENT, DUNO(0999), "not there: %%s");
    du_report(unit.ctx, DU_LOG_WARNING);
    du_report(unit.ctx, DU_LOG_WARNING);
    ck_assert_int_eq(heard.times, 1);
    ck_assert_int_eq(heard.level, DU_LOG_WARNING);
    ck_assert_int_eq(heard.status, APR_ENOENT);
    ck_assert_str_eq(heard.id, "DU0999");
    ck_assert_str_eq(heard.message, "not there: %s");
    ck_assert_ptr_null(unit.ctx->failure.id);
    ck_assert_ptr_null(unit.ctx->failure.message);
    ck_assert_int_eq(unit.ctx->failure.status, APR_SUCCESS);
}
END_TEST

START_TEST(last_failure_stands)
{
    du_fail(unit.ctx, APR_ENOENT, DUNO(0998), "first");
    du_fail(unit.ctx, DU_E_STORE, DUNO(0999), "second");
    ck_assert_str_eq(unit.ctx->failure.id, "DU0999");
    ck_assert_str_eq(unit.ctx->failure.message, "second");
}
END_TEST

START_TEST(message_that_is_no_failure)
{
    heard_t heard = {0};

    unit.ctx->log = hear;
    unit.ctx->baton = &heard;
    du_log(unit.ctx, DU_LOG_NOTICE, DUNO(0999), "%d rules", 3);
    ck_assert_int_eq(heard.times, 1);
    ck_assert_int_eq(heard.level, DU_LOG_NOTICE);
    ck_assert_int_eq(heard.status, APR_SUCCESS);
    ck_assert_str_eq(heard.message, "3 rules");
    ck_assert_ptr_null(unit.ctx->failure.id);
}
END_TEST

START_TEST(without_a_log_nothing_happens)
{
    du_log(unit.ctx, DU_LOG_ERROR, DUNO(0999), "dropped");
    du_fail(unit.ctx, DU_E_STORE, DUNO(0999), "dropped");
    du_report(unit.ctx, DU_LOG_ERROR);
    ck_assert_ptr_null(unit.ctx->failure.id);
}
END_TEST

START_TEST(clock_may_be_set)
{
    apr_time_t before = apr_time_now();

    ck_assert_int_ge(du_now(unit.ctx), before);
    unit.now = 42;
    unit.ctx->now = unit_clock;
    ck_assert_int_eq(du_now(unit.ctx), 42);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("ctx");

    tcase_add_test(tests, failure_is_recorded_not_logged);
    tcase_add_test(tests, report_logs_once_and_forgets);
    tcase_add_test(tests, last_failure_stands);
    tcase_add_test(tests, message_that_is_no_failure);
    tcase_add_test(tests, without_a_log_nothing_happens);
    tcase_add_test(tests, clock_may_be_set);
    return unit_run(tests);
}
