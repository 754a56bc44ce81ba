#include "unit.h"

#include "du_why.h"
#include "sample.h"

#define CX600  {"UCPhone", "POLYCOM", "CX600", "A", "ENU"} /* pending 4.0.7577.4512, approved .4463, restore .4387 */
#define AASTRA {"UCPhone", "Aastra", "6725ip", "A", "ENU"} /* pending only */
#define T48    {"UCPhone", "Yealink", "T48 G", "A", "ENU"} /* approved X.8.1.52 with CPE.nbt and B.nbt */

#define MAC "00-04-F2-00-01-76"

/* What there is besides the sample's rules: test devices at a site and everywhere, held phones. */
static du_snapshot_t *snapshot_of(void)
{
    du_snapshot_t *snapshot = sample_snapshot(sample_rules(unit.pool), 7, unit.pool);

    sample_site(snapshot, "Berlin", "10.1.0.0/16");
    sample_device(snapshot, "Berlin", DU_TEST_SERIAL, "at-berlin");
    sample_device(snapshot, "", DU_TEST_SERIAL, "anywhere");
    sample_held(snapshot, "", "anywhere", "4.0.7577.4512");
    sample_held(snapshot, "", "held", "4.0.7577.4463");
    sample_held(snapshot, "", "none", DU_HELD_ALL);
    return snapshot;
}

/* All that was found, in a line: reason, steps with what they are about, what would change it. */
static const char *text_of(const du_why_t *why)
{
    const char *text = apr_pstrcat(unit.pool, du_reason_word(why->decision.reason), *why->offered ? " " : "", why->offered, NULL);

    for (int i = 0; i < why->answers->nelts; i++) {
        const du_why_line_t *line = &APR_ARRAY_IDX(why->answers, i, du_why_line_t);

        text = apr_pstrcat(unit.pool, text, " | ",
                           du_why_answer_word((du_why_answer_e)line->what), *line->about ? " " : "", line->about, NULL);
    }
    text = apr_pstrcat(unit.pool, text, " ->", NULL);
    for (int i = 0; i < why->changes->nelts; i++) {
        const du_why_line_t *line = &APR_ARRAY_IDX(why->changes, i, du_why_line_t);

        text = apr_pstrcat(unit.pool, text, i ? ", " : " ", du_why_change_word((du_why_change_e)line->what),
                           *line->about ? " " : "", line->about, NULL);
    }
    return text;
}

static const du_why_t *ask(const du_snapshot_t *snapshot, du_request_t *request, const char *where)
{
    const du_ruleset_t *ruleset;
    du_address_t address;

    while (request->nmodules < 3 && (request->modules[request->nmodules].filename || request->modules[request->nmodules].version)) {
        request->nmodules++;
    }
    ck_assert(!where || du_address_parse(where, &address));
    assert_ok(du_ruleset_make(unit.ctx, snapshot, unit.pool, &ruleset));
    return du_why(ruleset, snapshot, request, where ? &address : NULL, unit.pool);
}

