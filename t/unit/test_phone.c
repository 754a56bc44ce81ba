#include "unit.h"

#include "du_phone.h"

/* 2026-11-22 20:15:35 UTC */
#define SEEN apr_time_from_sec(1795378535)

#define KNOWN                                                                                                        \
    .mac = "", .serial = "", .address = "", .key = {"", "", "", "", ""}, .version_before = "", .site = "", .user = "", \
    .node = "", .endpoint = ""

#define OFFERED  .result = "offered", .reason = "approved", .version = "1", .offered = "2", .offered_time = SEEN
#define NONE(why) .result = "none", .reason = why

/* What a phone did, and what that amounts to if three offers are too many. */
static const struct {
    du_phone_t phone;
    du_phone_state_e state;
    const char *why;
} cases[] = {
    {{KNOWN, NONE("current"), .version = "1", .offered = "", .taken = "", .held = ""}, DU_PHONE_CURRENT,
     "reports 1, which is what it is to have"},
    {{KNOWN, NONE("no-approved"), .version = "1", .offered = "", .taken = "", .held = ""}, DU_PHONE_CURRENT,
     "reports 1, and its rule has no approved version"},
    {{KNOWN, NONE("current"), .version = "2", .offered = "", .taken = "2", .taken_time = SEEN, .held = ""},
     DU_PHONE_UPDATED, "reports 2, which it fetched here on 2026-11-22"},
    {{KNOWN, NONE("current"), .version = "2", .offered = "", .taken = "1", .held = ""}, DU_PHONE_CURRENT,
     "reports 2, which is what it is to have"},
    {{KNOWN, NONE("current"), .version = "", .offered = "", .taken = "", .held = ""}, DU_PHONE_CURRENT,
     "reports no version, which is what it is to have"},
    {{KNOWN, NONE("current"), .version = "1", .offered = "", .taken = "", .held = "*"}, DU_PHONE_CURRENT,
     "reports 1, which is what it is to have"},
    {{KNOWN, OFFERED, .offers = 1, .taken = "", .held = ""}, DU_PHONE_OFFERED, "was offered 2 once since 2026-11-22"},
    {{KNOWN, OFFERED, .offers = 2, .taken = "", .held = ""}, DU_PHONE_OFFERED,
     "was offered 2 2 times since 2026-11-22"},
    {{KNOWN, OFFERED, .offers = 3, .taken = "", .held = ""}, DU_PHONE_STUCK,
     "was offered 2 3 times since 2026-11-22 and still reports 1"},
    {{KNOWN, OFFERED, .offers = 1, .taken = "1", .taken_bytes = 9, .taken_size = 9, .held = ""}, DU_PHONE_OFFERED,
     "was offered 2 once since 2026-11-22"},
    {{KNOWN, OFFERED, .offers = 1, .taken = "2", .taken_bytes = 0, .taken_size = 9, .held = ""}, DU_PHONE_OFFERED,
     "was offered 2 once since 2026-11-22"},
    {{KNOWN, OFFERED, .offers = 1, .taken = "2", .taken_bytes = 8, .taken_size = 9, .held = ""}, DU_PHONE_DOWNLOADING,
     "fetched 8 of 9 bytes of 2"},
    {{KNOWN, OFFERED, .offers = 1, .taken = "2", .taken_bytes = 8, .taken_size = 0, .held = ""}, DU_PHONE_DOWNLOADING,
     "fetched 8 of 0 bytes of 2"},
    {{KNOWN, OFFERED, .offers = 2, .taken = "2", .taken_bytes = 9, .taken_size = 9, .taken_time = SEEN, .held = ""},
     DU_PHONE_DOWNLOADED, "fetched all of 2 on 2026-11-22, and did not report it since"},
    {{KNOWN, OFFERED, .offers = 3, .taken = "2", .taken_bytes = 9, .taken_size = 9, .held = ""}, DU_PHONE_STUCK,
     "was offered 2 3 times since 2026-11-22, fetched it and still reports 1"},
    {{KNOWN, OFFERED, .offers = 4, .taken = "2", .taken_bytes = 1, .taken_size = 9, .held = ""}, DU_PHONE_STUCK,
     "was offered 2 4 times since 2026-11-22, fetched a part of it and still reports 1"},
    {{KNOWN, OFFERED, .offers = 1, .taken = "", .held = "2"}, DU_PHONE_STUCK,
     "was offered 2 once since 2026-11-22 and still reports 1; it is held, and not offered any more"},
    {{KNOWN, OFFERED, .offers = 1, .taken = "", .held = "1"}, DU_PHONE_OFFERED, "was offered 2 once since 2026-11-22"},
    {{KNOWN, NONE("current"), .version = "1", .offered = "2", .offered_time = SEEN, .offers = 3, .taken = "", .held = "2"},
     DU_PHONE_STUCK, "was offered 2 3 times since 2026-11-22 and still reports 1; it is held, and not offered any more"},
    {{KNOWN, NONE("current"), .version = "1", .offered = "2", .offers = 1, .taken = "", .held = "*"}, DU_PHONE_CURRENT,
     "reports 1, which is what it is to have"},
    {{KNOWN, NONE("no-rule"), .version = "1", .offered = "2", .offers = 9, .taken = "", .held = ""}, DU_PHONE_UNKNOWN,
     "is of a kind without a rule"},
    {{KNOWN, NONE("incomplete"), .version = "1", .offered = "", .taken = "", .held = ""}, DU_PHONE_UNKNOWN,
     "does not say all of what it is"},
    {{KNOWN, .result = "", .reason = "", .version = "", .offered = "", .taken = "2", .held = ""}, DU_PHONE_UNKNOWN,
     "never asked for an update"},
    {{KNOWN, .result = "refused", .reason = "unauthenticated", .version = "1", .offered = "2", .offers = 9, .taken = "",
      .held = ""}, DU_PHONE_REFUSED, "was refused: unauthenticated"},
};

