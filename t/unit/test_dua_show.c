#include "unit.h"

#include "dua_bind.h"
#include "dua_show.h"

static const char *shown(const char *form, const char *text)
{
    apr_hash_t *texts = apr_hash_make(unit.pool);
    du_words_t words;

    apr_hash_set(texts, "state.stuck", APR_HASH_KEY_STRING, "does not move");
    words = dua_words(texts);
    return words.show(words.baton, form, text, unit.pool);
}

START_TEST(forms)
{
    static const struct { const char *form, *text, *is; } cases[] = {
        {"", "CX600", "CX600"}, {"", "<b>", "<b>"}, {"", "a\nb\x1b[1m", "a\\x0ab\\x1b[1m"}, {"", "\xE2\x80\xAEx", "\\xe2\\x80\\xaex"},
        {"lines", "", ""}, {"lines", "a", "a"}, {"lines", "a\r\nb\n\n\x1b", "a\nb\n\n\\x1b"}, {"lines", "a\rb\n", "a\\x0db\n"},
        {"number", "0", "0"}, {"number", "999", "999"}, {"number", "1000", "1,000"}, {"number", "1234567", "1,234,567"},
        {"bytes", "0", "0 B"}, {"bytes", "999", "999 B"}, {"bytes", "1000", "1.0 kB"}, {"bytes", "12345678", "12.3 MB"},
        {"bytes", "512000000", "512 MB"}, {"bytes", "9000000000000000000", "9000 PB"},
        {"time", "2026-11-23T02:49:30Z", "2026-11-23 02:49 UTC"}, {"time", "", ""}, {"time", "\x1b", "\\x1b"},
        {"day", "2026-11-23T02:49:30Z", "2026-11-23"}, {"day", "", ""},
        {"dash", "", "\xE2\x80\x93"}, {"dash", "x", "x"}, {"say.state", "stuck", "does not move"}, {"say.state", "", ""},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(shown(cases[i].form, cases[i].text), cases[i].is);
    }
    ck_assert_ptr_null(shown("litres", "1"));
    ck_assert_ptr_null(shown("say.state", "unheard of"));
}
END_TEST

static const char *bound(const char *tmpl_text, const char *json_text)
{
    json_t *data = json_loads(json_text, 0, NULL);
    du_values_t *values = du_values_make(unit.pool);
    du_template_t *tmpl;
    const char *out;
    apr_size_t len;

    ck_assert_ptr_nonnull(data);
    dua_bind(values, data, unit.pool);
    assert_ok(du_template_parse(unit.ctx, tmpl_text, strlen(tmpl_text), 1, unit.pool, &tmpl));
    assert_ok(du_template_page(unit.ctx, tmpl, values, NULL, unit.pool, &out, &len));
    json_decref(data);
    return out;
}

START_TEST(data)
{
    static const char tmpl[] = "<p xmlns:du='urn:devupdate:template'><a du:text='n'/><b du:if='yes'/><i du:if='no'/><u du:if='nothing'/>"
                               "<q du:each='rows'><s du:text='key.model'/><t du:each='tags' du:text='item'/></q>"
                               "<v du:text='inside.deep.text'/></p>";

    ck_assert_str_eq(bound(tmpl, "{\"n\": -12, \"yes\": true, \"no\": false, \"nothing\": null, \"inside\": {\"deep\": {\"text\": \"&\"}},"
                                 "\"rows\": [{\"key\": {\"model\": \"A\"}, \"tags\": [\"x\", 2]}, {\"key\": {\"model\": \"B\"}, \"tags\": []}]}"),
                     "<p><a>-12</a><b></b><q><s>A</s><t>x</t><t>2</t></q><q><s>B</s></q><v>&amp;</v></p>\n");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("dua_show");

    tcase_add_test(tests, forms);
    tcase_add_test(tests, data);
    return unit_run(tests);
}
