#include "unit.h"

#include <apr_strings.h>

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

/* NULL = refused. C3 of administration.md section 7 is among them. */
static const struct {
    du_setting_e setting;
    const char *text, *value;
} values[] = {
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "1.", "1.00:00:00"},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "1.00:00:00", "1.00:00:00"},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "365.", "365.00:00:00"},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "020.1:02:03", "20.01:02:03"},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "0.", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "23:59:59", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "365.00:00:01", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "366.", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "10", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "10.24:00:00", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "10.00:60:00", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "10.00:00", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "10.00:00:00:00", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "10.00:00:00 ", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, ".01:00:00", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "10..", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "-1.", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "99999999999999999999.", NULL},
    {DU_SET_LOG_CLEAN_UP_INTERVAL, "", NULL},
    {DU_SET_LOG_FLUSH_INTERVAL, "00:00:59", NULL},
    {DU_SET_LOG_FLUSH_INTERVAL, "00:01:00", "00:01:00"},
    {DU_SET_LOG_FLUSH_INTERVAL, "1:00:00", "01:00:00"},
    {DU_SET_LOG_FLUSH_INTERVAL, "01:01:00", NULL},
    {DU_SET_LOG_FLUSH_INTERVAL, "00:61:00", NULL},
    {DU_SET_LOG_FLUSH_INTERVAL, "0.00:05:00", "00:05:00"},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "", ""},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "00:00", "00:00"},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "3:00", "03:00"},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "23:59", "23:59"},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "24:00", NULL},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "12:60", NULL},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "3:00 PM", NULL},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "03:00:00", NULL},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "0300", NULL},
    {DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, ":", NULL},
    {DU_SET_MAX_LOG_FILE_SIZE, "65535", NULL},
    {DU_SET_MAX_LOG_FILE_SIZE, "065536", "65536"},
    {DU_SET_MAX_LOG_FILE_SIZE, "4294967295", "4294967295"},
    {DU_SET_MAX_LOG_FILE_SIZE, "4294967296", NULL},
    {DU_SET_MAX_LOG_FILE_SIZE, "1e6", NULL},
    {DU_SET_MAX_LOG_FILE_SIZE, "+70000", NULL},
    {DU_SET_MAX_LOG_FILE_SIZE, " 70000", NULL},
    {DU_SET_MAX_LOG_FILE_SIZE, "", NULL},
    {DU_SET_MAX_LOG_CACHE_LIMIT, "0", "0"},
    {DU_SET_LOG_QUOTA, "9223372036854775807", "9223372036854775807"},
    {DU_SET_LOG_QUOTA, "9223372036854775808", NULL},
    {DU_SET_VALID_LOG_TYPES, "", ""},
    {DU_SET_VALID_LOG_TYPES, "Watson", "Watson"},
    {DU_SET_VALID_LOG_TYPES, " Watson , CE Log ", "Watson,CE Log"},
    {DU_SET_VALID_LOG_TYPES, "Watson,WATSON,CELog", "Watson,CELog"},
    {DU_SET_VALID_LOG_TYPES, "Watson,,CELog", NULL},
    {DU_SET_VALID_LOG_TYPES, "Watson,", NULL},
    {DU_SET_VALID_LOG_TYPES, ",", NULL},
    {DU_SET_VALID_LOG_TYPES, ".staging", NULL},
    {DU_SET_VALID_LOG_TYPES, "..", NULL},
    {DU_SET_VALID_LOG_TYPES, "a/b", NULL},
    {DU_SET_VALID_LOG_TYPES, "a\nb", NULL},
    {DU_SET_VALID_LOG_TYPES, "1234567890123456789012345678901234567890123456789012345678901234",
     "1234567890123456789012345678901234567890123456789012345678901234"},
    {DU_SET_VALID_LOG_TYPES, "12345678901234567890123456789012345678901234567890123456789012345", NULL},
    {DU_SET_VALID_LOG_EXTENSIONS, ".clg,.CLG,.x", ".clg,.x"},
    {DU_SET_VALID_LOG_EXTENSIONS, "clg", NULL},
    {DU_SET_VALID_LOG_EXTENSIONS, ".", NULL},
    {DU_SET_VALID_LOG_EXTENSIONS, ".tar.gz", NULL},
    {DU_SET_VALID_LOG_EXTENSIONS, "./x", NULL},
    {DU_SET_CATALOG_EXPIRY, "REFUSE", "refuse"},
    {DU_SET_CATALOG_EXPIRY, "maybe", NULL},
    {DU_SET_CATALOG_EXPIRY, "", NULL},
};

