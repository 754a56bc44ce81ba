#include "unit.h"

#include "du_names.h"
#include "du_setting.h"
#include "du_upload_identity.h"
#include "du_xml.h"

static const struct {
    const char *name;
    du_upload_field_e field;
} names[] = {
    {"LogFileType", DU_UPLOAD_TYPE},
    {"LogType", DU_UPLOAD_TYPE},
    {"FileType", DU_UPLOAD_TYPE},
    {"Type", DU_UPLOAD_TYPE},
    {"DeviceType", DU_UPLOAD_DEVICE_TYPE},
    {"MacAddress", DU_UPLOAD_MAC},
    {"Mac", DU_UPLOAD_MAC},
    {"SerialNumber", DU_UPLOAD_SERIAL},
    {"Serial", DU_UPLOAD_SERIAL},
    {"LogFileName", DU_UPLOAD_FILENAME},
    {"Filename", DU_UPLOAD_FILENAME},
};

/* The value stands in this field and in no other. */
static void check_only(const du_upload_identity_t *identity, du_upload_field_e field, const char *value,
                       const char *where)
{
    for (int i = 0; i < DU_UPLOAD_FIELDS; i++) {
        const char *text = identity->text[i];

        ck_assert_msg((du_upload_field_e)i == field ? text && strcmp(text, value) == 0 : !text, "%s: field %d is %s",
                      where, i, text ? text : "missing");
    }
}

START_TEST(every_name_from_every_place)
{
    static const struct {
        const char *before, *behind;
    } spellings[] = {{"", ""}, {"X-", ""}, {"x-", ""}, {"", "-"}, {"_", ""}};

    for (int i = 0; i < COUNT_OF(names); i++) {
        du_upload_identity_t query = {.names = NULL}, xml = {.names = NULL};
        const char *text = apr_psprintf(unit.pool, "other=1&%s=a+%%62&", names[i].name);

        for (int s = 0; s < COUNT_OF(spellings); s++) {
            du_upload_identity_t header = {.names = NULL};
            const char *name = apr_pstrcat(unit.pool, spellings[s].before, names[i].name, spellings[s].behind, NULL);

            ck_assert_int_eq(du_upload_take(unit.ctx, &header, name, "v"), names[i].field);
            check_only(&header, names[i].field, "v", name);
        }
        assert_ok(du_upload_take_query(unit.ctx, &query, text));
        check_only(&query, names[i].field, "a b", text);
        text = apr_psprintf(unit.pool, "<d><x:%s> v </x:%s><Other>1</Other></d>", names[i].name, names[i].name);
        assert_ok(du_upload_take_xml(unit.ctx, &xml, unit_exact(text, strlen(text)), strlen(text)));
        check_only(&xml, names[i].field, "v", text);
    }
}
END_TEST

/* An invented phone. Names of a deployment's own serve all four places, go first, and leave the shipped ones alone. */
START_TEST(names_of_a_deployment)
{
    static const struct {
        const char *field, *name, *header, *in_query, *in_xml;
        du_upload_field_e means;
    } cases[] = {
        {"LogType", "trace-kind", "X-Trace-Kind", "TRACE_KIND=v", "<d trace-kind='v'/>", DU_UPLOAD_TYPE},
        {"LogFileName", "X-Label", "label", "x-label=v", "<d><x:X-LABEL>v</x:X-LABEL></d>", DU_UPLOAD_FILENAME},
        {"DeviceType", "class", "X-Class", "class=v", "<d class='v'/>", DU_UPLOAD_DEVICE_TYPE},
        {"MacAddress", "hw_", "hw", "h-w=v", "<d><hw_>v</hw_></d>", DU_UPLOAD_MAC},
        {"SerialNumber", "Type", "type", "X-Type=v", "<d Type='v'/>", DU_UPLOAD_SERIAL},
    };
    apr_array_header_t *list = apr_array_make(unit.pool, 4, sizeof(du_added_name_t));
    const du_upload_names_t *table;

    APR_ARRAY_PUSH(list, du_added_name_t) = (du_added_name_t){du_names_field("Model"), "product"};
    for (int i = 0; i < COUNT_OF(cases); i++) {
        APR_ARRAY_PUSH(list, du_added_name_t) = (du_added_name_t){du_names_field(cases[i].field), cases[i].name};
    }
    table = du_upload_names_make(unit.pool, list);
    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_upload_identity_t header = {.names = table}, query = {.names = table}, xml = {.names = table};

        ck_assert_int_eq(du_upload_take(unit.ctx, &header, cases[i].header, "v"), cases[i].means);
        check_only(&header, cases[i].means, "v", cases[i].header);
        assert_ok(du_upload_take_query(unit.ctx, &query, cases[i].in_query));
        check_only(&query, cases[i].means, "v", cases[i].in_query);
        assert_ok(du_upload_take_xml(unit.ctx, &xml, cases[i].in_xml, strlen(cases[i].in_xml)));
        check_only(&xml, cases[i].means, "v", cases[i].in_xml);
        ck_assert_int_eq(du_upload_take(unit.ctx, &header, "X-Log-Type", "shipped"), DU_UPLOAD_TYPE);
        ck_assert_int_eq(du_upload_take(unit.ctx, &header, "product", "no upload has it"), DU_UPLOAD_FIELDS);
    }
}
END_TEST

