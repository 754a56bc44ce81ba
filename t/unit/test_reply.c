#include "unit.h"

#include "sample.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define PATH "/UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4463/CPE"

static const char *offer(const du_reply_t *reply, const du_rule_t *rule, const du_image_t *image)
{
    const char *text;
    apr_size_t len;

    assert_ok(du_reply_offer(unit.ctx, reply, rule, image, unit.pool, &text, &len));
    ck_assert_uint_eq(strlen(text), len);
    return text;
}

static du_rule_t *cx600(void)
{
    return &APR_ARRAY_IDX(sample_rules(unit.pool), 0, du_rule_t);
}

START_TEST(one_file)
{
    const du_rule_t *rule = cx600();

    ck_assert_str_eq(offer(sample_reply(unit.ctx, unit.pool), rule, rule->image[DU_APPROVED]),
                     DECLARATION "<Response><NumOfFiles>1</NumOfFiles><BaseURL>" SAMPLE_INTERNAL PATH "</BaseURL>"
                     "<ExternalBaseURL>" SAMPLE_EXTERNAL PATH "</ExternalBaseURL><Files><File><Filename>CPE.nbt</Filename>"
                     "<SignatureFilename>CPE.cat</SignatureFilename><Version>4.0.7577.4463</Version>"
                     "<Timestamp>2013-04-02 10:00:00</Timestamp></File></Files></Response>\n");
}
END_TEST

START_TEST(two_files)
{
    const du_rule_t *rule = cx600();
    const char *text = offer(sample_reply(unit.ctx, unit.pool), rule, sample_image(unit.pool, "4.0.7577.4463", 2, 1));

    ck_assert_ptr_nonnull(strstr(text, "<NumOfFiles>2</NumOfFiles>"));
    ck_assert_ptr_nonnull(strstr(text, "<Filename>CPE.nbt</Filename><SignatureFilename>CPE.cat</SignatureFilename>"));
    ck_assert_ptr_nonnull(strstr(text, "</File><File><Filename>B.nbt</Filename><SignatureFilename>B.cat<"));
}
END_TEST

/* protocol.md 3.1: both base URLs are there even when they are empty. */
START_TEST(nothing)
{
    const char *text;
    apr_size_t len;

    assert_ok(du_reply_nothing(unit.ctx, sample_reply(unit.ctx, unit.pool), unit.pool, &text, &len));
    ck_assert_uint_eq(strlen(text), len);
    ck_assert_str_eq(text, DECLARATION "<Response><NumOfFiles>0</NumOfFiles><BaseURL/><ExternalBaseURL/></Response>\n");
}
END_TEST

START_TEST(unpublished_urls_are_empty)
{
    static const char *const unset[] = {NULL, ""};
    const du_rule_t *rule = cx600();
    du_reply_t *reply = sample_reply(unit.ctx, unit.pool);

    for (int i = 0; i < COUNT_OF(unset); i++) {
        reply->internal_url = SAMPLE_INTERNAL;
        reply->external_url = unset[i];
        ck_assert_ptr_nonnull(strstr(offer(reply, rule, rule->image[DU_APPROVED]), PATH "</BaseURL><ExternalBaseURL/>"));
        reply->external_url = SAMPLE_EXTERNAL;
        reply->internal_url = unset[i];
        ck_assert_ptr_nonnull(strstr(offer(reply, rule, rule->image[DU_APPROVED]), "<BaseURL/><ExternalBaseURL>https:"));
    }
}
END_TEST

/* A path is escaped as a URL and then as XML; spelled as the rule is. */
START_TEST(odd_names_in_the_url)
{
    static const struct { const char *model, *in_url; } cases[] = {
        {"T48 G", "/T48%20G/"}, {"A&B", "/A&amp;B/"}, {"50%", "/50%25/"}, {"a#b", "/a%23b/"}, {"\xC3\xA4", "/%c3%a4/"},
        {"cx600", "/cx600/"},
    };
    du_reply_t *reply = sample_reply(unit.ctx, unit.pool);

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_rule_t *rule = cx600();
        const char *text;

        rule->key.model = cases[i].model;
        text = offer(reply, rule, rule->image[DU_APPROVED]);
        ck_assert_msg(strstr(text, cases[i].in_url) != NULL, "%s: %s", cases[i].model, text);
    }
}
END_TEST

START_TEST(all_names_can_be_bound)
{
    static const char tmpl_text[] =
        "<r xmlns:du='urn:devupdate:template' du:attr='t=type b=brand m=model r=revision l=locale u=update-type v=version "
        "n=num-of-files i=base-url e=external-base-url'><f du:each='files' du:attr='f=filename s=signature v=version "
        "t=timestamp'/></r>";
    const du_rule_t *rule = cx600();
    du_reply_t reply = {NULL, "http://a", "https://b"};
    du_template_t *tmpl;
    const char *text;
    apr_size_t len;

    assert_ok(du_template_parse(unit.ctx, tmpl_text, sizeof(tmpl_text) - 1, 1, unit.pool, &tmpl));
    reply.tmpl = tmpl;
    ck_assert_str_eq(offer(&reply, rule, rule->image[DU_APPROVED]),
                     DECLARATION "<r t=\"UCPhone\" b=\"POLYCOM\" m=\"CX600\" r=\"A\" l=\"ENU\" u=\"CPE\" "
                     "v=\"4.0.7577.4463\" n=\"1\" i=\"http://a" PATH "\" e=\"https://b" PATH "\"><f f=\"CPE.nbt\" "
                     "s=\"CPE.cat\" v=\"4.0.7577.4463\" t=\"2013-04-02 10:00:00\"/></r>\n");
    assert_ok(du_reply_nothing(unit.ctx, &reply, unit.pool, &text, &len));
    ck_assert_str_eq(text, DECLARATION "<r n=\"0\"/>\n");
}
END_TEST

/* conf/reply.xml is what a server without DevUpdateReplyTemplate answers with. */
START_TEST(shipped_template)
{
    const char *srcdir = getenv("srcdir");
    const du_rule_t *rule = cx600();
    du_reply_t reply = {NULL, "http://a", "https://b"};
    du_template_t *tmpl;
    apr_size_t len;
    const char *bytes, *text;

    ck_assert_msg(srcdir != NULL, "srcdir is not set");
    bytes = unit_read(apr_pstrcat(unit.pool, srcdir, "/conf/reply.xml", NULL), &len);
    assert_ok(du_template_parse(unit.ctx, bytes, len, 1, unit.pool, &tmpl));
    reply.tmpl = tmpl;
    text = offer(&reply, rule, rule->image[DU_APPROVED]);
    ck_assert_ptr_nonnull(strstr(text, "<NumOfFiles>1</NumOfFiles><BaseURL>http://a" PATH "</BaseURL><ExternalBaseURL>"
                                       "https://b" PATH "</ExternalBaseURL>"));
    assert_ok(du_reply_nothing(unit.ctx, &reply, unit.pool, &text, &len));
    ck_assert_ptr_nonnull(strstr(text, "<NumOfFiles>0</NumOfFiles><BaseURL/><ExternalBaseURL/></"));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("reply");

    tcase_add_test(tests, one_file);
    tcase_add_test(tests, two_files);
    tcase_add_test(tests, nothing);
    tcase_add_test(tests, unpublished_urls_are_empty);
    tcase_add_test(tests, odd_names_in_the_url);
    tcase_add_test(tests, all_names_can_be_bound);
    tcase_add_test(tests, shipped_template);
    return unit_run(tests);
}
