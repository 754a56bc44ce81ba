#include "unit.h"

#include "du_setting.h"

START_TEST(words_of_a_list)
{
    static const struct {
        const char *list, *word, *found;
    } cases[] = {
        {"Watson,CELog", "CELog", "CELog"},
        {"Watson,CELog", "celog", "CELog"},
        {"Watson,CELog", "WATSON", "Watson"},
        {"Watson,CELog", "CE", NULL},
        {"Watson,CELog", "CELogs", NULL},
        {"Watson,CELog", "Watson,CELog", NULL},
        {"Watson,CELog", "", NULL},
        {"Watson,CELog", NULL, NULL},
        {"", "a", NULL},
        {"a,,b", "", NULL},
        {"a,,b", "b", "b"},
        {",a", "a", "a"},
        {"a,", "a", "a"},
        {".clg,.clg1", ".clg1", ".clg1"},
        {".clg1,.clg", ".clg", ".clg"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *found = du_setting_listed(unit.pool, cases[i].list, cases[i].word);

        ck_assert_msg(cases[i].found ? found && strcmp(found, cases[i].found) == 0 : !found, "\"%s\" in \"%s\": %s",
                      cases[i].word, cases[i].list, found ? found : "not found");
    }
}
END_TEST

/* administration.md 0.2 */
START_TEST(defaults)
{
    static const char *const types[] = {"Watson", "Config", "DiagLog", "CELog"};
    static const char *const extensions[] = {".dmp", ".clg", ".clg1", ".clg2", ".bak", ".kdmp",
                                             ".dat", ".bin", ".cat",  ".xml",  ".txt", ".hex"};

    for (int i = 0; i < COUNT_OF(types); i++) {
        ck_assert_ptr_nonnull(du_setting_listed(unit.pool, du_setting_default(DU_SET_VALID_LOG_TYPES), types[i]));
    }
    for (int i = 0; i < COUNT_OF(extensions); i++) {
        ck_assert_ptr_nonnull(
            du_setting_listed(unit.pool, du_setting_default(DU_SET_VALID_LOG_EXTENSIONS), extensions[i]));
    }
    ck_assert_str_eq(du_setting_default(DU_SET_MAX_LOG_FILE_SIZE), "1024000");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("setting");

    tcase_add_test(tests, words_of_a_list);
    tcase_add_test(tests, defaults);
    return unit_run(tests);
}
