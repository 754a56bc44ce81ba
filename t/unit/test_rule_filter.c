#include "unit.h"

#include "du_rule_filter.h"

static const du_rule_t cx600 = {.id = 1,
                                .key = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"},
                                .update_type = "CPE",
                                .versions = {{"4.0.7577.4512", "4.0.7577.4463", ""}}};
static const du_rule_t idle = {.id = 2,
                               .key = {"3PIP", "Yealink", "T48 G*", "", "JPN"},
                               .update_type = "BOOT",
                               .versions = {{"", "", "X.8.1.52"}}};

/* Which of the two each filter wants. */
static const struct {
    du_rule_filter_t filter;
    int first, second;
} cases[] = {
    {{.state = DU_RULE_STATES}, 1, 1},
    {{.state = DU_RULE_PENDING}, 1, 0},
    {{.state = DU_RULE_APPROVED}, 1, 0},
    {{.state = DU_RULE_NONE}, 0, 1},
    {{.state = DU_RULE_STATES, .key.brand = "polycom"}, 1, 0},
    {{.state = DU_RULE_STATES, .key.brand = "POLY"}, 0, 0},
    {{.state = DU_RULE_STATES, .key.brand = "poly*"}, 1, 0},
    {{.state = DU_RULE_STATES, .key.brand = "POLYCOM*"}, 1, 0},
    {{.state = DU_RULE_STATES, .key.brand = "POLYCOM1*"}, 0, 0},
    {{.state = DU_RULE_STATES, .key.brand = "*"}, 1, 1},
    {{.state = DU_RULE_STATES, .key.brand = ""}, 0, 0},
    {{.state = DU_RULE_STATES, .key.type = "3pip"}, 0, 1},
    {{.state = DU_RULE_STATES, .key.model = "T48 G*"}, 0, 1},
    {{.state = DU_RULE_STATES, .key.revision = ""}, 0, 1},
    {{.state = DU_RULE_STATES, .key.locale = "jpn", .key.type = "UCPhone"}, 0, 0},
    {{.state = DU_RULE_STATES, .text = "x6"}, 1, 0},
    {{.state = DU_RULE_STATES, .text = "4512"}, 1, 0},
    {{.state = DU_RULE_STATES, .text = "8.1"}, 0, 1},
    {{.state = DU_RULE_STATES, .text = "boot"}, 0, 1},
    {{.state = DU_RULE_STATES, .text = "UCPhone/POLYCOM"}, 0, 0},
    {{.state = DU_RULE_NONE, .text = "4512"}, 0, 0},
};

START_TEST(what_is_wanted)
{
    ck_assert_int_eq(du_rule_filter_matches(&cases[_i].filter, &cx600), cases[_i].first);
    ck_assert_int_eq(du_rule_filter_matches(&cases[_i].filter, &idle), cases[_i].second);
}
END_TEST

START_TEST(patterns)
{
    ck_assert(du_rule_pattern_is_valid("CX600"));
    ck_assert(du_rule_pattern_is_valid("CX*"));
    ck_assert(du_rule_pattern_is_valid("*"));
    ck_assert(du_rule_pattern_is_valid(""));
    ck_assert(!du_rule_pattern_is_valid("*X"));
    ck_assert(!du_rule_pattern_is_valid("C*0"));
    ck_assert(!du_rule_pattern_is_valid("**"));
}
END_TEST

START_TEST(states)
{
    du_rule_state_e state = DU_RULE_STATES;

    ck_assert(du_rule_state_find("pending", &state) && state == DU_RULE_PENDING);
    ck_assert(du_rule_state_find("APPROVED", &state) && state == DU_RULE_APPROVED);
    ck_assert(du_rule_state_find("none", &state) && state == DU_RULE_NONE);
    ck_assert(!du_rule_state_find("", &state));
    ck_assert(!du_rule_state_find(NULL, &state));
    ck_assert(!du_rule_state_find("restore", &state));
    ck_assert_int_eq(state, DU_RULE_NONE);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("rule_filter");

    tcase_add_loop_test(tests, what_is_wanted, 0, COUNT_OF(cases));
    tcase_add_test(tests, patterns);
    tcase_add_test(tests, states);
    return unit_run(tests);
}
