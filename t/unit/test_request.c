#include "xml_text.h"

#include <stddef.h>

#include "du_names.h"
#include "du_request.h"
#include "du_xml.h"

static du_request_t *parse(const char *text)
{
    du_request_t *request = NULL;

    assert_ok(du_request_parse(unit.ctx, NULL, unit_exact(text, strlen(text)), strlen(text), &request));
    ck_assert_ptr_nonnull(request);
    return request;
}

/* protocol.md 11.1, every name; offset of the text that it fills. */
#define FIELD(member) offsetof(du_request_t, member)

static const struct { const char *name; size_t offset; } names[] = {
    {"DeviceType", FIELD(key.type)}, {"Type", FIELD(key.type)},
    {"MacAddress", FIELD(mac)}, {"MACAddress", FIELD(mac)}, {"Mac", FIELD(mac)}, {"MAC", FIELD(mac)},
    {"SerialNumber", FIELD(serial)}, {"Serial", FIELD(serial)},
    {"Vendor", FIELD(key.brand)}, {"Brand", FIELD(key.brand)},
    {"Model", FIELD(key.model)}, {"Revision", FIELD(key.revision)}, {"Rev", FIELD(key.revision)},
    {"Locale", FIELD(key.locale)},
    {"UserID", FIELD(user)}, {"UserId", FIELD(user)}, {"User", FIELD(user)},
};

static const char *const scalar_forms[] = {
    "<Request $1='value'/>",
    "<Request><$1>value</$1></Request>",
    "<a><b><c><$1> value </$1></c></b></a>",
    "<a><b><c $1='value'/></b></a>",
    "<x:Request xmlns:x='urn:x'><x:$1>value</x:$1></x:Request>",
    "<Request><x:$1>value</x:$1></Request>",
    "<Request><Modules><Module Version='1'/></Modules><$1>value</$1></Request>",
};

static const du_request_t nothing;

/* Where a text stands that belongs to `offset`; every other one of them is NULL. */
static void check_only(const du_request_t *request, size_t offset, const char *expected, const char *xml)
{
    for (int i = 0; i < COUNT_OF(names); i++) {
        const char *text = *(const char *const *)((const char *)request + names[i].offset);
        const char *wanted = names[i].offset == offset ? expected : NULL;

        ck_assert_msg(text ? wanted && strcmp(text, wanted) == 0 : !wanted, "%s: %s is %s", xml, names[i].name,
                      text ? text : "missing");
    }
}

START_TEST(every_name_in_every_form)
{
    for (int i = 0; i < COUNT_OF(names); i++) {
        for (int form = 0; form < COUNT_OF(scalar_forms); form++) {
            const char *name = names[i].name;
            const char *xml = unit_filled(scalar_forms[form], name, NULL);
            char *odd = apr_pstrdup(unit.pool, name);

            check_only(parse(xml), names[i].offset, "value", xml);
            for (char *c = odd; *c; c++) {
                *c ^= 0x20;
            }
            xml = unit_filled(scalar_forms[form], odd, NULL);
            check_only(parse(xml), names[i].offset, "value", xml);
        }
    }
}
END_TEST

static const struct { const char *name; size_t offset; } module_names[] = {
    {"Filename", offsetof(du_module_t, filename)}, {"FileName", offsetof(du_module_t, filename)},
    {"Name", offsetof(du_module_t, filename)}, {"Version", offsetof(du_module_t, version)},
    {"Timestamp", offsetof(du_module_t, timestamp)}, {"TimeStamp", offsetof(du_module_t, timestamp)},
};

static const char *const module_elements[] = {"Module", "File", "Image", "MODULE", "file", "x:Image"};

START_TEST(every_name_of_a_module)
{
    for (int e = 0; e < COUNT_OF(module_elements); e++) {
        for (int i = 0; i < COUNT_OF(module_names); i++) {
            const char *element = module_elements[e], *name = module_names[i].name;
            const char *forms[] = {
                apr_psprintf(unit.pool, "<r><%s %s='value'/></r>", element, name),
                apr_psprintf(unit.pool, "<r><l><%s><%s>value</%s></%s></l></r>", element, name, name, element),
                apr_psprintf(unit.pool, "<r><%s><d><%s>value</%s></d></%s></r>", element, name, name, element),
            };

            for (int form = 0; form < COUNT_OF(forms); form++) {
                const du_request_t *request = parse(forms[form]);

                ck_assert_msg(request->nmodules == 1, "%s", forms[form]);
                ck_assert_str_eq(*(const char *const *)((const char *)request->modules + module_names[i].offset), "value");
            }
        }
    }
}
END_TEST

