#include "xml_text.h"

#include "du_template.h"

#define NS " xmlns:du='urn:devupdate:template'"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

/* What the bound templates of this file know. */
static du_values_t *sample_values(void)
{
    du_values_t *values = du_values_make(unit.pool), *item;

    du_values_text(values, "name", "CX600");
    du_values_text(values, "odd", "<b>&\"'");
    du_values_text(values, "empty", "");
    du_values_text(values, "null", NULL);
    du_values_text(values, "colour", "outer");
    item = du_values_item(values, "phones");
    du_values_text(item, "model", "A");
    du_values_text(item, "colour", "red");
    du_values_text(du_values_item(item, "keys"), "key", "1");
    du_values_text(du_values_item(item, "keys"), "key", "2");
    item = du_values_item(values, "phones");
    du_values_text(item, "model", "B");
    return values;
}

static apr_status_t parse(const char *text, int compact, du_template_t **tmpl)
{
    apr_size_t len = strlen(text);

    return du_template_parse(unit.ctx, unit_exact(text, len), len, compact, unit.pool, tmpl);
}

static const char *bound(const char *text, int compact)
{
    du_template_t *tmpl;
    const char *out;
    apr_size_t len;

    assert_ok(parse(text, compact, &tmpl));
    assert_ok(du_template_bind(unit.ctx, tmpl, sample_values(), unit.pool, &out, &len));
    ck_assert_uint_eq(strlen(out), len);
    ck_assert_int_eq(strncmp(out, DECLARATION, sizeof(DECLARATION) - 1), 0);
    return out + sizeof(DECLARATION) - 1;
}

START_TEST(bindings)
{
    static const struct { const char *text, *out; } cases[] = {
        {"<r" NS "/>", "<r/>\n"},
        {"<r" NS " du:text='name'/>", "<r>CX600</r>\n"},
        {"<r" NS " du:text='name'>gone<b/></r>", "<r>CX600</r>\n"},
        {"<r" NS " du:text='odd'/>", "<r>&lt;b&gt;&amp;\"'</r>\n"},
        {"<r" NS " du:text='empty'/>", "<r/>\n"}, {"<r" NS " du:text='null'/>", "<r/>\n"},
        {"<r" NS " du:attr='a=name b=odd'/>", "<r a=\"CX600\" b=\"&lt;b&gt;&amp;&quot;'\"/>\n"},
        {"<r" NS " du:attr='a=empty b=name'/>", "<r b=\"CX600\"/>\n"},
        {"<r" NS " fixed='1' du:attr='a=name'><k>t</k></r>", "<r fixed=\"1\" a=\"CX600\"><k>t</k></r>\n"},
        {"<r" NS " a='x &amp; &lt;y'>&lt;fixed&gt; &amp; &#228;</r>", "<r a=\"x &amp; &lt;y\">&lt;fixed&gt; &amp; \xC3\xA4</r>\n"},
        {"<r" NS "><k du:if='name'/><k du:if='empty'/><k du:if='phones'/><k du:if='nobody'/></r>", "<r><k/><k/></r>\n"},
        {"<r" NS "><k du:if='!name'/><k du:if='!empty'/><k du:if='!phones'/><k du:if='!nobody'/></r>", "<r><k/><k/></r>\n"},
        {"<r" NS "><p du:each='phones' du:text='model'/></r>", "<r><p>A</p><p>B</p></r>\n"},
        {"<r" NS "><p du:each='phones' du:attr='m=model'><c du:text='colour'/></p></r>",
         "<r><p m=\"A\"><c>red</c></p><p m=\"B\"><c>outer</c></p></r>\n"},
        {"<r" NS "><p du:each='phones'><k du:each='keys' du:text='key'/></p></r>", "<r><p><k>1</k><k>2</k></p><p/></r>\n"},
        {"<r" NS "><p du:each='nobody' du:text='no-such-name'/></r>", "<r/>\n"},
        {"<r" NS "><p du:if='empty' du:text='no-such-name'/></r>", "<r/>\n"},
        {"<r xmlns='urn:x'" NS "><k du:text='name'/></r>", "<r xmlns=\"urn:x\"><k>CX600</k></r>\n"},
        {"<x:r xmlns:x='urn:x'" NS " x:a='1'><x:k du:text='name'/></x:r>",
         "<x:r xmlns:x=\"urn:x\" x:a=\"1\"><x:k>CX600</x:k></x:r>\n"},
        {"<r xmlns:t='urn:devupdate:template' t:text='name'/>", "<r>CX600</r>\n"},
        {"<r" NS "><!-- the template's own --><k/></r>", "<r><k/></r>\n"},
        {"<r><![CDATA[<&]]></r>", "<r>&lt;&amp;</r>\n"},
        {"<r><k> kept </k></r>", "<r><k> kept </k></r>\n"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_str_eq(bound(cases[i].text, 1), cases[i].out);
    }
}
END_TEST

START_TEST(white_space)
{
    static const char text[] = "<r>\n  <k/>\n  <l>a b</l>\n</r>";

    ck_assert_str_eq(bound(text, 1), "<r><k/><l>a b</l></r>\n");
    ck_assert_str_eq(bound(text, 0), "<r>\n  <k/>\n  <l>a b</l>\n</r>\n");
}
END_TEST

START_TEST(not_a_template)
{
    static const char *const cases[] = {
        "", "<", "<r>", "<r></s>", "text", "<r" NS " du:txt='name'/>", "<r" NS " du:raw='name'/>", "<r" NS "><du:text/></r>",
        "<r" NS "><a><b><c du:for='phones'/></b></a></r>", "<r>&nbsp;</r>", "<r a='1' a='2'/>", "<r>\xFF</r>",
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_template_t *tmpl;
        apr_status_t rv = parse(cases[i], 1, &tmpl);

        ck_assert_msg(rv == DU_E_TEMPLATE && unit.ctx->failure.id, "\"%s\": %s", cases[i], unit_said(rv));
        memset(&unit.ctx->failure, 0, sizeof(unit.ctx->failure));
    }
}
END_TEST

START_TEST(sentence_names_the_line)
{
    du_template_t *tmpl;

    assert_rv(DU_E_TEMPLATE, parse("<r" NS ">\n\n<k du:txt='name'/></r>", 1, &tmpl));
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "line 3"));
    unit.ctx->failure.id = NULL;
    assert_rv(DU_E_TEMPLATE, parse("<r>\n<a>\n</r>", 1, &tmpl));
    ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "line 3"));
}
END_TEST

