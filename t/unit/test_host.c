#include "unit.h"

#include <unistd.h>

#include "du_host.h"

START_TEST(the_system_says_it)
{
    char name[256] = "";

    ck_assert_int_eq(gethostname(name, sizeof(name) - 1), 0);
    ck_assert_str_eq(du_host_name(unit.pool), *name ? name : "localhost");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("host");

    tcase_add_test(tests, the_system_says_it);
    return unit_run(tests);
}
