#include "unit.h"

#include "du_update_info.h"

static apr_status_t parse_within(int max_depth, const char *text, apr_array_header_t **updates)
{
    apr_size_t len = strlen(text);

    return du_update_info_parse(unit.ctx, unit_exact(text, len), len, max_depth, updates);
}

static apr_status_t parse(const char *text, apr_array_header_t **updates)
{
    return parse_within(32, text, updates);
}

static const du_update_t *update_at(const apr_array_header_t *updates, int i)
{
    return &APR_ARRAY_IDX(updates, i, du_update_t);
}

static const du_update_file_t *file_at(const du_update_t *update, int i)
{
    return &APR_ARRAY_IDX(update->files, i, du_update_file_t);
}

/* The form of protocol.md 7. */
START_TEST(published_form)
{
    apr_array_header_t *updates;
    const du_update_t *update;

    assert_ok(
        parse("<Updates><Updates>"
              "<Update deviceType='UCPhone' brand='POLYCOM' model='CX600' revision='A' locale='ENU' updateType='CPE'"
              " version='4.0.7577.4387'><File name='CPE.nbt' signature='CPE.cat' timestamp=''/></Update>"
              "<Update deviceType='UCPhone' brand='Aastra' model='6725ip' revision='A' locale='ENU'"
              " version='4.0.7577.4512'><File name='a\\b.nbt' signature='./a\\b.cat' timestamp='2016-09-06'/>"
              "<File name='c.nbt' signature='a/b.cat'/></Update>"
              "</Updates></Updates>",
              &updates));
    ck_assert_int_eq(updates->nelts, 2);
    update = update_at(updates, 0);
    ck_assert_str_eq(update->key.type, "UCPhone");
    ck_assert_str_eq(update->key.brand, "POLYCOM");
    ck_assert_str_eq(update->key.model, "CX600");
    ck_assert_str_eq(update->key.revision, "A");
    ck_assert_str_eq(update->key.locale, "ENU");
    ck_assert_str_eq(update->update_type, "CPE");
    ck_assert_str_eq(update->version, "4.0.7577.4387");
    ck_assert_int_eq(update->files->nelts, 1);
    ck_assert_str_eq(file_at(update, 0)->name, "CPE.nbt");
    ck_assert_str_eq(file_at(update, 0)->signature, "CPE.cat");
    ck_assert_str_eq(file_at(update, 0)->timestamp, "");
    update = update_at(updates, 1);
    ck_assert_str_eq(update->update_type, "CPE");
    ck_assert_int_eq(update->files->nelts, 2);
    ck_assert_str_eq(file_at(update, 0)->name, "a/b.nbt");
    ck_assert_str_eq(file_at(update, 0)->signature, "a/b.cat");
    ck_assert_str_eq(file_at(update, 0)->timestamp, "2016-09-06");
    ck_assert_str_eq(file_at(update, 1)->signature, "a/b.cat");
}
END_TEST

/* Names as elements or attributes, in any case, with a namespace: protocol.md 7 and 11.1. */
START_TEST(other_forms)
{
    static const char *const forms[] = {
        "<Updates><Updates><Update><DeviceType>T</DeviceType><Brand>B</Brand><Model>M</Model><Revision>R</Revision>"
        "<Locale>L</Locale><UpdateType>U</UpdateType><Version>V</Version>"
        "<File><Name>f</Name><Signature>s</Signature></File></Update></Updates></Updates>",
        "<x:Updates xmlns:x='urn:x'><x:Update x:TYPE='T' x:Vendor='B' MODEL='M' rev='R' LOCALE='L' updatetype='U' "
        "VERSION='V'>"
        "<x:Files><x:Image FileName='f' SignatureFilename='s'/></x:Files></x:Update></x:Updates>",
        "\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8'?><U><UPDATE type='T' brand='B' model='M' revision='R' "
        "locale='L'"
        " updateType='U'><version> V </version><module name='f' catalog='s'/></UPDATE></U>",
    };
    apr_array_header_t *updates;
    const du_update_t *update;

    assert_ok(parse(forms[_i], &updates));
    ck_assert_int_eq(updates->nelts, 1);
    update = update_at(updates, 0);
    ck_assert_str_eq(apr_pstrcat(unit.pool, du_key_path(unit.pool, &update->key), "/", update->version, "/",
                                 update->update_type, "/", file_at(update, 0)->name, "+",
                                 file_at(update, 0)->signature, NULL),
                     "T/B/M/R/L/V/U/f+s");
}
END_TEST

