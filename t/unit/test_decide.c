#include "unit.h"

#include "du_decide.h"
#include "sample.h"

#define CX600  {"UCPhone", "POLYCOM", "CX600", "A", "ENU"}   /* pending, approved 4.0.7577.4463, restore */
#define AASTRA {"UCPhone", "Aastra", "6725ip", "A", "ENU"}   /* pending only */
#define T48    {"UCPhone", "Yealink", "T48 G", "A", "ENU"}   /* X.8.1.52 with CPE.nbt and B.nbt */

/* One check each: key, installed modules (filename and version), and what must come of it. */
static const struct {
    du_key_t key;
    du_module_t modules[3];
    du_result_e result;
    du_reason_e reason;
} cases[] = {
    {CX600, {{0}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{"CPE.nbt", "4.0.7577.4066", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{"CPE.nbt", "4.0.7577.4463", ""}}, DU_RESULT_NONE, DU_REASON_CURRENT},
    {CX600, {{"cpe.NBT", "4.0.7577.4463", NULL}}, DU_RESULT_NONE, DU_REASON_CURRENT},
    /* different, never newer (protocol.md 8.4) */
    {CX600, {{"CPE.nbt", "9.9.9.9", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{"CPE.nbt", "4.0.7577.4512", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    /* versions are texts */
    {CX600, {{"CPE.nbt", "4.0.7577.04463", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{"CPE.nbt", "4.0.7577.4463.0", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {T48, {{"CPE.nbt", "x.8.1.52", ""}, {"B.nbt", "x.8.1.52", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    /* modules that the image does not have count only if it has none of the named */
    {CX600, {{"other.nbt", "4.0.7577.4463", ""}}, DU_RESULT_NONE, DU_REASON_CURRENT},
    {CX600, {{NULL, "4.0.7577.4463", ""}}, DU_RESULT_NONE, DU_REASON_CURRENT},
    {CX600, {{"other.nbt", "1", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{"other.nbt", "4.0.7577.4463", ""}, {"CPE.nbt", "1", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{"CPE.nbt", "1", ""}, {"other.nbt", "4.0.7577.4463", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{"other.nbt", "1", ""}, {"CPE.nbt", "4.0.7577.4463", ""}}, DU_RESULT_NONE, DU_REASON_CURRENT},
    {CX600, {{"CPE.nbt", NULL, ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {CX600, {{NULL, NULL, NULL}, {NULL, NULL, "x"}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {T48, {{"CPE.nbt", "X.8.1.52", ""}, {"B.nbt", "X.8.1.52", ""}}, DU_RESULT_NONE, DU_REASON_CURRENT},
    {T48, {{"CPE.nbt", "X.8.1.52", ""}, {"B.nbt", "X.8.1.51", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {T48, {{"B.nbt", "X.8.1.51", ""}, {"CPE.nbt", "X.8.1.52", ""}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {T48, {{"B.nbt", "X.8.1.52", ""}}, DU_RESULT_NONE, DU_REASON_CURRENT},
    /* no approved version: pending ones are for test devices */
    {AASTRA, {{0}}, DU_RESULT_NONE, DU_REASON_NO_APPROVED},
    {AASTRA, {{"CPE.nbt", "4.0.7577.4512", ""}}, DU_RESULT_NONE, DU_REASON_NO_APPROVED},
    /* keys */
    {{"ucphone", "Polycom", "cx600", "a", "enu"}, {{0}}, DU_RESULT_OFFERED, DU_REASON_APPROVED},
    {{"UCPhone", "POLYCOM", "CX700", "A", "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_NO_RULE},
    {{"RoundTable", "POLYCOM", "CX600", "A", "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_NO_RULE},
    {{"UCPhone", "POLYCOM", "CX600", "B", "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_NO_RULE},
    {{"UCPhone", "POLYCOM", "CX600", "A", "DEU"}, {{0}}, DU_RESULT_NONE, DU_REASON_NO_RULE},
    {{"UCPhone", "POLYCOM", "*", "A", "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_NO_RULE},
    {{NULL, "POLYCOM", "CX600", "A", "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_INCOMPLETE},
    {{"UCPhone", NULL, "CX600", "A", "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_INCOMPLETE},
    {{"UCPhone", "POLYCOM", NULL, "A", "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_INCOMPLETE},
    {{"UCPhone", "POLYCOM", "CX600", NULL, "ENU"}, {{0}}, DU_RESULT_NONE, DU_REASON_INCOMPLETE},
    {{"UCPhone", "POLYCOM", "CX600", "A", NULL}, {{0}}, DU_RESULT_NONE, DU_REASON_INCOMPLETE},
    {{NULL, NULL, NULL, NULL, NULL}, {{0}}, DU_RESULT_NONE, DU_REASON_INCOMPLETE},
};

static int count_modules(const du_module_t *modules)
{
    int n = 0;

    while (n < 3 && (modules[n].filename || modules[n].version || modules[n].timestamp)) {
        n++;
    }
    return n;
}

START_TEST(table)
{
    const du_ruleset_t *ruleset = sample_ruleset(unit.ctx, sample_rules(unit.pool), unit_path("rules"), 1, unit.pool);

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_request_t request = {.key = cases[i].key, .modules = cases[i].modules};
        du_decision_t decision;

        request.nmodules = count_modules(cases[i].modules);
        decision = du_decide(ruleset, &request, NULL);
        ck_assert_msg(decision.result == cases[i].result && decision.reason == cases[i].reason, "case %d: %s, %s", i,
                      du_result_word(decision.result), du_reason_word(decision.reason));
        ck_assert_int_eq(decision.image != NULL, cases[i].result == DU_RESULT_OFFERED);
        if (decision.image) {
            du_slot_e slot = DU_APPROVED;

            ck_assert_ptr_eq(decision.image,
                             du_ruleset_image(ruleset, du_ruleset_find(ruleset, &request.key), slot));
        }
    }
}
END_TEST

#define TEST_MAC "00-04-F2-00-01-76"

/* A test device: CX600 and the other sample rules, what is installed, and what must come of it. The slot is of the image
 * that is offered. */
static const struct {
    du_key_t key;
    const char *installed;
    du_result_e result;
    du_reason_e reason;
    du_slot_e slot;
} test_cases[] = {
    {CX600, "1", DU_RESULT_OFFERED, DU_REASON_PENDING, DU_PENDING},
    {CX600, "4.0.7577.4463", DU_RESULT_OFFERED, DU_REASON_PENDING, DU_PENDING},
    {CX600, "4.0.7577.4512", DU_RESULT_NONE, DU_REASON_CURRENT, DU_SLOTS},
    {CX600, "9.9.9.9", DU_RESULT_OFFERED, DU_REASON_PENDING, DU_PENDING},
    {AASTRA, "1", DU_RESULT_OFFERED, DU_REASON_PENDING, DU_PENDING},
    /* nothing pending: as everybody */
    {T48, "1", DU_RESULT_OFFERED, DU_REASON_APPROVED, DU_APPROVED},
    {T48, "X.8.1.52", DU_RESULT_NONE, DU_REASON_CURRENT, DU_SLOTS},
    {{"UCPhone", "POLYCOM", "CX700", "A", "ENU"}, "1", DU_RESULT_NONE, DU_REASON_NO_RULE, DU_SLOTS},
    {{"UCPhone", "POLYCOM", NULL, "A", "ENU"}, "1", DU_RESULT_NONE, DU_REASON_INCOMPLETE, DU_SLOTS},
};

START_TEST(A2_test_devices_are_offered_what_is_pending)
{
    du_snapshot_t *snapshot = sample_snapshot(sample_rules(unit.pool), 1, unit.pool);
    const du_ruleset_t *ruleset;

    sample_device(snapshot, "", DU_TEST_MAC, TEST_MAC);
    ruleset = sample_load(unit.ctx, snapshot, unit_path("rules"), unit.pool);
    for (int i = 0; i < COUNT_OF(test_cases); i++) {
        const du_module_t module = {"CPE.nbt", test_cases[i].installed, NULL};
        du_request_t request = {.key = test_cases[i].key, .test_mac = TEST_MAC, .nmodules = 1, .modules = &module};
        du_decision_t decision = du_decide(ruleset, &request, NULL);

        ck_assert_msg(decision.result == test_cases[i].result && decision.reason == test_cases[i].reason, "case %d: %s, %s",
                      i, du_result_word(decision.result), du_reason_word(decision.reason));
        ck_assert_int_eq(decision.image != NULL, test_cases[i].slot != DU_SLOTS);
        if (decision.image) {
            ck_assert_ptr_eq(decision.image, du_ruleset_image(ruleset, du_ruleset_find(ruleset, &request.key),
                                                              test_cases[i].slot));
        }
    }
}
END_TEST

/* Only canonical identifiers count, and at a site only the address. */
START_TEST(D4_who_is_a_test_device_where)
{
    static const struct { const char *mac, *serial, *where; du_reason_e reason; } phones[] = {
        {TEST_MAC, NULL, "10.1.2.3", DU_REASON_PENDING}, {TEST_MAC, NULL, "10.2.2.3", DU_REASON_APPROVED},
        {TEST_MAC, NULL, NULL, DU_REASON_APPROVED}, {NULL, "07823-a345", "10.2.2.3", DU_REASON_PENDING},
        {NULL, "07823-a345", NULL, DU_REASON_PENDING}, {TEST_MAC, "07823-a345", "10.2.2.3", DU_REASON_PENDING},
        {"00-04-F2-00-01-77", "other", "10.1.2.3", DU_REASON_APPROVED}, {NULL, NULL, "10.1.2.3", DU_REASON_APPROVED},
    };
    du_snapshot_t *snapshot = sample_snapshot(sample_rules(unit.pool), 1, unit.pool);
    const du_ruleset_t *ruleset;

    sample_site(snapshot, "Berlin", "10.1.0.0/16");
    sample_device(snapshot, "Berlin", DU_TEST_MAC, TEST_MAC);
    sample_device(snapshot, "", DU_TEST_SERIAL, "07823-a345");
    ruleset = sample_load(unit.ctx, snapshot, unit_path("rules"), unit.pool);
    for (int i = 0; i < COUNT_OF(phones); i++) {
        du_request_t request = {.key = CX600, .mac = TEST_MAC, .serial = "07823-A345", .test_mac = phones[i].mac,
                                .test_serial = phones[i].serial};
        du_address_t address;

        ck_assert(!phones[i].where || du_address_parse(phones[i].where, &address));
        ck_assert_msg(du_decide(ruleset, &request, phones[i].where ? &address : NULL).reason == phones[i].reason,
                      "case %d", i);
    }
}
END_TEST

/* Who is held for what, and what that phone, which runs an old version, is told. */
START_TEST(held)
{
    static const struct { const char *mac, *serial; int is_test; du_reason_e reason; } phones[] = {
        {"00-04-F2-00-00-01", NULL, 0, DU_REASON_HELD},         {NULL, "s1", 0, DU_REASON_HELD},
        {"00-04-F2-00-00-01", "other", 0, DU_REASON_HELD},      {"00-04-F2-00-00-01", NULL, 1, DU_REASON_PENDING},
        {"00-04-F2-00-00-02", NULL, 0, DU_REASON_APPROVED},     {"00-04-F2-00-00-03", NULL, 0, DU_REASON_HELD},
        {"00-04-F2-00-00-03", NULL, 1, DU_REASON_HELD},         {NULL, "s2", 0, DU_REASON_HELD},
        {"00-04-F2-00-00-04", "none", 0, DU_REASON_APPROVED},   {NULL, NULL, 0, DU_REASON_APPROVED},
        {"s1", NULL, 0, DU_REASON_APPROVED},                    {NULL, "S1", 0, DU_REASON_APPROVED},
    };

    for (int i = 0; i < COUNT_OF(phones); i++) {
        du_snapshot_t *snapshot = sample_snapshot(sample_rules(unit.pool), 1, unit.pool);
        const du_module_t module = {"CPE.nbt", "1", NULL};
        du_request_t request = {.key = CX600, .test_mac = phones[i].mac, .test_serial = phones[i].serial, .nmodules = 1,
                                .modules = &module};
        du_decision_t decision;

        sample_held(snapshot, "00-04-F2-00-00-01", "s1", "4.0.7577.4463");
        sample_held(snapshot, "00-04-F2-00-00-02", "", "4.0.7577.9999");
        sample_held(snapshot, "00-04-F2-00-00-03", "", DU_HELD_ALL);
        sample_held(snapshot, "", "s2", "4.0.7577.9999");
        sample_held(snapshot, "", "s2", "4.0.7577.4463");
        if (phones[i].is_test) {
            sample_device(snapshot, "", DU_TEST_MAC, phones[i].mac);
        }
        decision = du_decide(sample_load(unit.ctx, snapshot, unit_path("rules"), unit.pool), &request, NULL);
        ck_assert_msg(decision.reason == phones[i].reason, "case %d: %s", i, du_reason_word(decision.reason));
        ck_assert_int_eq(decision.image != NULL, phones[i].reason != DU_REASON_HELD);
    }
}
END_TEST

/* What is installed is current, held or not. */
START_TEST(held_but_current)
{
    du_snapshot_t *snapshot = sample_snapshot(sample_rules(unit.pool), 1, unit.pool);
    const du_module_t module = {"CPE.nbt", "4.0.7577.4463", NULL};
    du_request_t request = {.key = CX600, .test_serial = "s1", .nmodules = 1, .modules = &module};

    sample_held(snapshot, "", "s1", "4.0.7577.4463");
    ck_assert_int_eq(du_decide(sample_load(unit.ctx, snapshot, unit_path("rules"), unit.pool), &request, NULL).reason,
                     DU_REASON_CURRENT);
}
END_TEST

/* The words that stand in audit files; scripts compare them. */
START_TEST(words)
{
    static const char *const results[] = {"offered", "none", "refused"};
    static const char *const reasons[] = {"approved", "pending", "current", "no-rule", "no-approved", "held", "incomplete", "malformed",
                                          "too-large", "unauthenticated", "forbidden", "not-ready"};

    for (int i = 0; i < COUNT_OF(results); i++) {
        ck_assert_str_eq(du_result_word((du_result_e)i), results[i]);
    }
    for (int i = 0; i < COUNT_OF(reasons); i++) {
        ck_assert_str_eq(du_reason_word((du_reason_e)i), reasons[i]);
    }
    ck_assert_int_eq(DU_RESULT_REFUSED, COUNT_OF(results) - 1);
    ck_assert_int_eq(DU_REASON_NOT_READY, COUNT_OF(reasons) - 1);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("decide");

    tcase_add_test(tests, table);
    tcase_add_test(tests, A2_test_devices_are_offered_what_is_pending);
    tcase_add_test(tests, D4_who_is_a_test_device_where);
    tcase_add_test(tests, held);
    tcase_add_test(tests, held_but_current);
    tcase_add_test(tests, words);
    return unit_run(tests);
}