START_TEST(names_that_are_none)
{
    static const char *const cases[] = {"",         "X-",   "Typ",        "Types", "XType", "Content-Type",
                                        "X-X-Type", "Host", "Mac Address"};
    du_upload_identity_t identity = {.names = NULL};

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_upload_take(unit.ctx, &identity, cases[i], "v") == DU_UPLOAD_FIELDS, "%s", cases[i]);
    }
    check_only(&identity, DU_UPLOAD_FIELDS, NULL, "nothing");
}
END_TEST

START_TEST(the_first_value_stands)
{
    du_upload_identity_t identity = {.names = NULL};

    assert_ok(du_upload_take_query(unit.ctx, &identity, "type=&type=CELog&logtype=Watson"));
    du_upload_take(unit.ctx, &identity, "X-Log-Type", "Config");
    assert_ok(du_upload_take_xml(unit.ctx, &identity, "<d Type='DiagLog' Serial='1'/>", 30));
    ck_assert_str_eq(identity.text[DU_UPLOAD_TYPE], "CELog");
    ck_assert_str_eq(identity.text[DU_UPLOAD_SERIAL], "1");
}
END_TEST

START_TEST(query_strings)
{
    static const char *const accepted[] = {"", "&", "&&=&", "=x", "type", "a=b=c", "%41=%42", "x=+"};
    static const char *const refused[] = {"type=%", "type=%4", "type=%zz", "filename=a%00.clg", "%00=x", "%=1"};
    du_upload_identity_t identity = {.names = NULL};

    assert_ok(du_upload_take_query(unit.ctx, &identity, NULL));
    for (int i = 0; i < COUNT_OF(accepted); i++) {
        assert_ok(du_upload_take_query(unit.ctx, &identity, accepted[i]));
    }
    for (int i = 0; i < COUNT_OF(refused); i++) {
        assert_refused(DU_E_MALFORMED, du_upload_take_query(unit.ctx, &identity, refused[i]));
    }
    assert_ok(du_upload_take_query(unit.ctx, &identity, "File%4eame=a%26b%3Dc.clg"));
    ck_assert_str_eq(identity.text[DU_UPLOAD_FILENAME], "a&b=c.clg");
}
END_TEST

START_TEST(xml_that_is_refused)
{
    static const char *const cases[] = {"", "<d>", "<!DOCTYPE d><d/>", "type=CELog"};
    du_upload_identity_t identity = {.names = NULL};

    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_refused(DU_E_MALFORMED, du_upload_take_xml(unit.ctx, &identity, cases[i], strlen(cases[i])));
    }
}
END_TEST

