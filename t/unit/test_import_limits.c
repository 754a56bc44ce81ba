#include "unit.h"

#include "du_import_limits.h"

START_TEST(defaults)
{
    const du_import_limits_t limits = du_import_limits(NULL);

    ck_assert_int_eq(limits.members, 1024);
    ck_assert(limits.size == APR_INT64_C(4294967296));
    ck_assert_int_eq(limits.member_size, 2147483647);
    ck_assert_int_eq(limits.ratio, 100);
    ck_assert_int_eq(limits.name, 512);
    ck_assert_int_eq(limits.depth, 32);
    ck_assert_int_gt(limits.processor_seconds, limits.silent_seconds);
    ck_assert_int_gt(limits.silent_seconds, 0);
}
END_TEST

START_TEST(settings)
{
    du_settings_t values = {{NULL}};
    du_import_limits_t limits;

    values.value[DU_SET_IMPORT_MAX_MEMBERS] = "1";
    values.value[DU_SET_IMPORT_MAX_SIZE] = "20000000000";
    values.value[DU_SET_IMPORT_MAX_MEMBER_SIZE] = "3";
    values.value[DU_SET_IMPORT_MAX_RATIO] = "4";
    values.value[DU_SET_IMPORT_MAX_NAME] = "50";
    values.value[DU_SET_IMPORT_MAX_DEPTH] = "6";
    limits = du_import_limits(&values);
    ck_assert_int_eq(limits.members, 1);
    ck_assert(limits.size == APR_INT64_C(20000000000));
    ck_assert_int_eq(limits.member_size, 3);
    ck_assert_int_eq(limits.ratio, 4);
    ck_assert_int_eq(limits.name, 50);
    ck_assert_int_eq(limits.depth, 6);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("import_limits");

    tcase_add_test(tests, defaults);
    tcase_add_test(tests, settings);
    return unit_run(tests);
}
