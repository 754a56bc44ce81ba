#include "unit.h"

#include <apr_strings.h>

#include "dua_form.h"

static const char *const names[] = {"id", "note", "page", NULL};

static apr_status_t read_query(const char *query, dua_form_t **form)
{
    *form = dua_form_make(unit.pool, names);
    return dua_form_read(unit.ctx, *form, query);
}

static apr_status_t read_json(const char *text, dua_form_t **form)
{
    *form = dua_form_make(unit.pool, names);
    return dua_form_read_json(unit.ctx, *form, text, strlen(text));
}

/* The form as a query of its own: "id=1&id=2". */
static const char *whole(const dua_form_t *form)
{
    return dua_form_query(form, NULL, unit.pool);
}

START_TEST(queries)
{
    static const struct { const char *query, *is; } cases[] = {
        {"", ""}, {"id=1", "id=1"}, {"id=1&id=2&note=a", "id=1&id=2&note=a"}, {"id=", ""}, {"id", ""}, {"&&id=1&", "id=1"},
        {"note=a+b%20c", "note=a+b+c"}, {"note=%3Cb%3E%26", "note=%3cb%3e%26"}, {"note=+a+", "note=a"},
        {"note=a%0Ab", "note=a%0ab"}, {"note=%E6%97%A5", "note=%e6%97%a5"}, {"note=a=b", "note=a%3db"},
    };
    dua_form_t *form;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(read_query(cases[i].query, &form));
        ck_assert_str_eq(whole(form), cases[i].is);
    }
}
END_TEST

START_TEST(bad_queries)
{
    static const char *const cases[] = {"unknown=1", "ID=1", "=1", "note=%", "note=%f", "note=%zz", "note=%00", "note=%FF",
                                        "note=%C0%AF", "%=1"};
    dua_form_t *form;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_refused(DU_E_MALFORMED, read_query(cases[i], &form));
    }
}
END_TEST

START_TEST(limits)
{
    char *value = apr_pcalloc(unit.pool, DUA_FORM_VALUE_MAX + 2);
    dua_form_t *form = dua_form_make(unit.pool, names);

    memset(value, 'x', DUA_FORM_VALUE_MAX);
    assert_ok(dua_form_add(unit.ctx, form, "note", value));
    value[DUA_FORM_VALUE_MAX] = 'x';
    assert_refused(DU_E_TOO_LARGE, dua_form_add(unit.ctx, form, "note", value));
    for (int i = 1; i < DUA_FORM_FIELDS; i++) {
        assert_ok(dua_form_add(unit.ctx, form, "id", "1"));
    }
    assert_refused(DU_E_TOO_LARGE, dua_form_add(unit.ctx, form, "id", "1"));
}
END_TEST

START_TEST(json)
{
    static const struct { const char *text, *is; } cases[] = {
        {"{}", ""}, {"{\"id\": [1, \"2\"], \"note\": \"a\"}", "id=1&id=2&note=a"}, {"{\"note\": true}", "note=yes"},
        {"{\"note\": false, \"id\": null}", ""}, {"{\"note\": \"\\u65e5\"}", "note=%e6%97%a5"}, {"{\"id\": []}", ""},
    };
    static const char *const bad[] = {"", "[]", "1", "{\"id\": 1.5}", "{\"id\": {}}", "{\"id\": [[1]]}", "{\"other\": 1}",
                                      "{\"id\": 1, \"id\": 2}", "{\"note\": \"\\u0000\"}", "{\"id\": 1} x"};
    dua_form_t *form;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(read_json(cases[i].text, &form));
        ck_assert_str_eq(whole(form), cases[i].is);
    }
    for (int i = 0; i < COUNT_OF(bad); i++) {
        assert_refused(DU_E_MALFORMED, read_json(bad[i], &form));
    }
}
END_TEST

START_TEST(values)
{
    static const char *const without[] = {"note", NULL};
    dua_form_t *form;

    assert_ok(read_query("id=7&note=x&id=8&page=3", &form));
    ck_assert_str_eq(dua_form_value(form, "id"), "7");
    ck_assert_ptr_null(dua_form_value(form, "nothing"));
    ck_assert_int_eq(dua_form_values(form, "id", unit.pool)->nelts, 2);
    ck_assert_str_eq(dua_form_query(form, without, unit.pool), "id=7&id=8&page=3");
}
END_TEST

START_TEST(numbers)
{
    static const struct { const char *query; apr_status_t status; apr_int64_t number; } cases[] = {
        {"", APR_SUCCESS, 5}, {"page=1", APR_SUCCESS, 1}, {"page=99", APR_SUCCESS, 99}, {"page=0", DU_E_MALFORMED, 0},
        {"page=100", DU_E_MALFORMED, 0}, {"page=-1", DU_E_MALFORMED, 0}, {"page=1x", DU_E_MALFORMED, 0},
        {"page=99999999999999999999999", DU_E_MALFORMED, 0}, {"page=0x10", DU_E_MALFORMED, 0},
    };
    dua_form_t *form;
    apr_int64_t number;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(read_query(cases[i].query, &form));
        assert_rv(cases[i].status, dua_form_number(unit.ctx, form, "page", 1, 99, 5, &number));
        ck_assert(cases[i].status != APR_SUCCESS || number == cases[i].number);
    }
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("dua_form");

    tcase_add_test(tests, queries);
    tcase_add_test(tests, bad_queries);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, json);
    tcase_add_test(tests, values);
    tcase_add_test(tests, numbers);
    return unit_run(tests);
}