/* One phone each, and everything that is said about it. */
static const struct {
    du_key_t key;
    const char *serial, *where;
    du_module_t modules[4];
    const char *said;
} cases[] = {
    {CX600, NULL, NULL, {{"CPE.nbt", "4.0.7577.4066", NULL}},
     "approved 4.0.7577.4463 | complete UCPhone/POLYCOM/CX600/A/ENU | rule 1 | no-test | approved 4.0.7577.4463 | "
     "other-file CPE.nbt 4.0.7577.4066 | not-held -> install 4.0.7577.4463, restore 4.0.7577.4387, hold"},
    {{"ucphone", "polycom", "cx600", "a", "enu"}, NULL, NULL, {{"CPE.nbt", "4.0.7577.4463", NULL}},
     "current | complete ucphone/polycom/cx600/a/enu | rule 1 | no-test | approved 4.0.7577.4463 | "
     "same-file CPE.nbt 4.0.7577.4463 -> approve 4.0.7577.4512, test 4.0.7577.4512, import UCPhone/POLYCOM/CX600/A/ENU"},
    {CX600, NULL, NULL, {{"a.bin", "1", NULL}, {"b.bin", "4.0.7577.4463", NULL}},
     "current | complete UCPhone/POLYCOM/CX600/A/ENU | rule 1 | no-test | approved 4.0.7577.4463 | "
     "same-other b.bin 4.0.7577.4463 -> approve 4.0.7577.4512, test 4.0.7577.4512, import UCPhone/POLYCOM/CX600/A/ENU"},
    {CX600, NULL, NULL, {{"a.bin", "1", NULL}, {"b.bin", "2", NULL}},
     "approved 4.0.7577.4463 | complete UCPhone/POLYCOM/CX600/A/ENU | rule 1 | no-test | approved 4.0.7577.4463 | "
     "other a.bin 1 | not-held -> install 4.0.7577.4463, restore 4.0.7577.4387, hold"},
    {T48, NULL, NULL, {{"other.bin", "X.8.1.52", NULL}, {"CPE.nbt", "X.8.1.52", NULL}, {"B.nbt", "X.8.1.51", NULL}},
     "approved X.8.1.52 | complete UCPhone/Yealink/T48 G/A/ENU | rule 3 | no-test | approved X.8.1.52 | "
     "other-file B.nbt X.8.1.51 | not-held -> install X.8.1.52, hold"},
    {CX600, NULL, NULL, {{0}},
     "approved 4.0.7577.4463 | complete UCPhone/POLYCOM/CX600/A/ENU | rule 1 | no-test | approved 4.0.7577.4463 | "
     "no-files | not-held -> install 4.0.7577.4463, restore 4.0.7577.4387, hold"},
    /* test devices */
    {CX600, "anywhere", NULL, {{"CPE.nbt", "1", NULL}},
     "pending 4.0.7577.4512 | complete UCPhone/POLYCOM/CX600/A/ENU | rule 1 | test-everywhere anywhere | "
     "pending 4.0.7577.4512 | other-file CPE.nbt 1 | held-test 4.0.7577.4512 -> "
     "install 4.0.7577.4512, reset 4.0.7577.4512, untest, hold"},
    {CX600, "at-berlin", "10.1.2.3", {{"CPE.nbt", "4.0.7577.4512", NULL}},
     "current | complete UCPhone/POLYCOM/CX600/A/ENU | rule 1 | test-here at-berlin, Berlin | "
     "pending 4.0.7577.4512 | same-file CPE.nbt 4.0.7577.4512 -> import UCPhone/POLYCOM/CX600/A/ENU"},
    {AASTRA, "at-berlin", "10.2.2.3", {{0}},
     "no-approved | complete UCPhone/Aastra/6725ip/A/ENU | rule 2 | test-elsewhere at-berlin, Berlin | no-version -> "
     "approve 4.0.7577.4512, site 4.0.7577.4512, import UCPhone/Aastra/6725ip/A/ENU"},
    {AASTRA, NULL, NULL, {{0}},
     "no-approved | complete UCPhone/Aastra/6725ip/A/ENU | rule 2 | no-test | no-version -> "
     "approve 4.0.7577.4512, test 4.0.7577.4512, import UCPhone/Aastra/6725ip/A/ENU"},
    {T48, "anywhere", NULL, {{0}},
     "approved X.8.1.52 | complete UCPhone/Yealink/T48 G/A/ENU | rule 3 | test-everywhere anywhere | "
     "approved X.8.1.52 | no-files | not-held -> install X.8.1.52, hold"},
    /* held */
    {CX600, "held", NULL, {{"CPE.nbt", "1", NULL}},
     "held | complete UCPhone/POLYCOM/CX600/A/ENU | rule 1 | no-test | approved 4.0.7577.4463 | "
     "other-file CPE.nbt 1 | held-version 4.0.7577.4463 -> release"},
    {T48, "none", NULL, {{0}},
     "held | complete UCPhone/Yealink/T48 G/A/ENU | rule 3 | no-test | approved X.8.1.52 | "
     "no-files | held-all -> release"},
    {T48, "held", NULL, {{0}},
     "approved X.8.1.52 | complete UCPhone/Yealink/T48 G/A/ENU | rule 3 | no-test | approved X.8.1.52 | "
     "no-files | not-held -> install X.8.1.52, hold"},
    /* keys */
    {{"UCPhone", "POLYCOM", "CX600", "A", "DEU"}, NULL, NULL, {{0}},
     "no-rule | complete UCPhone/POLYCOM/CX600/A/DEU | no-rule -> "
     "kind UCPhone/POLYCOM/CX600/A/ENU, import UCPhone/POLYCOM/CX600/A/DEU"},
    {{"UCPhone", "POLYCOM", "CX600", "B", "DEU"}, NULL, NULL, {{0}},
     "no-rule | complete UCPhone/POLYCOM/CX600/B/DEU | no-rule -> "
     "kind UCPhone/POLYCOM/CX600/A/ENU, import UCPhone/POLYCOM/CX600/B/DEU"},
    {{"3PIP", "POLYCOM", "CX700", "A", "ENU"}, NULL, NULL, {{0}},
     "no-rule | complete 3PIP/POLYCOM/CX700/A/ENU | no-rule -> import 3PIP/POLYCOM/CX700/A/ENU"},
    {{"UCPhone", NULL, "CX600", "A", ""}, NULL, NULL, {{0}}, "incomplete | incomplete brand, locale -> say brand, locale"},
    {{NULL, NULL, NULL, NULL, NULL}, NULL, NULL, {{0}},
     "incomplete | incomplete type, brand, model, revision, locale -> say type, brand, model, revision, locale"},
};