START_TEST(state_and_why)
{
    du_phone_t phone = cases[_i].phone;

    phone.state = du_phone_state(&phone, 3);
    ck_assert_str_eq(du_phone_state_word(phone.state), du_phone_state_word(cases[_i].state));
    ck_assert_str_eq(du_phone_explain(unit.pool, &phone), cases[_i].why);
}
END_TEST

START_TEST(gone_is_a_matter_of_the_clock)
{
    du_phone_t phone = {KNOWN, .last_seen = SEEN};

    ck_assert_int_eq(du_phone_seen(DU_PHONE_STUCK, SEEN, SEEN), DU_PHONE_STUCK);
    ck_assert_int_eq(du_phone_seen(DU_PHONE_STUCK, SEEN, 0), DU_PHONE_STUCK);
    phone.state = du_phone_seen(DU_PHONE_STUCK, SEEN, SEEN + 1);
    ck_assert_int_eq(phone.state, DU_PHONE_GONE);
    ck_assert_str_eq(du_phone_explain(unit.pool, &phone), "was last seen on 2026-11-22");
}
END_TEST

START_TEST(states_have_words)
{
    du_phone_state_e state = DU_PHONE_CURRENT;

    for (int i = 0; i < DU_PHONE_STATES; i++) {
        ck_assert(du_phone_state_parse(du_phone_state_word((du_phone_state_e)i), &state));
        ck_assert_int_eq(state, i);
    }
    ck_assert(du_phone_state_parse("STUCK", &state));
    ck_assert_int_eq(state, DU_PHONE_STUCK);
    ck_assert(!du_phone_state_parse("stucked", &state));
    ck_assert(!du_phone_state_parse(NULL, &state));
    ck_assert_int_eq(state, DU_PHONE_STUCK);
}
END_TEST

START_TEST(the_end_of_a_mac_address)
{
    ck_assert_str_eq(du_phone_mac_reverse(unit.pool, "00-04-F2-00-01-76"), "6710002F4000");
    ck_assert_str_eq(du_phone_mac_reverse(unit.pool, ""), "");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("phone");

    tcase_add_loop_test(tests, state_and_why, 0, COUNT_OF(cases));
    tcase_add_test(tests, gone_is_a_matter_of_the_clock);
    tcase_add_test(tests, states_have_words);
    tcase_add_test(tests, the_end_of_a_mac_address);
    return unit_run(tests);
}
