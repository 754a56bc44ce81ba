#include "unit.h"

#include "du_token.h"

#define KEY   "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
#define UNTIL apr_time_from_sec(1795400000)

static du_token_e judge(const char *token)
{
    return du_token_judge(unit.pool, KEY, "kim", "rules", token, UNTIL);
}

static const char *good_token(void)
{
    const char *token = du_token_make(unit.pool, KEY, "kim", "rules", UNTIL);

    ck_assert_ptr_nonnull(token);
    return token;
}

START_TEST(good_until_its_time)
{
    const char *token = good_token();

    ck_assert_int_eq(judge(token), DU_TOKEN_GOOD);
    ck_assert_int_eq(du_token_judge(unit.pool, KEY, "kim", "rules", token, 0), DU_TOKEN_GOOD);
    ck_assert_int_eq(du_token_judge(unit.pool, KEY, "kim", "rules", token, UNTIL + apr_time_from_sec(1)), DU_TOKEN_EXPIRED);
    ck_assert_str_eq(du_token_make(unit.pool, KEY, "kim", "rules", UNTIL + 999999), token);
}
END_TEST

/* Computed with: printf '3:kim5:rules10:1795400000' | openssl dgst -sha256 -hmac KEY */
START_TEST(what_is_in_it)
{
    ck_assert_str_eq(good_token(), "1795400000-733ecb60bcb0626e6893e448e89586609291602a1bdfdee204a93d6508cc038e");
}
END_TEST

START_TEST(somebody_or_something_else)
{
    static const struct {
        const char *key, *account, *page;
    } others[] = {
        {KEY, "kin", "rules"},  {KEY, "Kim", "rules"},   {KEY, "ki", "mrules"}, {KEY, "kimr", "ules"}, {KEY, "kim", "rule"},
        {KEY, "kim", "roles"},  {KEY, "kim5:rules", "x"}, {KEY "0", "kim", "rules"}, {"0", "kim", "rules"},
        {NULL, "kim", "rules"}, {"", "kim", "rules"},    {KEY, NULL, "rules"},  {KEY, "", "rules"},    {KEY, "kim", NULL},
        {KEY, "kim", ""},
    };
    const char *token = good_token();

    for (int i = 0; i < COUNT_OF(others); i++) {
        ck_assert_msg(du_token_judge(unit.pool, others[i].key, others[i].account, others[i].page, token, UNTIL) ==
                          DU_TOKEN_WRONG, "case %d", i);
    }
}
END_TEST

START_TEST(nothing_is_made_of_nothing)
{
    ck_assert_ptr_null(du_token_make(unit.pool, "", "kim", "rules", UNTIL));
    ck_assert_ptr_null(du_token_make(unit.pool, NULL, "kim", "rules", UNTIL));
    ck_assert_ptr_null(du_token_make(unit.pool, KEY, "", "rules", UNTIL));
    ck_assert_ptr_null(du_token_make(unit.pool, KEY, NULL, "rules", UNTIL));
    ck_assert_ptr_null(du_token_make(unit.pool, KEY, "kim", "", UNTIL));
    ck_assert_ptr_null(du_token_make(unit.pool, KEY, "kim", NULL, UNTIL));
    ck_assert_int_eq(judge(NULL), DU_TOKEN_MISSING);
    ck_assert_int_eq(judge(""), DU_TOKEN_MISSING);
}
END_TEST

/* Each bit of each byte changed, each length shorter, and what else looks nearly like it. */
START_TEST(damaged)
{
    const char *token = good_token();
    apr_size_t len = strlen(token);

    for (apr_size_t at = 0; at < len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            char *other = apr_pstrdup(unit.pool, token);

            other[at] ^= (char)(1 << bit);
            ck_assert_msg(judge(other) == (*other ? DU_TOKEN_WRONG : DU_TOKEN_MISSING), "byte %d, bit %d", (int)at, bit);
        }
        ck_assert_int_eq(judge(unit_exact(apr_pstrmemdup(unit.pool, token, at), at + 1)), at ? DU_TOKEN_WRONG : DU_TOKEN_MISSING);
    }
    ck_assert_int_eq(judge(apr_pstrcat(unit.pool, token, "0", NULL)), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge(apr_pstrcat(unit.pool, "0", token, NULL)), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge(apr_pstrcat(unit.pool, " ", token, NULL)), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge(apr_pstrcat(unit.pool, "+", token, NULL)), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge("99999999999999999999999999-00"), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge("-1-00"), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge("1795400000-"), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge(strchr(token, '-')), DU_TOKEN_WRONG);
}
END_TEST

/* The time is not to be lengthened by who has the token. */
START_TEST(another_time)
{
    const char *token = good_token();

    ck_assert_int_eq(judge(apr_pstrcat(unit.pool, "1795400001", strchr(token, '-'), NULL)), DU_TOKEN_WRONG);
    ck_assert_int_eq(judge(apr_pstrcat(unit.pool, "01795400000", strchr(token, '-'), NULL)), DU_TOKEN_WRONG);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("token");

    tcase_add_test(tests, good_until_its_time);
    tcase_add_test(tests, what_is_in_it);
    tcase_add_test(tests, somebody_or_something_else);
    tcase_add_test(tests, nothing_is_made_of_nothing);
    tcase_add_test(tests, damaged);
    tcase_add_test(tests, another_time);
    return unit_run(tests);
}