START_TEST(steps)
{
    const du_snapshot_t *snapshot = snapshot_of();

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_request_t request = {.key = cases[i].key, .test_serial = cases[i].serial, .modules = cases[i].modules};
        const char *said = text_of(ask(snapshot, &request, cases[i].where));

        ck_assert_msg(strcmp(said, cases[i].said) == 0, "case %d:\n%s\n%s", i, said, cases[i].said);
    }
}
END_TEST

/* Does to rules, lists and phone what a change says; 0 if it is nothing that can be done to them. */
static int make_change(const du_why_line_t *line, du_snapshot_t *snapshot, const du_rule_t *of, du_request_t *request, const char **where)
{
    static du_module_t module = {"CPE.nbt", NULL, NULL}, both[2];
    du_rule_t *rule = of ? &APR_ARRAY_IDX(snapshot->rules, (int)of->id - 1, du_rule_t) : NULL;

    switch ((du_why_change_e)line->what) {
    case DU_CHANGE_SAY:
        request->key = (du_key_t)CX600;
        return 1;
    case DU_CHANGE_KIND: {
        char *part = apr_pstrdup(unit.pool, line->about), *state = NULL;
        const char **parts[] = {&request->key.type, &request->key.brand, &request->key.model, &request->key.revision, &request->key.locale};

        for (int i = 0; i < 5; i++) {
            *parts[i] = apr_strtok(i ? NULL : part, "/", &state);
        }
        return 1;
    }
    case DU_CHANGE_IMPORT:
        if (!rule) {
            rule = sample_rule(snapshot->rules, request->key.brand, request->key.model, "", "", "");
            rule->key = request->key;
        }
        rule->image[DU_APPROVED] = rule->image[DU_PENDING] = sample_image(unit.pool, "9.9.9.9", 1, 99);
        return 1;
    case DU_CHANGE_APPROVE:
        rule->image[DU_APPROVED] = rule->image[DU_PENDING];
        return 1;
    case DU_CHANGE_RESTORE:
        rule->image[DU_APPROVED] = rule->image[DU_RESTORE];
        return 1;
    case DU_CHANGE_RESET:
        rule->image[DU_PENDING] = NULL;
        return 1;
    case DU_CHANGE_TEST:
        request->test_mac = MAC;
        sample_device(snapshot, "", DU_TEST_MAC, MAC);
        return 1;
    case DU_CHANGE_SITE:
        *where = "10.1.0.1";
        return 1;
    case DU_CHANGE_UNTEST:
        snapshot->test_devices = apr_array_make(unit.pool, 1, sizeof(du_test_device_t));
        return 1;
    case DU_CHANGE_INSTALL:
        module.version = line->about;
        both[0] = module;
        both[1] = (du_module_t){"B.nbt", line->about, NULL};
        request->modules = both;
        request->nmodules = 2;
        return 1;
    case DU_CHANGE_HOLD:
        request->test_mac = MAC;
        sample_held(snapshot, MAC, "", DU_HELD_ALL);
        return 1;
    case DU_CHANGE_RELEASE:
        snapshot->held = apr_array_make(unit.pool, 1, sizeof(du_held_t));
        return 1;
    case DU_WHY_CHANGES:
        break;
    }
    return 0;
}