#define UPDATE(model, version, files)                                                                                \
    "<Update type='T' brand='B' model='" model "' revision='R' locale='L' version='" version "'>" files "</Update>"
#define FILES "<File name='f.nbt' signature='f.cat'/>"

static const struct {
    const char *text, *says;
} refused[] = {
    {"", "empty"},
    {"<Updates/>", "describes no update"},
    {"<Updates><Update></Updates>", "not acceptable XML"},
    {"<!DOCTYPE x><Updates/>", "document type"},
    {"<U>" UPDATE("", "1", FILES) "</U>", "update 1 (B -) has no model"},
    {"<U>" UPDATE("  ", "1", FILES) "</U>", "has no model"},
    {"<U>" UPDATE("M", "", FILES) "</U>", "has no version"},
    {"<U>" UPDATE("M", "123456789012345678901", FILES) "</U>", "version of 21 bytes; the limit is 20"},
    {"<U>" UPDATE("M", "../1", FILES) "</U>", "cannot be the name of a directory"},
    {"<U>" UPDATE("M", "..", FILES) "</U>", "cannot be the name of a directory"},
    {"<U>" UPDATE("M", "a:b", FILES) "</U>", "cannot be the name of a directory"},
    {"<U>" UPDATE("M\\N", "1", FILES) "</U>", "cannot be the name of a directory"},
    {"<U>" UPDATE("M", "1;2", FILES) "</U>", "cannot be the name of a directory"},
    {"<U>" UPDATE("M", "1#2", FILES) "</U>", "cannot be the name of a directory"},
    {"<U>" UPDATE("M&#10;N", "1", FILES) "</U>", "cannot be the name of a directory"},
    {"<U>" UPDATE("1234567890123456789012345678901234567890123456789012345678901234567890", "1", FILES) "</U>",
     "model of 70 bytes"},
    {"<U>" UPDATE("M", "1", "") "</U>", "names no file"},
    {"<U>" UPDATE("M", "1", "<File signature='s'/>") "</U>", "a file without a name"},
    {"<U>" UPDATE("M", "1", "<File name='f.nbt'/>") "</U>", "no security catalogue for f.nbt"},
    {"<U>" UPDATE("M", "1", "<File name='d/' signature='s'/>") "</U>", "cannot be the name of a file"},
    {"<U>" UPDATE("M", "1", "<File name='f' signature='d/..'/>") "</U>", "cannot be the name of a file"},
    {"<U>" UPDATE("M", "1", "<File name='f' signature='a#b'/>") "</U>", "cannot be the name of a file"},
    {"<U>" UPDATE("M", "1", "<File name='a;b' signature='s'/>") "</U>", "cannot be the name of a file"},
    {"<U>" UPDATE("M", "1", "<File name='f' signature='F'/>") "</U>", "two files of the same name"},
    {"<U>" UPDATE("M", "1", "<File name='f' signature='d/F'/>") "</U>", "two files of the same name"},
    {"<U>" UPDATE("M", "1", "<File name='f' signature='s'/><File name='f' signature='t'/>") "</U>",
     "two files of the same name"},
    {"<U>" UPDATE("M", "1", "<File name='a/f' signature='s'/><File name='b/F' signature='s'/>") "</U>",
     "two files of the same name"},
    {"<U>" UPDATE("M", "1", "<File name='f' signature='a/s'/><File name='g' signature='b/s'/>") "</U>",
     "two files of the same name"},
    {"<U>" UPDATE("M", "1", FILES) UPDATE("m", "2", FILES) "</U>", "updates 1 and 2 are both for T/B/M/R/L"},
};