/* Whatever a value is, what is kept of it can stand in a record. */
START_TEST(values_that_are_not_usable)
{
    char *longest = apr_pcalloc(unit.pool, DU_UPLOAD_MAX_VALUE + 2);
    const char *cases[] = {"a\nb", "a\rb", "\tx", "\x7F", "\x1B[31m", "not UTF-8 \xFF", "\xC0\xAF", longest};

    memset(longest, 'x', DU_UPLOAD_MAX_VALUE + 1);
    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_upload_identity_t identity = {.names = NULL};

        du_upload_set(unit.ctx, &identity, DU_UPLOAD_FILENAME, cases[i]);
        ck_assert_int_eq(identity.unusable[DU_UPLOAD_FILENAME], 1);
        ck_assert_uint_le(strlen(identity.text[DU_UPLOAD_FILENAME]), 500);
        for (const char *c = identity.text[DU_UPLOAD_FILENAME]; *c; c++) {
            ck_assert_msg(*c >= ' ' && *c <= '~', "case %d", i);
        }
    }
    for (int i = 0; i < 2; i++) {
        du_upload_identity_t identity = {.names = NULL};
        const char *value = i ? longest + 1 : "Zo\xC3\xAB.clg";

        du_upload_set(unit.ctx, &identity, DU_UPLOAD_FILENAME, value);
        ck_assert_int_eq(identity.unusable[DU_UPLOAD_FILENAME], 0);
        ck_assert_str_eq(identity.text[DU_UPLOAD_FILENAME], value);
    }
}
END_TEST

START_TEST(media_types)
{
    static const struct {
        const char *type;
        int is_xml;
    } cases[] = {
        {"text/xml", 1},
        {"TEXT/XML; charset=utf-8", 1},
        {"application/xml ;x", 1},
        {"application/soap+xml", 1},
        {"a/b+XML;c", 1},
        {"text/xml-external-parsed-entity", 0},
        {"text/plain", 0},
        {"application/octet-stream; x=+xml", 0},
        {"+xml", 0},
        {"xml", 0},
        {"", 0},
        {NULL, 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_upload_is_xml(cases[i].type) == cases[i].is_xml, "%s", cases[i].type);
    }
}
END_TEST

