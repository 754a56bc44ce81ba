#include "unit.h"

#include "du_text.h"

START_TEST(names_compare_without_case)
{
    static const struct { const char *a, *b; int same, equal; } cases[] = {
        {"POLYCOM", "Polycom", 1, 0}, {"a", "a", 1, 1}, {"", "", 1, 1}, {"a", "ab", 0, 0}, {"ab", "a", 0, 0},
        {"[", "{", 0, 0}, {"@", "`", 0, 0}, {"Z", "z", 1, 0}, {"\xC3\x84", "\xC3\xA4", 0, 0},
        {NULL, "a", 0, 0}, {"a", NULL, 0, 0}, {NULL, NULL, 0, 0}, {"", NULL, 0, 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_text_same(cases[i].a, cases[i].b) == cases[i].same, "same, case %d", i);
        ck_assert_msg(du_text_equal(cases[i].a, cases[i].b) == cases[i].equal, "equal, case %d", i);
    }
}
END_TEST

START_TEST(prefix_without_case)
{
    static const struct { const char *text, *prefix; int begins; } cases[] = {
        {"/RequestHandler/x", "/requesthandler/", 1}, {"/requesthandler", "/RequestHandler/", 0}, {"abc", "", 1},
        {"", "", 1}, {"", "a", 0}, {"abc", "abd", 0}, {"abc", "ABC", 1}, {NULL, "a", 0}, {"a", NULL, 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_text_begins(cases[i].text, cases[i].prefix) == cases[i].begins, "case %d", i);
    }
}
END_TEST

START_TEST(null_and_empty)
{
    const char *text = "x";

    ck_assert_ptr_null(du_text_or_null(NULL));
    ck_assert_ptr_null(du_text_or_null(""));
    ck_assert_ptr_eq(du_text_or_null(text), text);
    ck_assert_str_eq(du_text_or_empty(NULL), "");
    ck_assert_ptr_eq(du_text_or_empty(text), text);
}
END_TEST