START_TEST(C3_values_and_ranges)
{
    for (int i = 0; i < COUNT_OF(values); i++) {
        const char *value = du_setting_canonical(unit.pool, values[i].setting, values[i].text), *checked;

        ck_assert_msg(values[i].value ? value && strcmp(value, values[i].value) == 0 : !value, "%s \"%s\": %s",
                      du_setting_name(values[i].setting), values[i].text, value ? value : "refused");
        ck_assert_int_eq(du_setting_check(unit.ctx, values[i].setting, values[i].text, unit.pool, &checked) == APR_SUCCESS,
                         values[i].value != NULL);
    }
}
END_TEST

START_TEST(a_refusal_names_setting_and_range)
{
    const char *value;

    ck_assert_int_eq(du_setting_check(unit.ctx, DU_SET_LOG_CLEAN_UP_INTERVAL, "366.", unit.pool, &value), DU_E_MALFORMED);
    ck_assert_str_eq(unit.ctx->failure.message,
                     "LogCleanUpInterval cannot be \"366.\": it is [dd.]hh:mm:ss from 1.00:00:00 to 365.00:00:00");
    ck_assert_int_eq(du_setting_check(unit.ctx, DU_SET_CATALOG_EXPIRY, "x", unit.pool, &value), DU_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "accept or refuse"));
    ck_assert_ptr_null(du_setting_canonical(unit.pool, DU_SET_VALID_LOG_TYPES, apr_psprintf(unit.pool, "%04097d", 0)));
}
END_TEST

/* A default that is not canonical would not be equal to itself once it is set. */
START_TEST(defaults_are_canonical)
{
    for (int i = 0; i < DU_SETTINGS; i++) {
        const char *preset = du_setting_default((du_setting_e)i);

        ck_assert_pstr_eq(du_setting_canonical(unit.pool, (du_setting_e)i, preset), preset);
        ck_assert_str_ne(du_setting_range(unit.pool, (du_setting_e)i), "");
    }
}
END_TEST

START_TEST(names)
{
    du_setting_e setting = DU_SETTINGS;

    assert_ok(du_setting_find(unit.ctx, "LOGCLEANUPINTERVAL", &setting));
    ck_assert_int_eq(setting, DU_SET_LOG_CLEAN_UP_INTERVAL);
    assert_ok(du_setting_find(unit.ctx, "Log-Quota", &setting));
    ck_assert_int_eq(setting, DU_SET_LOG_QUOTA);
    assert_refused(DU_E_NOT_FOUND, du_setting_find(unit.ctx, "LogCleanUp", &setting));
    assert_refused(DU_E_NOT_FOUND, du_setting_find(unit.ctx, "", &setting));
}
END_TEST

START_TEST(values_as_numbers)
{
    du_settings_t settings = {{NULL}};

    ck_assert_int_eq(du_setting_seconds(NULL, DU_SET_LOG_CLEAN_UP_INTERVAL), 864000);
    ck_assert_int_eq(du_setting_minutes(NULL, DU_SET_LOG_CLEAN_UP_TIME_OF_DAY), 0);
    settings.value[DU_SET_LOG_CLEAN_UP_INTERVAL] = "2.03:04:05";
    settings.value[DU_SET_LOG_CLEAN_UP_TIME_OF_DAY] = "23:59";
    settings.value[DU_SET_MAX_LOG_FILE_SIZE] = "4294967295";
    ck_assert_int_eq(du_setting_seconds(&settings, DU_SET_LOG_CLEAN_UP_INTERVAL), 183845);
    ck_assert_int_eq(du_setting_seconds(&settings, DU_SET_LOG_FLUSH_INTERVAL), 300);
    ck_assert_int_eq(du_setting_minutes(&settings, DU_SET_LOG_CLEAN_UP_TIME_OF_DAY), 1439);
    ck_assert_int_eq(du_setting_number(&settings, DU_SET_MAX_LOG_FILE_SIZE), 4294967295);
}
END_TEST

