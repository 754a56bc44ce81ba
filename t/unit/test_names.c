#include "unit.h"

#include "du_names.h"

static int field(const char *spelling)
{
    int found = du_names_field(spelling);

    ck_assert_msg(found >= 0, "%s", spelling);
    return found;
}

START_TEST(fields)
{
    ck_assert_str_eq(du_names_fields(unit.pool),
                     "DeviceType, MacAddress, SerialNumber, Vendor, Model, Revision, Locale, UserID, Module, Filename, "
                     "Version, Timestamp, LogType, LogFileName");
    ck_assert_int_eq(field("macADDRESS"), field("MacAddress"));
    ck_assert_int_eq(du_names_field("Brand"), -1);
    ck_assert_int_eq(du_names_field(""), -1);
}
END_TEST

/* Two fields want a name for themselves if one place has both. */
START_TEST(competition)
{
    static const struct {
        const char *one, *other;
        int compete;
    } cases[] = {
        {"Model", "Vendor", 1},        {"Model", "Model", 0},         {"Model", "Filename", 0},  {"Filename", "Version", 1},
        {"Module", "Filename", 0},     {"LogType", "LogFileName", 1}, {"LogType", "Model", 0},   {"LogType", "MacAddress", 1},
        {"MacAddress", "Vendor", 1},   {"LogFileName", "Filename", 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        int one = field(cases[i].one), other = field(cases[i].other);

        ck_assert_msg(!du_names_compete(one, other) == !cases[i].compete, "%s, %s", cases[i].one, cases[i].other);
        ck_assert_int_eq(!du_names_compete(one, other), !du_names_compete(other, one));
    }
}
END_TEST

static apr_array_header_t *additions(void)
{
    static const char *const given[][2] = {{"Module", "part"}, {"MacAddress", "hw"}, {"MacAddress", "ether"}, {"Module", "bit"}};
    apr_array_header_t *list = apr_array_make(unit.pool, 4, sizeof(du_added_name_t));

    for (int i = 0; i < COUNT_OF(given); i++) {
        APR_ARRAY_PUSH(list, du_added_name_t) = (du_added_name_t){field(given[i][0]), given[i][1]};
    }
    return list;
}

/* The index of the field is the one that the place's own table has; a place without it is left alone. */
START_TEST(tables)
{
    static const du_name_t upload[] = {{"Serial", 3}, {"MacAddress", 7}, {NULL, 0}}, module[] = {{"Filename", 1}, {NULL, 0}};
    const du_name_t *names = du_names_extend(unit.pool, additions(), DU_IN_UPLOAD, upload);

    ck_assert_str_eq(names[0].name, "hw");
    ck_assert_int_eq(names[0].field, 7);
    ck_assert_str_eq(names[1].name, "ether");
    ck_assert_int_eq(names[1].field, 7);
    ck_assert_str_eq(names[2].name, "Serial");
    ck_assert_str_eq(names[3].name, "MacAddress");
    ck_assert_ptr_null(names[4].name);
    names = du_names_extend(unit.pool, additions(), DU_IN_MODULE, module);
    ck_assert_str_eq(names[0].name, "Filename");
    ck_assert_ptr_null(names[1].name);
}
END_TEST

START_TEST(elements)
{
    static const char *const shipped[] = {"Module", NULL};
    const char *const *names = du_names_extend_elements(unit.pool, additions(), shipped);

    ck_assert_str_eq(names[0], "part");
    ck_assert_str_eq(names[1], "bit");
    ck_assert_str_eq(names[2], "Module");
    ck_assert_ptr_null(names[3]);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("names");

    tcase_add_test(tests, fields);
    tcase_add_test(tests, competition);
    tcase_add_test(tests, tables);
    tcase_add_test(tests, elements);
    return unit_run(tests);
}
