#include "unit.h"

#include "dua_texts.h"

START_TEST(which_language)
{
    static const struct { const char *chosen, *accepted, *is; } cases[] = {
        {NULL, NULL, "en"}, {"ja", NULL, "ja"}, {"ja", "en", "ja"}, {"xx", "ja", "ja"}, {"", "ja", "ja"}, {NULL, "ja", "ja"},
        {NULL, "JA-jp", "ja"}, {NULL, "jav", "en"}, {NULL, "de;q=1, ja;q=0.1", "ja"}, {NULL, "en;q=0.2,ja;q=0.3", "ja"},
        {NULL, "ja;q=0", "en"}, {NULL, "*", "en"}, {NULL, ",,;", "en"}, {NULL, "ja;q=x", "en"}, {"en-GB", NULL, "en"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *found = dua_language_find(unit.pool, cases[i].chosen, cases[i].accepted)->code;

        ck_assert_msg(strcmp(found, cases[i].is) == 0, "case %d: %s", i, found);
    }
}
END_TEST

START_TEST(every_language_has_phrases)
{
    int count = 0;

    for (const dua_language_t *language = dua_languages(); language->code; language++, count++) {
        ck_assert_ptr_nonnull(apr_hash_get(dua_texts(unit.pool, language), "nav.rules", APR_HASH_KEY_STRING));
        ck_assert_ptr_null(apr_hash_get(dua_texts(unit.pool, language), "no such key", APR_HASH_KEY_STRING));
    }
    ck_assert_int_ge(count, 2);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("dua_texts");

    tcase_add_test(tests, which_language);
    tcase_add_test(tests, every_language_has_phrases);
    return unit_run(tests);
}