START_TEST(a_whole_request)
{
    const du_request_t *request = parse(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Request><DeviceType>UCPhone</DeviceType><MacAddress>0004f2000176"
        "</MacAddress><SerialNumber>07823-A345</SerialNumber><Vendor>POLYCOM</Vendor><Model>CX600</Model><Revision>A"
        "</Revision><Locale>ENU</Locale><UserID>kim@contoso.com</UserID><Modules><Module><Filename>CPE.nbt</Filename>"
        "<Version>4.0.7577.4066</Version><Timestamp>2010-08-30</Timestamp></Module><Module Name='B.nbt'/></Modules></Request>");

    ck_assert_str_eq(request->key.type, "UCPhone");
    ck_assert_str_eq(request->key.brand, "POLYCOM");
    ck_assert_str_eq(request->key.model, "CX600");
    ck_assert_str_eq(request->key.revision, "A");
    ck_assert_str_eq(request->key.locale, "ENU");
    ck_assert_str_eq(request->mac, "00-04-F2-00-01-76");
    ck_assert_str_eq(request->serial, "07823-A345");
    ck_assert_str_eq(request->user, "kim@contoso.com");
    ck_assert_int_eq(request->nmodules, 2);
    ck_assert_str_eq(request->modules[0].filename, "CPE.nbt");
    ck_assert_str_eq(request->modules[0].version, "4.0.7577.4066");
    ck_assert_str_eq(request->modules[0].timestamp, "2010-08-30");
    ck_assert_str_eq(request->modules[1].filename, "B.nbt");
    ck_assert_ptr_null(request->modules[1].version);
    ck_assert_ptr_null(request->modules[1].timestamp);
}
END_TEST

START_TEST(nothing_is_legal)
{
    const du_request_t *request = parse("<Request/>");

    ck_assert_mem_eq(&request->key, &nothing.key, sizeof(nothing.key));
    ck_assert_ptr_null(request->mac);
    ck_assert_ptr_null(request->serial);
    ck_assert_ptr_null(request->user);
    ck_assert_int_eq(request->nmodules, 0);
}
END_TEST

START_TEST(better_name_wins)
{
    static const struct { const char *better, *worse; size_t offset; } cases[] = {
        {"DeviceType", "Type", FIELD(key.type)}, {"MacAddress", "Mac", FIELD(mac)},
        {"SerialNumber", "Serial", FIELD(serial)}, {"Vendor", "Brand", FIELD(key.brand)},
        {"Revision", "Rev", FIELD(key.revision)}, {"UserID", "User", FIELD(user)},
    };
    static const char *const forms[] = {"<r><$1>1</$1><$2>2</$2></r>", "<r><a $1='1'/><b $2='2'/></r>"};

    for (int i = 0; i < COUNT_OF(cases); i++) {
        for (int form = 0; form < COUNT_OF(forms); form++) {
            const char *b = cases[i].better, *w = cases[i].worse;
            const char *first = unit_filled(forms[form], b, w);
            const char *last = unit_filled(forms[form], w, b);

            check_only(parse(first), cases[i].offset, "1", first);
            check_only(parse(last), cases[i].offset, "2", last);
        }
    }
}
END_TEST

/* What stands in a module is the module's. */
START_TEST(modules_do_not_leak)
{
    const du_request_t *request = parse("<r><Module Type='x' Model='y' Version='1'><Brand>z</Brand></Module><Version>2</Version></r>");

    check_only(request, FIELD(key.type), NULL, "module's attributes");
    ck_assert_str_eq(request->modules[0].version, "1");
}
END_TEST

START_TEST(mac_as_sent_if_it_is_none)
{
    ck_assert_str_eq(parse("<r Mac='01:02:03:04:05:ab'/>")->mac, "01-02-03-04-05-AB");
    ck_assert_str_eq(parse("<r Mac='unknown'/>")->mac, "unknown");
    ck_assert_ptr_null(parse("<r Mac=''/>")->mac);
}
END_TEST

static const char *with_modules(int n)
{
    char *text = apr_pstrdup(unit.pool, "<r><Modules>");

    for (int i = 0; i < n; i++) {
        text = apr_psprintf(unit.pool, "%s<%s Version='%d'/>", text, module_elements[i % 3], i);
    }
    return apr_pstrcat(unit.pool, text, "</Modules></r>", NULL);
}

START_TEST(number_of_modules)
{
    const du_request_t *full = parse(with_modules(DU_REQUEST_MAX_MODULES));
    const char *more = with_modules(DU_REQUEST_MAX_MODULES + 1);
    du_request_t *request;

    ck_assert_int_eq(full->nmodules, DU_REQUEST_MAX_MODULES);
    ck_assert_str_eq(full->modules[63].version, "63");
    assert_refused(DU_E_MALFORMED, du_request_parse(unit.ctx, NULL, unit_exact(more, strlen(more)), strlen(more), &request));
    ck_assert_ptr_null(request);
}
END_TEST

START_TEST(encodings)
{
    static const struct { const char *charset, *mark; apr_size_t mark_len; } forms[] = {
        {"UTF-8", "\xEF\xBB\xBF", 3}, {"UTF-16LE", "\xFF\xFE", 2}, {"UTF-16BE", "\xFE\xFF", 2},
    };

    for (int i = 0; i < COUNT_OF(forms); i++) {
        apr_size_t len;
        const char *bytes = in_charset(forms[i].charset, forms[i].mark, forms[i].mark_len,
                                       "<Request Model='CX600' User='Zo\xC3\xAB'><Module Version='1'/></Request>", &len);
        du_request_t *request;

        assert_ok(du_request_parse(unit.ctx, NULL, bytes, len, &request));
        ck_assert_str_eq(request->key.model, "CX600");
        ck_assert_str_eq(request->user, "Zo\xC3\xAB");
        ck_assert_str_eq(request->modules[0].version, "1");
    }
}
END_TEST