START_TEST(bad_description_is_refused)
{
    apr_array_header_t *updates;
    apr_status_t rv = parse(refused[_i].text, &updates);

    ck_assert_msg(rv == DU_E_PACKAGE && strstr(unit.ctx->failure.message, refused[_i].says), "%s: %s, not \"%s\"",
                  refused[_i].text, unit_said(rv), refused[_i].says);
    ck_assert_msg(strncmp(unit.ctx->failure.message, "updateInfo.xml", 14) == 0, "%s", unit_said(rv));
}
END_TEST

START_TEST(limits)
{
    enum { LEN = DU_UPDATE_INFO_MAX_BYTES + 1 };
    char *text = apr_palloc(unit.pool, LEN + 1);
    apr_array_header_t *updates;
    const char *files = "", *all = "";

    memset(text, ' ', LEN);
    text[LEN] = '\0';
    assert_refused(DU_E_PACKAGE, parse(text, &updates));
    for (int i = 0; i <= DU_UPDATE_INFO_MAX_FILES; i++) {
        files = apr_psprintf(unit.pool, "%s<File name='f%d' signature='s'/>", files, i);
        if (i == DU_UPDATE_INFO_MAX_FILES - 1) {
            assert_ok(parse(apr_psprintf(unit.pool, "<U>" UPDATE("M", "1", "%s") "</U>", files), &updates));
        }
    }
    assert_refused(DU_E_PACKAGE,
                   parse(apr_psprintf(unit.pool, "<U>" UPDATE("M", "1", "%s") "</U>", files), &updates));
    for (int i = 0; i <= DU_UPDATE_INFO_MAX_UPDATES; i++) {
        all = apr_psprintf(unit.pool, "%s" UPDATE("M%d", "1", FILES), all, i);
        if (i == DU_UPDATE_INFO_MAX_UPDATES - 1) {
            assert_ok(parse(apr_psprintf(unit.pool, "<U>%s</U>", all), &updates));
        }
    }
    assert_refused(DU_E_PACKAGE, parse(apr_psprintf(unit.pool, "<U>%s</U>", all), &updates));
}
END_TEST

/* An update at the given depth, and its file below it. */
static const char *nested(int depth)
{
    const char *text = UPDATE("M", "1", FILES);

    for (int level = 2; level < depth; level++) {
        text = apr_pstrcat(unit.pool, "<Updates>", text, "</Updates>", NULL);
    }
    return text;
}

static const int depths[] = {4, 32, 256};

START_TEST(depth_is_limited)
{
    apr_array_header_t *updates;

    assert_ok(parse_within(depths[_i], nested(depths[_i]), &updates));
    ck_assert_int_eq(updates->nelts, 1);
    ck_assert_int_eq(parse_within(depths[_i], nested(depths[_i] + 1), &updates), DU_E_PACKAGE);
    ck_assert_str_eq(unit.ctx->failure.message,
                     apr_psprintf(unit.pool,
                                  "updateInfo.xml: not acceptable XML: elements more than %d deep (setting import-max-depth)",
                                  depths[_i]));
}
END_TEST

START_TEST(last_part_of_a_name)
{
    ck_assert_str_eq(du_update_file_last("CPE.nbt"), "CPE.nbt");
    ck_assert_str_eq(du_update_file_last("a/b/CPE.nbt"), "CPE.nbt");
    ck_assert_str_eq(du_update_file_last("a/"), "");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("update_info");

    tcase_add_test(tests, published_form);
    tcase_add_loop_test(tests, other_forms, 0, 3);
    tcase_add_loop_test(tests, bad_description_is_refused, 0, COUNT_OF(refused));
    tcase_add_test(tests, limits);
    tcase_add_loop_test(tests, depth_is_limited, 0, COUNT_OF(depths));
    tcase_add_test(tests, last_part_of_a_name);
    return unit_run(tests);
}