START_TEST(C2_a_site_falls_back_to_global)
{
    du_settings_t site = {{NULL}}, global = {{NULL}}, in_force;

    site.value[DU_SET_MAX_LOG_FILE_SIZE] = "70000";
    site.value[DU_SET_LOG_QUOTA] = "1";
    global.value[DU_SET_MAX_LOG_FILE_SIZE] = "80000";
    global.value[DU_SET_LOG_FLUSH_INTERVAL] = "00:02:00";
    du_settings_merge(&site, &global, &in_force);
    ck_assert_str_eq(du_setting_text(&in_force, DU_SET_MAX_LOG_FILE_SIZE), "70000");
    ck_assert_str_eq(du_setting_text(&in_force, DU_SET_LOG_FLUSH_INTERVAL), "00:02:00");
    ck_assert_str_eq(du_setting_text(&in_force, DU_SET_LOG_QUOTA), "0"); /* there is no such thing at a site */
    ck_assert_str_eq(du_setting_text(&in_force, DU_SET_LOG_CLEAN_UP_INTERVAL), "10.00:00:00");
}
END_TEST

START_TEST(C9_words_added_and_removed)
{
    static const struct {
        const char *list, *words, *added, *removed;
    } cases[] = {
        {"a,b", "c", "a,b,c", "a,b"}, {"a,b", "B", "a,b", "a"},      {"a,b", "c,d,c", "a,b,c,d", "a,b"},
        {"", "a,b", "a,b", ""},       {"a,b", "", "a,b", "a,b"},     {"a,b,c", "C,a", "a,b,c", "b"},
        {"a", "a", "a", ""},          {"ab,b", "a", "ab,b,a", "ab,b"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(du_setting_list_add(unit.pool, cases[i].list, cases[i].words), cases[i].added);
        ck_assert_str_eq(du_setting_list_remove(unit.pool, cases[i].list, cases[i].words), cases[i].removed);
    }
}
END_TEST

/* For pages: kind, ends and words are those of the range that a sentence states. */
START_TEST(parts_of_the_range)
{
    for (int i = 0; i < DU_SETTINGS; i++) {
        du_setting_e setting = (du_setting_e)i;
        const char *kind = du_setting_kind(setting), *range = du_setting_range(unit.pool, setting);
        const char *least = du_setting_least(unit.pool, setting), *most = du_setting_most(unit.pool, setting);
        int has_ends = strcmp(kind, "number") == 0 || strcmp(kind, "bytes") == 0 || strcmp(kind, "time") == 0;

        ck_assert_int_eq(*least != '\0', has_ends);
        if (has_ends) {
            ck_assert_ptr_nonnull(strstr(range, apr_pstrcat(unit.pool, " ", least, " to ", most, NULL)));
            ck_assert_str_eq(du_setting_canonical(unit.pool, setting, least), least);
            ck_assert_str_eq(du_setting_canonical(unit.pool, setting, most), most);
        }
        ck_assert_int_eq(strcmp(kind, "choice") == 0, du_setting_choice(setting, 0) != NULL);
        ck_assert_int_eq(strcmp(kind, "list") == 0, du_setting_is_list(setting));
    }
    ck_assert_str_eq(du_setting_kind(DU_SET_MAX_LOG_FILE_SIZE), "bytes");
    ck_assert_str_eq(du_setting_kind(DU_SET_LOG_CLEAN_UP_TIME_OF_DAY), "clock");
    ck_assert_str_eq(du_setting_choice(DU_SET_CATALOG_EXPIRY, 1), "refuse");
    ck_assert_ptr_null(du_setting_choice(DU_SET_CATALOG_EXPIRY, 2));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("setting");

    tcase_add_test(tests, words_of_a_list);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, C3_values_and_ranges);
    tcase_add_test(tests, a_refusal_names_setting_and_range);
    tcase_add_test(tests, parts_of_the_range);
    tcase_add_test(tests, defaults_are_canonical);
    tcase_add_test(tests, names);
    tcase_add_test(tests, values_as_numbers);
    tcase_add_test(tests, C2_a_site_falls_back_to_global);
    tcase_add_test(tests, C9_words_added_and_removed);
    return unit_run(tests);
}
