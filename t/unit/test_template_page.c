#include "unit.h"

#include <apr_strings.h>

#include "du_template.h"

#define NS " xmlns:du='urn:devupdate:template'"

static const char *phrase(void *baton, const char *key)
{
    (void)baton;
    return strcmp(key, "greeting") == 0  ? "Good morning, {name}: {size:bytes}"
           : strcmp(key, "plain") == 0   ? "no braces"
           : strcmp(key, "unknown") == 0 ? "{nobody}"
           : strcmp(key, "half") == 0    ? "a { alone"
                                         : NULL;
}

/* The form "" marks what goes through it. */
static const char *show(void *baton, const char *form, const char *text, apr_pool_t *pool)
{
    (void)baton;
    return strcmp(form, "") == 0        ? apr_pstrcat(pool, "(", text, ")", NULL)
           : strcmp(form, "bytes") == 0 ? apr_pstrcat(pool, text, " B", NULL)
                                        : NULL;
}

static const du_words_t words = {phrase, show, NULL};

static du_template_t *parsed(const char *text)
{
    du_template_t *tmpl;

    assert_ok(du_template_parse(unit.ctx, text, strlen(text), 1, unit.pool, &tmpl));
    return tmpl;
}

static du_values_t *sample(void)
{
    du_values_t *values = du_values_make(unit.pool), *item;

    du_values_text(values, "name", "<i>{size}");
    du_values_text(values, "size", "42");
    du_values_text(values, "state", "stuck");
    du_values_text(values, "empty", "");
    item = du_values_item(values, "rows");
    du_values_text(item, "size", "7");
    du_values_part(values, "part", parsed("<whatever" NS "><b du:text='size:bytes'/>!</whatever>"));
    return values;
}

static apr_status_t bound(const char *text, const du_words_t *with, const char **out)
{
    apr_size_t len;
    apr_status_t rv = du_template_page(unit.ctx, parsed(text), sample(), with, unit.pool, out, &len);

    ck_assert(rv != APR_SUCCESS || strlen(*out) == len);
    return rv;
}

START_TEST(what_people_read)
{
    static const struct { const char *text, *out; } cases[] = {
        {"<p" NS " du:text='size'/>", "<p>(42)</p>\n"},
        {"<p" NS " du:text='size:bytes'/>", "<p>42 B</p>\n"},
        {"<p" NS " du:say='plain'/>", "<p>no braces</p>\n"},
        {"<p" NS " du:say='half'/>", "<p>a { alone</p>\n"},
        {"<p" NS " du:say='greeting'/>", "<p>Good morning, (&lt;i&gt;{size}): 42 B</p>\n"},
        {"<p" NS "><q du:each='rows' du:say='greeting'/></p>", "<p><q>Good morning, (&lt;i&gt;{size}): 7 B</q></p>\n"},
        {"<p" NS " du:attr='checked=state selected=empty open=state'/>", "<p checked=\"checked\" open=\"open\"></p>\n"},
        {"<p" NS " du:attr='title=@plain class=state'/>", "<p title=\"no braces\" class=\"stuck\"></p>\n"},
        {"<p" NS " du:attr='title=@greeting data=size:bytes'/>",
         "<p title=\"Good morning, (&lt;i&gt;{size}): 42 B\" data=\"42 B\"></p>\n"},
        {"<p" NS "><a du:if='state=stuck'/><b du:if='state=gone'/><i du:if='!state=gone'/><u du:if='nobody=x'/></p>",
         "<p><a></a><i></i></p>\n"},
        {"<p" NS "><q du:insert='part'/><q du:each='rows' du:insert='part'/></p>", "<p><q><b>42 B</b>!</q><q><b>7 B</b>!</q></p>\n"},
        {"<p" NS "><q du:if='part'/><i du:if='!part'/></p>", "<p><q></q></p>\n"},
        {"<p" NS "><br/><script src='x'/><textarea/></p>", "<p><br /><script src=\"x\"></script><textarea></textarea></p>\n"},
    };
    const char *out;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_ok(bound(cases[i].text, &words, &out));
        ck_assert_str_eq(out, cases[i].out);
    }
}
END_TEST

START_TEST(what_nobody_knows)
{
    static const char *const cases[] = {
        "<p" NS " du:say='nothing'/>",       "<p" NS " du:say='unknown'/>",      "<p" NS " du:text='size:litres'/>",
        "<p" NS " du:attr='title=@nothing'/>", "<p" NS " du:insert='nothing'/>", "<p" NS " du:insert='size'/>",
        "<p" NS " du:text='part'/>",
    };
    const char *out;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_refused(DU_E_TEMPLATE, bound(cases[i], &words, &out));
    }
}
END_TEST

/* A reply has no words: neither phrases nor forms, and its texts are as they are. */
START_TEST(without_words)
{
    const char *out;

    assert_ok(bound("<p" NS " du:text='size'/>", NULL, &out));
    ck_assert_str_eq(out, "<p>42</p>\n");
    assert_refused(DU_E_TEMPLATE, bound("<p" NS " du:say='plain'/>", NULL, &out));
    assert_refused(DU_E_TEMPLATE, bound("<p" NS " du:text='size:bytes'/>", NULL, &out));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("template_page");

    tcase_add_test(tests, what_people_read);
    tcase_add_test(tests, what_nobody_knows);
    tcase_add_test(tests, without_words);
    return unit_run(tests);
}