START_TEST(what_names_a_log)
{
    static const struct {
        const char *query;
        int is_named;
    } cases[] = {
        {"type=CELog", 1}, {"filename=a.clg", 1}, {"mac=0004f2000176&serial=1&devicetype=UCPhone", 0},
        {"", 0},           {"type=", 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_upload_identity_t identity = {.names = NULL};

        assert_ok(du_upload_take_query(unit.ctx, &identity, cases[i].query));
        ck_assert_msg(du_upload_names_log(&identity) == cases[i].is_named, "%s", cases[i].query);
    }
}
END_TEST

#define DEVICE "devicetype=UCPhone&serial=07823-A345"

/* Query string, reason, and the name if it is accepted; offered on 2026-11-22 21:03:04 UTC. */
static const struct {
    const char *query;
    du_upload_reason_e reason;
    const char *file_name;
} checks[] = {
    {"type=CELog&filename=a.clg&" DEVICE, DU_UPLOAD_ACCEPTED, "UCPhone_07823-A345-20261122-CELOG210304_0.clg"},
    {"type=celog&filename=a.CLG&" DEVICE, DU_UPLOAD_ACCEPTED, "UCPhone_07823-A345-20261122-CELOG210304_0.clg"},
    {"type=Watson&filename=a.b.kdmp&" DEVICE, DU_UPLOAD_ACCEPTED, "UCPhone_07823-A345-20261122-WATSON210304_0.kdmp"},
    {"type=Config&filename=x.xml&serial=AB37_679e", DU_UPLOAD_ACCEPTED,
     "Unknown_AB37_679e-20261122-CONFIG210304_0.xml"},
    {"type=DiagLog&filename=x.txt&mac=0004f2000176", DU_UPLOAD_ACCEPTED,
     "Unknown_00-04-F2-00-01-76-20261122-DIAGLOG210304_0.txt"},
    {"type=CELog&filename=a.clg&mac=0004f2000176&serial=no+serial", DU_UPLOAD_ACCEPTED,
     "Unknown_00-04-F2-00-01-76-20261122-CELOG210304_0.clg"},
    {"type=CELog&filename=a.clg&mac=none&serial=1", DU_UPLOAD_ACCEPTED, "Unknown_1-20261122-CELOG210304_0.clg"},
    {"filename=a.clg&" DEVICE, DU_UPLOAD_BAD_TYPE, NULL},
    {"type=Audio&filename=a.clg&" DEVICE, DU_UPLOAD_BAD_TYPE, NULL},
    {"type=..&filename=a.clg&" DEVICE, DU_UPLOAD_BAD_TYPE, NULL},
    {"type=CELog,Watson&filename=a.clg&" DEVICE, DU_UPLOAD_BAD_TYPE, NULL},
    {"type=CELog%2F..&filename=a.clg&" DEVICE, DU_UPLOAD_BAD_TYPE, NULL},
    {"type=CELog%0A&filename=a.clg&" DEVICE, DU_UPLOAD_BAD_TYPE, NULL},
    {"type=CELog&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=..%2Fa.clg&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=%2Fetc%2Fa.clg&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=C%3A%5Ca.clg&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=a%0A.clg&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=a%FF.clg&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=.clg&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=a.clg.&" DEVICE, DU_UPLOAD_BAD_FILE_NAME, NULL},
    {"type=CELog&filename=a&" DEVICE, DU_UPLOAD_BAD_EXTENSION, NULL},
    {"type=CELog&filename=a.exe&" DEVICE, DU_UPLOAD_BAD_EXTENSION, NULL},
    {"type=CELog&filename=a.clg.exe&" DEVICE, DU_UPLOAD_BAD_EXTENSION, NULL},
    {"type=CELog&filename=a.clg,bak&" DEVICE, DU_UPLOAD_BAD_EXTENSION, NULL},
    {"type=CELog&filename=a.clg&devicetype=UCPhone", DU_UPLOAD_BAD_IDENTITY, NULL},
    {"type=CELog&filename=a.clg&mac=01-02-03-04-05", DU_UPLOAD_BAD_IDENTITY, NULL},
    {"type=CELog&filename=a.clg&serial=..", DU_UPLOAD_BAD_IDENTITY, NULL},
    {"type=CELog&filename=a.clg&serial=a%2Fb", DU_UPLOAD_BAD_IDENTITY, NULL},
    {"type=CELog&filename=a.clg&serial=1&devicetype=..%2Fx", DU_UPLOAD_BAD_IDENTITY, NULL},
    {"type=CELog&filename=a.clg&serial=1&devicetype=A_B", DU_UPLOAD_BAD_IDENTITY, NULL},
};

static du_upload_reason_e check(const char *query, int is_whole, du_upload_name_t *name)
{
    du_upload_identity_t identity = {.names = NULL};

    assert_ok(du_upload_take_query(unit.ctx, &identity, query));
    return du_upload_check(unit.ctx, &identity, du_setting_default(DU_SET_VALID_LOG_TYPES),
                           du_setting_default(DU_SET_VALID_LOG_EXTENSIONS), is_whole, name);
}

static apr_time_t some_time(void)
{
    return apr_time_from_sec(APR_INT64_C(1795381384));
}

START_TEST(checks_and_names)
{
    for (int i = 0; i < COUNT_OF(checks); i++) {
        du_upload_name_t name;
        du_upload_reason_e reason = check(checks[i].query, 1, &name);

        ck_assert_msg(reason == checks[i].reason, "%s: %s", checks[i].query, du_upload_reason_word(reason));
        if (checks[i].file_name) {
            const char *made = du_upload_file_name(unit.pool, &name, some_time(), 0);

            ck_assert_str_eq(made, checks[i].file_name);
            ck_assert_msg(du_upload_is_of(made, name.type, name.device), "%s", made);
        } else {
            ck_assert_msg(unit.ctx->failure.id && unit.ctx->failure.status == du_upload_reason_status(reason), "%s",
                          checks[i].query);
            memset(&unit.ctx->failure, 0, sizeof(unit.ctx->failure));
        }
    }
}
END_TEST

/* Before everything has come, what is missing is not held against it, but what is wrong is. */
START_TEST(checks_of_what_is_known)
{
    static const struct {
        const char *query;
        du_upload_reason_e reason;
        int has_device;
    } cases[] = {
        {"", DU_UPLOAD_ACCEPTED, 0},
        {"type=CELog", DU_UPLOAD_ACCEPTED, 0},
        {"type=CELog&filename=a.clg&serial=1", DU_UPLOAD_ACCEPTED, 0},
        {"type=CELog&filename=a.clg&" DEVICE, DU_UPLOAD_ACCEPTED, 1},
        {"type=Audio", DU_UPLOAD_BAD_TYPE, 0},
        {"filename=a.exe", DU_UPLOAD_BAD_EXTENSION, 0},
        {"filename=..%2Fa", DU_UPLOAD_BAD_FILE_NAME, 0},
        {"type=CELog&filename=a.clg&serial=..&devicetype=x", DU_UPLOAD_BAD_IDENTITY, 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_upload_name_t name;

        ck_assert_msg(check(cases[i].query, 0, &name) == cases[i].reason, "%s", cases[i].query);
        ck_assert_msg(!name.device == !cases[i].has_device, "%s", cases[i].query);
    }
}
END_TEST

/* protocol.md 5.1's example has the form of our names. */
START_TEST(names_of_a_device)
{
    static const struct {
        const char *file_name, *device;
        int is_of;
    } cases[] = {
        {"UCPhone_1-20261122-CELOG210304_0.clg", "UCPhone_1", 1},
        {"ucphone_1-20261122-celog210304_12.CLG", "UCPhone_1", 1},
        {"UCPhone_1-2-20261122-CELOG210304_0.clg", "UCPhone_1", 0},
        {"UCPhone_1-2-20261122-CELOG210304_0.clg", "UCPhone_1-2", 1},
        {"UCPhone_1-20261122-CELOG210304_0-20261122-CELOG210304_0.clg", "UCPhone_1", 0},
        {"UCPhone_1-20261122-CELOG210304_0-20261122-CELOG210304_0.clg", "UCPhone_1-20261122-CELOG210304_0", 1},
        {"UCPhone_11-20261122-CELOG210304_0.clg", "UCPhone_1", 0},
        {"UCPhone_1-20261122-WATSON210304_0.clg", "UCPhone_1", 0},
        {"UCPhone_1-2026112-CELOG210304_0.clg", "UCPhone_1", 0},
        {"UCPhone_1-20261122-CELOG21030_0.clg", "UCPhone_1", 0},
        {"UCPhone_1-20261122-CELOG210304_.clg", "UCPhone_1", 0},
        {"UCPhone_1-20261122-CELOG210304_0", "UCPhone_1", 0},
        {"UCPhone_1-20261122-CELOG210304_0.clg.bak", "UCPhone_1", 0},
        {"UCPhone_1-", "UCPhone_1", 0},
        {"UCPhone_1", "UCPhone_1", 0},
        {"", "UCPhone_1", 0},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(du_upload_is_of(cases[i].file_name, "CELog", cases[i].device) == cases[i].is_of, "%s",
                      cases[i].file_name);
    }
}
END_TEST

START_TEST(reasons)
{
    for (int i = DU_UPLOAD_ACCEPTED + 1; i <= DU_UPLOAD_FORBIDDEN; i++) {
        ck_assert_int_ge(du_error_http(du_upload_reason_status((du_upload_reason_e)i)), 400);
        ck_assert_uint_eq(strspn(du_upload_reason_word((du_upload_reason_e)i), "abcdefghijklmnopqrstuvwxyz-"),
                          strlen(du_upload_reason_word((du_upload_reason_e)i)));
    }
    ck_assert_ptr_null(du_upload_reason_word(DU_UPLOAD_ACCEPTED));
    ck_assert_int_eq(du_error_http(du_upload_reason_status(DU_UPLOAD_ACCEPTED)), 200);
    ck_assert_int_eq(du_error_http(du_upload_reason_status(DU_UPLOAD_DISK_FULL)), 507);
    ck_assert_int_eq(du_error_http(du_upload_reason_status(DU_UPLOAD_NOT_WRITTEN)), 500);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("upload_identity");

    tcase_add_checked_fixture(tests, du_xml_setup, NULL);
    tcase_add_test(tests, every_name_from_every_place);
    tcase_add_test(tests, names_of_a_deployment);
    tcase_add_test(tests, names_that_are_none);
    tcase_add_test(tests, the_first_value_stands);
    tcase_add_test(tests, query_strings);
    tcase_add_test(tests, xml_that_is_refused);
    tcase_add_test(tests, values_that_are_not_usable);
    tcase_add_test(tests, media_types);
    tcase_add_test(tests, what_names_a_log);
    tcase_add_test(tests, checks_and_names);
    tcase_add_test(tests, checks_of_what_is_known);
    tcase_add_test(tests, names_of_a_device);
    tcase_add_test(tests, reasons);
    return unit_run(tests);
}