START_TEST(unknown_names)
{
    static const char *const cases[] = {"<r" NS " du:text='nobody'/>", "<r" NS " du:attr='a=nobody'/>",
                                        "<r" NS "><p du:each='phones' du:text='nobody'/></r>",
                                        "<r" NS " du:text='phones'/>", "<r" NS " du:text=''/>"};

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_template_t *tmpl;
        const char *out;
        apr_size_t len;

        assert_ok(parse(cases[i], 1, &tmpl));
        assert_refused(DU_E_TEMPLATE, du_template_bind(unit.ctx, tmpl, sample_values(), unit.pool, &out, &len));
    }
}
END_TEST

/* The document element is bound like any other, or refused: it is never taken as if the attribute were not there. */
START_TEST(condition_on_the_document_element)
{
    static const char *const cases[] = {"<r" NS " du:if='empty'/>", "<r" NS " du:each='phones'/>"};

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_template_t *tmpl;
        const char *out = NULL;
        apr_size_t len;
        apr_status_t rv = parse(cases[i], 1, &tmpl);

        if (rv == APR_SUCCESS) {
            rv = du_template_bind(unit.ctx, tmpl, sample_values(), unit.pool, &out, &len);
        }
        ck_assert_msg(rv == DU_E_TEMPLATE, "%s: %s", cases[i], rv == APR_SUCCESS ? out : unit_said(rv));
    }
}
END_TEST

START_TEST(nothing_from_outside)
{
    const char *path = unit_path("secret");
    const char *text = apr_pstrcat(unit.pool, "<!DOCTYPE r [<!ENTITY x SYSTEM 'file://", path, "'>]><r>&x;</r>", NULL);
    du_template_t *tmpl;
    const char *out = "";
    apr_size_t len;

    unit_write(path, "secret", 6);
    if (parse(text, 1, &tmpl) == APR_SUCCESS) {
        du_template_bind(unit.ctx, tmpl, sample_values(), unit.pool, &out, &len);
    }
    ck_assert_ptr_null(strstr(out, "secret"));
}
END_TEST