/* Each change that is said to change the answer is made, and changes it. */
START_TEST(changes_are_true)
{
    int made = 0;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_request_t request = {.key = cases[i].key, .test_serial = cases[i].serial, .modules = cases[i].modules};
        const du_why_t *before = ask(snapshot_of(), &request, cases[i].where);

        for (int n = 0; n < before->changes->nelts; n++) {
            const du_why_line_t *line = &APR_ARRAY_IDX(before->changes, n, du_why_line_t);
            du_snapshot_t *snapshot = snapshot_of();
            du_request_t changed = request;
            const char *where = cases[i].where;
            const du_why_t *after;
            const du_ruleset_t *ruleset;
            du_address_t address;

            ck_assert(make_change(line, snapshot, before->rule, &changed, &where));
            ck_assert(!where || du_address_parse(where, &address));
            assert_ok(du_ruleset_make(unit.ctx, snapshot, unit.pool, &ruleset));
            after = du_why(ruleset, snapshot, &changed, where ? &address : NULL, unit.pool);
            ck_assert_msg(after->decision.reason != before->decision.reason || strcmp(after->offered, before->offered) != 0,
                          "case %d, %s: still %s %s", i, du_why_change_word((du_why_change_e)line->what),
                          du_reason_word(after->decision.reason), after->offered);
            made++;
        }
    }
    ck_assert_int_gt(made, 40);
}
END_TEST

/* What is explained is what du_decide() answers, with a rule set that nodes use as with one of this process. */
START_TEST(agrees_with_the_rule_set_of_a_node)
{
    const du_snapshot_t *snapshot = snapshot_of();
    const du_ruleset_t *kept = sample_load(unit.ctx, snapshot, unit_path("rules"), unit.pool);

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_request_t request = {.key = cases[i].key, .test_serial = cases[i].serial, .modules = cases[i].modules};
        du_address_t address;
        const du_why_t *why = ask(snapshot, &request, cases[i].where);
        du_decision_t decision;

        ck_assert(!cases[i].where || du_address_parse(cases[i].where, &address));
        decision = du_decide(kept, &request, cases[i].where ? &address : NULL);
        ck_assert_int_eq(decision.reason, why->decision.reason);
        ck_assert_str_eq(decision.image ? du_ruleset_version(kept, decision.image) : "", why->offered);
    }
}
END_TEST

/* A kind that nearly matches many rules names some of them. */
START_TEST(near_rules_are_limited)
{
    du_snapshot_t *snapshot = snapshot_of();
    du_request_t request = {.key = {"UCPhone", "POLYCOM", "CX", "A", "ENU"}};
    const du_why_t *why;

    for (int i = 0; i < 20; i++) {
        sample_rule(snapshot->rules, "POLYCOM", apr_psprintf(unit.pool, "CX%d", i), "", "1", "");
    }
    request.modules = cases[5].modules;
    why = ask(snapshot, &request, NULL);
    ck_assert_int_eq(why->changes->nelts, 6);
    ck_assert_int_eq(APR_ARRAY_IDX(why->changes, 5, du_why_line_t).what, DU_CHANGE_IMPORT);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("why");

    tcase_add_test(tests, steps);
    tcase_add_test(tests, changes_are_true);
    tcase_add_test(tests, agrees_with_the_rule_set_of_a_node);
    tcase_add_test(tests, near_rules_are_limited);
    return unit_run(tests);
}
