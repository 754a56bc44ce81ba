#include "unit.h"

#include "du_access.h"

/* What each role may, written down a second time on purpose. For an account without a limit: to what is everyone's, and to
 * what is a site's. "V" = from viewer on, "H" helpdesk, "O" operator, "A" administrator. */
static const struct {
    du_right_e right;
    const char *name;
    char everywhere, at_site, limited; /* limited: one with a limit, to what is its site's; '-' = nobody */
} rights[] = {
    {DU_RIGHT_VIEW, "view", 'V', 'V', 'V'},
    {DU_RIGHT_ACTIVITY, "activity", 'V', 'V', 'V'},
    {DU_RIGHT_LOG_READ, "log-read", 'H', 'H', 'H'},
    {DU_RIGHT_DEVICE_HOLD, "device-hold", 'H', 'H', 'H'},
    {DU_RIGHT_LOG_CLEAR, "log-clear", 'O', 'O', 'O'},
    {DU_RIGHT_TEST_DEVICE, "test-device", 'O', 'O', 'O'},
    {DU_RIGHT_SETTING, "setting", 'A', 'O', 'O'},
    {DU_RIGHT_IMPORT, "import", 'O', 'O', '-'},
    {DU_RIGHT_CANCEL, "cancel", 'O', 'O', '-'},
    {DU_RIGHT_APPROVE, "approve", 'A', 'A', '-'},
    {DU_RIGHT_IMPORT_UNSIGNED, "import-unsigned", 'A', 'A', '-'},
    {DU_RIGHT_REMOVE, "remove", 'A', 'A', '-'},
    {DU_RIGHT_SITE, "site", 'A', 'A', '-'},
    {DU_RIGHT_ROLE, "role", 'A', 'A', '-'},
};

/* 1 if a role is that of the letter or a higher one. */
static int reaches(du_role_e role, char letter)
{
    static const char letters[] = "VHOA";

    return letter != '-' && (int)role >= (int)(strchr(letters, letter) - letters);
}

START_TEST(every_right_of_every_role)
{
    ck_assert_int_eq(COUNT_OF(rights), DU_RIGHTS);
    for (int i = 0; i < COUNT_OF(rights); i++) {
        ck_assert_str_eq(du_right_name(rights[i].right), rights[i].name);
        for (int role = 0; role < DU_ROLES; role++) {
            const du_grant_t free = {"kim", (du_role_e)role, ""}, limited = {"lee", (du_role_e)role, "Berlin"};
            const char *what = apr_pstrcat(unit.pool, du_role_name((du_role_e)role), " ", rights[i].name, NULL);
            int is_reading = rights[i].limited == 'V', at_home = reaches((du_role_e)role, rights[i].limited);
            du_right_e right = rights[i].right;

            ck_assert_msg(du_access_may(&free, right, "", 0) == reaches(free.role, rights[i].everywhere), "%s", what);
            ck_assert_msg(du_access_may(&free, right, "Lab", 0) == reaches(free.role, rights[i].at_site), "%s", what);
            ck_assert_msg(du_access_may(&limited, right, "bERLIN", 0) == at_home, "%s", what);
            ck_assert_msg(du_access_may(&limited, right, "Lab", 0) == is_reading, "%s", what);
            ck_assert_msg(du_access_may(&limited, right, "", 0) == is_reading, "%s", what);
            ck_assert_msg(du_access_may(&limited, right, NULL, 0) == is_reading, "%s", what);
            ck_assert_msg(du_access_may_somewhere(&limited, right, 0) == at_home, "%s", what);
            ck_assert_msg(du_access_may_somewhere(&free, right, 0) == reaches(free.role, rights[i].at_site), "%s", what);
        }
    }
}
END_TEST

START_TEST(nobody_may_nothing)
{
    for (int right = 0; right < DU_RIGHTS; right++) {
        ck_assert_int_eq(du_access_may(NULL, (du_right_e)right, "", 1), 0);
        ck_assert_int_eq(du_access_may(NULL, (du_right_e)right, "Berlin", 1), 0);
        ck_assert_int_eq(du_access_may_somewhere(NULL, (du_right_e)right, 1), 0);
    }
}
END_TEST

/* administration.md section 8, question 7 */
START_TEST(operators_approve_where_the_setting_says_so)
{
    const du_grant_t operator = {"kim", DU_ROLE_OPERATOR, ""}, helpdesk = {"kim", DU_ROLE_HELPDESK, ""};
    const du_grant_t limited = {"kim", DU_ROLE_OPERATOR, "Berlin"}, ruler = {"kim", DU_ROLE_ADMINISTRATOR, ""};

    for (int right = 0; right < DU_RIGHTS; right++) {
        int is_approval = right == DU_RIGHT_APPROVE;

        ck_assert_int_eq(du_access_may(&operator, (du_right_e)right, "", 1),
                         is_approval || du_access_may(&operator, (du_right_e)right, "", 0));
        ck_assert_int_eq(du_access_may_somewhere(&operator, (du_right_e)right, 1),
                         is_approval || du_access_may_somewhere(&operator, (du_right_e)right, 0));
        ck_assert_int_eq(du_access_may(&helpdesk, (du_right_e)right, "", 1),
                         du_access_may(&helpdesk, (du_right_e)right, "", 0));
        ck_assert_int_eq(du_access_may(&limited, (du_right_e)right, "Berlin", 1),
                         du_access_may(&limited, (du_right_e)right, "Berlin", 0));
        ck_assert_int_eq(du_access_may(&ruler, (du_right_e)right, "", 1), 1);
    }
}
END_TEST

START_TEST(names_of_roles)
{
    static const char *const none[] = {"", "Viewer", "administrato", "administrators", "admin", NULL};
    du_role_e role;

    for (int i = 0; i < DU_ROLES; i++) {
        ck_assert_int_eq(du_role_find(du_role_name((du_role_e)i), &role), 1);
        ck_assert_int_eq((int)role, i);
    }
    for (int i = 0; i < COUNT_OF(none); i++) {
        ck_assert_int_eq(du_role_find(none[i], &role), 0);
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("access");

    tcase_add_test(tests, every_right_of_every_role);
    tcase_add_test(tests, nobody_may_nothing);
    tcase_add_test(tests, operators_approve_where_the_setting_says_so);
    tcase_add_test(tests, names_of_roles);
    return unit_run(tests);
}