START_TEST(one_template_binds_many)
{
    du_template_t *tmpl;
    const char *first, *second;
    apr_size_t len;

    assert_ok(parse("<r" NS " du:text='name'/>", 1, &tmpl));
    assert_ok(du_template_bind(unit.ctx, tmpl, sample_values(), unit.pool, &first, &len));
    assert_ok(du_template_bind(unit.ctx, tmpl, sample_values(), unit.pool, &second, &len));
    ck_assert_str_eq(first, second);
}
END_TEST

static const char *bound_bytes(const char *bytes, apr_size_t len, const char **encoding, apr_size_t *out_len)
{
    du_template_t *tmpl;
    const char *out;

    assert_ok(du_template_parse(unit.ctx, bytes, len, 1, unit.pool, &tmpl));
    *encoding = du_template_encoding(tmpl);
    assert_ok(du_template_bind(unit.ctx, tmpl, sample_values(), unit.pool, &out, out_len));
    return out;
}

/* What a template declares is what comes out, whatever the spelling. */
START_TEST(declared_encodings)
{
    static const struct { const char *declared, *charset, *mark, *out; } cases[] = {
        {"utf-8", "UTF-8", "", ""}, {"UTF-8", "UTF-8", "\xEF\xBB\xBF", ""}, {"utf-16", "UTF-16LE", "\xFF\xFE", "\xFF\xFE"},
        {"UTF-16", "UTF-16BE", "\xFE\xFF", "\xFF\xFE"}, {"ISO-8859-1", "ISO-8859-1", "", ""},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *form = "<?xml version=\"1.0\" encoding=\"$1\"?>\n<r$2 a=\"\xC3\xA4\">CX600</r>\n";
        const char *source = unit_filled(form, cases[i].declared, NS " du:text='name'"), *encoding, *out;
        const char *charset = *cases[i].out ? "UTF-16LE" : cases[i].charset;
        apr_size_t len, out_len, expected_len;
        const char *bytes = in_charset(cases[i].charset, cases[i].mark, strlen(cases[i].mark), source, &len);
        const char *expected = in_charset(charset, cases[i].out, strlen(cases[i].out), unit_filled(form, cases[i].declared, ""),
                                          &expected_len);

        out = bound_bytes(bytes, len, &encoding, &out_len);
        ck_assert_str_eq(encoding, cases[i].declared);
        ck_assert_msg(out_len == expected_len && memcmp(out, expected, out_len) == 0, "%s: other bytes", cases[i].declared);
    }
}
END_TEST

START_TEST(without_a_declaration_it_is_utf_8)
{
    const char *text = "<r" NS "/>", *encoding;
    apr_size_t len;

    ck_assert_str_eq(bound_bytes(text, strlen(text), &encoding, &len), DECLARATION "<r/>\n");
    ck_assert_str_eq(encoding, "UTF-8");
}
END_TEST

/* What a charset lacks is written as a reference to the character. */
START_TEST(characters_outside_of_the_encoding)
{
    const char *text = "<?xml version='1.0' encoding='ISO-8859-1'?><r>&#x20AC;</r>", *encoding;
    apr_size_t len;

    ck_assert_ptr_nonnull(strstr(bound_bytes(text, strlen(text), &encoding, &len), "<r>&#8364;</r>"));
}
END_TEST

START_TEST(namespaces_of_the_template)
{
    ck_assert_str_eq(bound("<p:r xmlns:p='urn:p' xmlns='urn:d'" NS "><x p:a='1' du:text='name'/></p:r>", 1),
                     "<p:r xmlns:p=\"urn:p\" xmlns=\"urn:d\"><x p:a=\"1\">CX600</x></p:r>\n");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("template");

    tcase_add_test(tests, bindings);
    tcase_add_test(tests, white_space);
    tcase_add_test(tests, not_a_template);
    tcase_add_test(tests, sentence_names_the_line);
    tcase_add_test(tests, unknown_names);
    tcase_add_test(tests, condition_on_the_document_element);
    tcase_add_test(tests, nothing_from_outside);
    tcase_add_test(tests, one_template_binds_many);
    tcase_add_test(tests, declared_encodings);
    tcase_add_test(tests, without_a_declaration_it_is_utf_8);
    tcase_add_test(tests, characters_outside_of_the_encoding);
    tcase_add_test(tests, namespaces_of_the_template);
    return unit_run(tests);
}
