#include "unit.h"

START_TEST(every_error_has_words_and_an_http_status)
{
    static const struct { apr_status_t status; int http; const char *text; } cases[] = {
#define ERROR_CASE(code, http, text) {code, http, text},
        DU_ERROR_LIST(ERROR_CASE)
#undef ERROR_CASE
    };
    char buf[200];

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(du_error_text(cases[i].status, buf, sizeof(buf)), cases[i].text);
        ck_assert_int_eq(du_error_http(cases[i].status), cases[i].http);
        ck_assert_int_gt(cases[i].status, APR_OS_START_USERERR);
        ck_assert_int_lt(cases[i].status, APR_OS_START_EAIERR);
        ck_assert_int_eq(cases[i].status, DU_E_FIRST + 1 + i);
    }
}
END_TEST

START_TEST(foreign_statuses)
{
    char buf[200], expected[200];
    static const apr_status_t statuses[] = {APR_ENOENT, APR_ENOSPC, APR_EOF, DU_E_FIRST, DU_E_LAST};

    for (int i = 0; i < COUNT_OF(statuses); i++) {
        apr_strerror(statuses[i], expected, sizeof(expected));
        ck_assert_str_eq(du_error_text(statuses[i], buf, sizeof(buf)), expected);
        ck_assert_int_eq(du_error_http(statuses[i]), 500);
    }
    ck_assert_int_eq(du_error_http(APR_SUCCESS), 200);
    ck_assert_ptr_nonnull(du_error_text(APR_SUCCESS, buf, sizeof(buf)));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("error");

    tcase_add_test(tests, every_error_has_words_and_an_http_status);
    tcase_add_test(tests, foreign_statuses);
    return unit_run(tests);
}
