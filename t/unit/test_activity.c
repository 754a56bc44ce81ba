#include "unit.h"

#include "du_activity.h"

static const char *const columns[] = {"7", "1283170088000000", "kim", "node1", "approve", "rule 1",
                                      "pending=2", "pending=", "a note", "operator", "abc"};

START_TEST(a_row_from_its_columns)
{
    du_activity_t row = du_activity_parse(unit.pool, columns);

    ck_assert_int_eq(row.id, 7);
    ck_assert_int_eq(row.time, 1283170088000000);
    ck_assert_str_eq(row.actor, "kim");
    ck_assert_str_eq(row.node, "node1");
    ck_assert_str_eq(row.action, "approve");
    ck_assert_str_eq(row.object, "rule 1");
    ck_assert_str_eq(row.before, "pending=2");
    ck_assert_str_eq(row.after, "pending=");
    ck_assert_str_eq(row.note, "a note");
    ck_assert_str_eq(row.role, "operator");
    ck_assert_str_eq(row.digest, "abc");
}
END_TEST

/* sha256sum of "22:mod_devupdate activity1:716:12831700880000003:kim5:node17:approve6:rule 19:pending=28:pending=6:a note8:operator" */
START_TEST(the_digest_is_as_described)
{
    du_activity_t row = du_activity_parse(unit.pool, columns);

    ck_assert_str_eq(du_activity_digest(unit.pool, &row, DU_ACTIVITY_START),
                     "a988b687ee297791cd20f090336f2cd00d9954d9cfb8ee57554841a522f91a1f");
}
END_TEST

/* Whatever is changed, and wherever a text ends. */
START_TEST(every_part_counts)
{
    du_activity_t row = du_activity_parse(unit.pool, columns);
    const char *digest = du_activity_digest(unit.pool, &row, "x");

    ck_assert_str_ne(du_activity_digest(unit.pool, &row, ""), digest);
    for (int i = 0; i < COUNT_OF(columns) - 1; i++) {
        const char *other[COUNT_OF(columns)];

        memcpy(other, columns, sizeof(other));
        other[i] = apr_pstrcat(unit.pool, columns[i], "0", NULL);
        row = du_activity_parse(unit.pool, other);
        ck_assert_msg(strcmp(du_activity_digest(unit.pool, &row, "x"), digest) != 0, "column %d does not count", i);
        if (i >= 2 && i < COUNT_OF(columns) - 2) { /* the last byte moves to the next text */
            memcpy(other, columns, sizeof(other));
            other[i] = apr_pstrmemdup(unit.pool, columns[i], strlen(columns[i]) - 1);
            other[i + 1] = apr_pstrcat(unit.pool, columns[i] + strlen(columns[i]) - 1, columns[i + 1], NULL);
            row = du_activity_parse(unit.pool, other);
            ck_assert_msg(strcmp(du_activity_digest(unit.pool, &row, "x"), digest) != 0, "columns %d and %d are one", i, i + 1);
        }
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("activity");

    tcase_add_test(tests, a_row_from_its_columns);
    tcase_add_test(tests, the_digest_is_as_described);
    tcase_add_test(tests, every_part_counts);
    return unit_run(tests);
}