START_TEST(trim)
{
    static const struct { const char *text, *trimmed; } cases[] = {
        {"", ""}, {" ", ""}, {"a", "a"}, {" a", "a"}, {"a ", "a"}, {"\t\r\n a b \n", "a b"}, {"\f\va", "\f\va"},
        {"\xC2\xA0" "a", "\xC2\xA0" "a"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(du_text_trim(unit_exact(cases[i].text, strlen(cases[i].text) + 1)), cases[i].trimmed);
    }
}
END_TEST

START_TEST(fold)
{
    const char *text = "AZaz09[@`{\xC3\x84";

    ck_assert_str_eq(du_text_fold(unit.pool, text), "azaz09[@`{\xC3\x84");
    ck_assert_str_eq(text, "AZaz09[@`{\xC3\x84");
    ck_assert_str_eq(du_text_fold(unit.pool, ""), "");
}
END_TEST

START_TEST(utf8)
{
    static const struct { const char *text; apr_size_t len; int valid; } cases[] = {
        {"", 0, 1}, {"abc", 3, 1}, {"a\0b", 3, 0}, {"\xC3\xA4", 2, 1}, {"\xE2\x82\xAC", 3, 1},
        {"\xF0\x9F\x93\x9E", 4, 1}, {"\xF4\x8F\xBF\xBF", 4, 1},
        {"\x80", 1, 0}, {"\xBF", 1, 0}, {"\xC0\x80", 2, 0}, {"\xC1\xBF", 2, 0}, {"\xC3", 1, 0}, {"\xC3" "a", 2, 0},
        {"\xE0\x80\x80", 3, 0}, {"\xE0\x9F\xBF", 3, 0}, {"\xE0\xA0\x80", 3, 1}, {"\xE2\x82", 2, 0},
        {"\xED\x9F\xBF", 3, 1}, {"\xED\xA0\x80", 3, 0}, {"\xED\xBF\xBF", 3, 0}, {"\xEE\x80\x80", 3, 1},
        {"\xF0\x8F\xBF\xBF", 4, 0}, {"\xF0\x90\x80\x80", 4, 1}, {"\xF4\x90\x80\x80", 4, 0}, {"\xF5\x80\x80\x80", 4, 0},
        {"\xFF", 1, 0}, {"\xFE", 1, 0}, {"a\xF0\x9F\x93", 4, 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_text_is_utf8(unit_exact(cases[i].text, cases[i].len), cases[i].len) == cases[i].valid, "case %d",
                      i);
    }
}
END_TEST

START_TEST(segment)
{
    static const struct { const char *text; int is_segment; } cases[] = {
        {"CPE.nbt", 1}, {"4.0.7577.4512", 1}, {"a b", 1}, {"a", 1}, {"..a", 0}, {"a..b", 1}, {"\xC3\xA4", 1},
        {"12345678", 1}, {"X.8.1.52", 1}, {"%2e", 1}, {"~x", 1}, {"-x", 1},
        {NULL, 0}, {"", 0}, {".", 0}, {"..", 0}, {".a", 0}, {"a.", 0}, {" a", 0}, {"a ", 0}, {"a/b", 0}, {"a\\b", 0},
        {"a:b", 0}, {"a*", 0}, {"a?", 0}, {"a\"", 0}, {"<a", 0}, {"a>", 0}, {"a|b", 0}, {"a\nb", 0}, {"\x01", 0},
        {"a\x7F", 0}, {"a\x1F" "b", 0}, {"\xFF", 0}, {"a\xC3", 0}, {"/", 0}, {"\t", 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_text_is_segment(cases[i].text, 20) == cases[i].is_segment, "case %d", i);
    }
    ck_assert_int_eq(du_text_is_segment("12345678", 8), 1);
    ck_assert_int_eq(du_text_is_segment("123456789", 8), 0);
}
END_TEST

START_TEST(log_text_is_harmless)
{
    static const struct { const char *text, *shown; } cases[] = {
        {NULL, "-"}, {"", ""}, {"CX600", "CX600"}, {"a\nb", "a\\x0ab"}, {"\x1B[31m", "\\x1b[31m"},
        {"say \"x\"", "say \\x22x\\x22"}, {"a\\b", "a\\x5cb"}, {"\xC3\xA4", "\\xc3\\xa4"}, {"\x7F", "\\x7f"},
        {"%s%n", "%s%n"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(du_text_for_log(unit.pool, cases[i].text), cases[i].shown);
    }
}
END_TEST

START_TEST(log_text_is_cut)
{
    char text[102];
    const char *shown;

    memset(text, 'a', sizeof(text));
    text[100] = '\0';
    ck_assert_str_eq(du_text_for_log(unit.pool, text), text);
    text[100] = 'a';
    text[101] = '\0';
    shown = du_text_for_log(unit.pool, text);
    ck_assert_uint_eq(strlen(shown), 103);
    ck_assert_str_eq(shown + 100, "...");
    memset(text, '\n', 101);
    ck_assert_uint_eq(strlen(du_text_for_log(unit.pool, text)), 403);
}
END_TEST

START_TEST(hexadecimal)
{
    static const unsigned char bytes[] = {0x00, 0x1F, 0xA0, 0xFF};
    static const char *const bad[] = {"001fa0f", "001fa0fff", "001fa0fg", "", " 01fa0ff", "00:1f:a0"};
    unsigned char back[4];

    ck_assert_str_eq(du_text_hex(unit.pool, bytes, sizeof(bytes)), "001fa0ff");
    ck_assert_str_eq(du_text_hex(unit.pool, bytes, 0), "");
    ck_assert_int_eq(du_text_unhex("001fa0ff", back, 4), 1);
    ck_assert_mem_eq(back, bytes, 4);
    ck_assert_int_eq(du_text_unhex("001FA0FF", back, 4), 1);
    ck_assert_mem_eq(back, bytes, 4);
    for (int i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_msg(du_text_unhex(bad[i], back, 4) == 0, "\"%s\"", bad[i]);
    }
    ck_assert_int_eq(du_text_unhex(NULL, back, 4), 0);
}
END_TEST

START_TEST(part_without_case)
{
    static const struct { const char *text, *part; int expected; } cases[] = {
        {"CPE/4.0 OCPhone/4.0", "ocphone", 1}, {"abc", "abc", 1}, {"abc", "C", 1}, {"abc", "abcd", 0}, {"", "a", 0},
        {NULL, "a", 0}, {"aab", "ab", 1}, {"aab", "ba", 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_text_contains(cases[i].text, cases[i].part) == cases[i].expected, "case %d", i);
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("text");

    tcase_add_test(tests, names_compare_without_case);
    tcase_add_test(tests, prefix_without_case);
    tcase_add_test(tests, null_and_empty);
    tcase_add_test(tests, trim);
    tcase_add_test(tests, fold);
    tcase_add_test(tests, utf8);
    tcase_add_test(tests, segment);
    tcase_add_test(tests, log_text_is_harmless);
    tcase_add_test(tests, log_text_is_cut);
    tcase_add_test(tests, hexadecimal);
    tcase_add_test(tests, part_without_case);
    return unit_run(tests);
}
