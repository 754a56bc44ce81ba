#include "unit.h"

#include "du_lifecycle.h"

/* Every state that three versions can be in, and what each action makes of it (protocol.md 8.2): pending, approved,
 * restore before; the same afterwards, or NULL where nothing is to do. */
static const struct {
    du_action_e action;
    const char *version; /* imported, or to be restored */
    const char *before[DU_SLOTS], *after[DU_SLOTS];
} cases[] = {
    {DU_ACTION_APPROVE, NULL, {"", "", ""}, {NULL}},
    {DU_ACTION_APPROVE, NULL, {"2", "", ""}, {"", "2", ""}},
    {DU_ACTION_APPROVE, NULL, {"2", "1", ""}, {"", "2", "1"}},
    {DU_ACTION_APPROVE, NULL, {"3", "2", "1"}, {"", "3", "2"}},
    {DU_ACTION_APPROVE, NULL, {"3", "", "1"}, {"", "3", ""}},
    {DU_ACTION_APPROVE, NULL, {"", "2", "1"}, {NULL}},
    {DU_ACTION_APPROVE, NULL, {"", "2", ""}, {NULL}},
    {DU_ACTION_RESET, NULL, {"", "", ""}, {NULL}},
    {DU_ACTION_RESET, NULL, {"", "2", "1"}, {NULL}},
    {DU_ACTION_RESET, NULL, {"3", "2", "1"}, {"", "2", "1"}},
    {DU_ACTION_RESET, NULL, {"3", "", ""}, {"", "", ""}},
    {DU_ACTION_RESTORE, NULL, {"", "", ""}, {NULL}},
    {DU_ACTION_RESTORE, NULL, {"3", "", "1"}, {NULL}},
    {DU_ACTION_RESTORE, NULL, {"3", "2", "1"}, {"3", "1", ""}},
    {DU_ACTION_RESTORE, NULL, {"", "2", "1"}, {"", "1", ""}},
    {DU_ACTION_RESTORE, NULL, {"", "2", ""}, {"", "", ""}},
    {DU_ACTION_IMPORT, "new", {"", "", ""}, {"new", "", ""}},
    {DU_ACTION_IMPORT, "new", {"3", "2", "1"}, {"new", "2", "1"}},
    {DU_ACTION_IMPORT, "new", {"new", "2", "1"}, {NULL}},
    {DU_ACTION_IMPORT, "new", {"", "new", "1"}, {NULL}},
    {DU_ACTION_IMPORT, "new", {"3", "new", "1"}, {NULL}},
    {DU_ACTION_IMPORT, "new", {"", "2", "new"}, {"new", "2", "new"}},
    {DU_ACTION_IMPORT, "new", {"", "NEW", ""}, {"new", "NEW", ""}},
    {DU_ACTION_RESTORE, "1", {"", "3", "2"}, {"", "1", "3"}},
    {DU_ACTION_RESTORE, "2", {"", "3", "2"}, {"", "2", "3"}},
    {DU_ACTION_RESTORE, "1", {"4", "3", "2"}, {"4", "1", "3"}},
    {DU_ACTION_RESTORE, "4", {"4", "3", "2"}, {"", "4", "3"}},
    {DU_ACTION_RESTORE, "3", {"4", "3", "2"}, {NULL}},
    {DU_ACTION_RESTORE, "1", {"", "", ""}, {"", "1", ""}},
    {DU_ACTION_REMOVE, NULL, {"3", "2", "1"}, {"", "", ""}},
    {DU_ACTION_REMOVE, NULL, {"", "", ""}, {"", "", ""}},
};

static void check_case(int i)
{
    du_versions_t before, after;
    const char *const *expected = cases[i].after[0] ? cases[i].after : cases[i].before;
    apr_status_t rv;

    memcpy(before.slot, cases[i].before, sizeof(before.slot));
    memset(&after, 0, sizeof(after));
    rv = du_lifecycle_apply(cases[i].action, &before, cases[i].version, &after);
    ck_assert_msg(rv == (cases[i].after[0] ? APR_SUCCESS : DU_E_NOTHING), "case %d: status %d", i, rv);
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        ck_assert_ptr_nonnull(after.slot[slot]);
        ck_assert_msg(strcmp(after.slot[slot], expected[slot]) == 0, "case %d: slot %d is \"%s\"", i, slot,
                      after.slot[slot]);
        ck_assert_str_eq(before.slot[slot], cases[i].before[slot]);
    }
}

START_TEST(actions)
{
    for (int i = 0; i < COUNT_OF(cases); i++) {
        check_case(i);
    }
}
END_TEST

START_TEST(approving_twice_keeps_the_way_back)
{
    du_versions_t versions = {{"2", "1", ""}};

    assert_ok(du_lifecycle_apply(DU_ACTION_APPROVE, &versions, NULL, &versions));
    assert_rv(DU_E_NOTHING, du_lifecycle_apply(DU_ACTION_APPROVE, &versions, NULL, &versions));
    assert_ok(du_lifecycle_apply(DU_ACTION_RESTORE, &versions, NULL, &versions));
    ck_assert_str_eq(versions.slot[DU_PENDING], "");
    ck_assert_str_eq(versions.slot[DU_APPROVED], "1");
    ck_assert_str_eq(versions.slot[DU_RESTORE], "");
}
END_TEST

START_TEST(restoring_to_a_version_leads_back)
{
    du_versions_t versions = {{"", "3", "2"}};

    assert_ok(du_lifecycle_apply(DU_ACTION_RESTORE, &versions, "1", &versions));
    assert_ok(du_lifecycle_apply(DU_ACTION_RESTORE, &versions, NULL, &versions));
    ck_assert_str_eq(versions.slot[DU_APPROVED], "3");
    ck_assert_str_eq(versions.slot[DU_RESTORE], "");
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(du_action_name(DU_ACTION_IMPORT), "import");
    ck_assert_str_eq(du_action_name(DU_ACTION_APPROVE), "approve");
    ck_assert_str_eq(du_action_name(DU_ACTION_RESET), "reset");
    ck_assert_str_eq(du_action_name(DU_ACTION_RESTORE), "restore");
    ck_assert_str_eq(du_action_name(DU_ACTION_REMOVE), "remove");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("lifecycle");

    tcase_add_test(tests, actions);
    tcase_add_test(tests, approving_twice_keeps_the_way_back);
    tcase_add_test(tests, restoring_to_a_version_leads_back);
    tcase_add_test(tests, names);
    return unit_run(tests);
}