START_TEST(refusals)
{
    static const char *const cases[] = {"", "<r>", "<!DOCTYPE r><r/>", "<r>&x;</r>", "--boundary\r\n", "<r/>\n<r/>"};

    for (int i = 0; i < COUNT_OF(cases); i++) {
        apr_size_t len = strlen(cases[i]);
        du_request_t *request = (du_request_t *)&unit;

        assert_refused(DU_E_MALFORMED, du_request_parse(unit.ctx, NULL, unit_exact(cases[i], len), len, &request));
        ck_assert_ptr_null(request);
    }
}
END_TEST

static const du_request_names_t *extended(const char *const additions[][2], int n)
{
    apr_array_header_t *list = apr_array_make(unit.pool, 4, sizeof(du_added_name_t));

    for (int i = 0; i < n; i++) {
        du_added_name_t *added = apr_array_push(list);

        added->field = du_names_field(additions[i][0]);
        added->name = additions[i][1];
        ck_assert_int_ge(added->field, 0);
    }
    return du_request_names_make(unit.pool, list);
}

static du_request_t *parse_by(const du_request_names_t *table, const char *text)
{
    du_request_t *request;

    assert_ok(du_request_parse(unit.ctx, table, unit_exact(text, strlen(text)), strlen(text), &request));
    return request;
}

/* Every field can be given a name; the shipped ones stay. */
START_TEST(names_of_a_deployment)
{
    static const char *const additions[][2] = {
        {"DeviceType", "a"}, {"macaddress", "b"}, {"SerialNumber", "c"}, {"Vendor", "d"}, {"Model", "e"}, {"Revision", "f"},
        {"Locale", "g"}, {"UserID", "h"}, {"Module", "i"}, {"Filename", "j"}, {"Version", "k"}, {"Timestamp", "l"},
    };
    const du_request_names_t *table = extended(additions, COUNT_OF(additions));
    const du_request_t *request = parse_by(table, "<q:x xmlns:q='urn:q' a='1' q:b='2'><c>3</c><D>4</D><e>5</e><f>6</f><g>7</g>"
                                                  "<q:h>8</q:h><i j='9' k='10' l='11'/><File Name='12'/></q:x>");

    ck_assert_str_eq(request->key.type, "1");
    ck_assert_str_eq(request->mac, "2");
    ck_assert_str_eq(request->serial, "3");
    ck_assert_str_eq(request->key.brand, "4");
    ck_assert_str_eq(request->key.model, "5");
    ck_assert_str_eq(request->key.revision, "6");
    ck_assert_str_eq(request->key.locale, "7");
    ck_assert_str_eq(request->user, "8");
    ck_assert_int_eq(request->nmodules, 2);
    ck_assert_str_eq(request->modules[0].filename, "9");
    ck_assert_str_eq(request->modules[0].version, "10");
    ck_assert_str_eq(request->modules[0].timestamp, "11");
    ck_assert_str_eq(request->modules[1].filename, "12");
    ck_assert_str_eq(parse_by(table, "<r><Model>shipped</Model></r>")->key.model, "shipped");
    ck_assert_str_eq(parse_by(table, "<r><Model>shipped</Model><e>ours</e></r>")->key.model, "ours");
}
END_TEST

/* A name of the shipped table goes to the field that it is given to. */
START_TEST(names_can_be_taken_over)
{
    static const char *const additions[][2] = {{"Model", "Type"}, {"Model", "Name"}, {"DeviceType", "Class"}};
    const du_request_t *request = parse_by(extended(additions, COUNT_OF(additions)),
                                           "<r Name='second' Type='CX600' Class='UCPhone'><File Name='CPE.nbt'/></r>");

    ck_assert_str_eq(request->key.model, "CX600");
    ck_assert_str_eq(request->key.type, "UCPhone");
    ck_assert_str_eq(request->modules[0].filename, "CPE.nbt");
}
END_TEST

static void setup(void)
{
    du_xml_setup();
}

int main(void)
{
    TCase *tests = unit_tests("request");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, every_name_in_every_form);
    tcase_add_test(tests, every_name_of_a_module);
    tcase_add_test(tests, a_whole_request);
    tcase_add_test(tests, nothing_is_legal);
    tcase_add_test(tests, better_name_wins);
    tcase_add_test(tests, modules_do_not_leak);
    tcase_add_test(tests, mac_as_sent_if_it_is_none);
    tcase_add_test(tests, number_of_modules);
    tcase_add_test(tests, encodings);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, names_of_a_deployment);
    tcase_add_test(tests, names_can_be_taken_over);
    return unit_run(tests);
}
