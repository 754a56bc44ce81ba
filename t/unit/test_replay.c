#include "unit.h"

#include "du_record_file.h"
#include "du_replay.h"
#include "sample.h"

#define CHECKS 100000
#define DAY    1789948800 /* seconds: a day begins */
#define DATE   "2026-09-21"

#define NAME_64 "0123456789012345678901234567890123456789012345678901234567890123"

/* Numbers that are the same in every run. */
static unsigned seed;

static unsigned below(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static const char *one_of(const char *const *texts, int n)
{
    return texts[below((unsigned)n)];
}

#define ONE_OF(texts) one_of(texts, COUNT_OF(texts))

/* What phones are called, and what differs from it only where a record could lose it. Many of them name rules. */
static const char *const models[] = {
    "CX600", "cx600", "6725ip", "T48 G", "T48\tG", "T48\nG", "T48_G", "T48?G", "=1,2", "'=1,2", "''=1,2", "=1", "'=1", "+1", "'+1", "-", "'-",
    "@x", "' x,y", "x,y", "a\"b,c", "a;b#c", "\xC3\x84\xC3\x96", "\xC3\xA4\xC3\xB6", "zero\xE2\x80\x8Bwidth", "zerowidth", "\xE2\x80\xAEgnp", NAME_64,
    NAME_64 "4", NAME_64 NAME_64 "?", "<b>", "&amp;", "\\xE2", "", NULL, "No such",
};
static const char *const brands[] = {"POLYCOM", "polycom", "Aastra", "=cmd|' /C calc'!A0", "", "Nobody"};
static const char *const files[] = {"CPE.nbt", "cpe.NBT", "B.nbt", "C_D.nbt", "C;D.nbt", "C#D.nbt", "C\tD.nbt", "other.bin", "=1.nbt", "", NULL};
static const char *const versions[] = {
    "1.0", "2.0", "3.0", "2.0 ", "02.0", "4_0", "4;0", "4#0", "4\t0", "-5", "'-5", "=6", "v,7", "", NULL, "9.9",
};
static const char *const macs[] = {
    "00-04-F2-00-00-01", "0004F2000001", "00:04:f2:00:00:01", "00-04-F2-00-00-02", "00-04-F2-00-00-03", "00-04-F2-00-00-04", "no MAC", "", NULL,
    "00-04-F2-00-00-01-", "0011223344556677889900112233445566778899001122334455667788990011",
};
static const char *const serials[] = {"s1", "S1", "-s2", "-S2", "s3", "=s1", "'-s2", "s 1", "s\t1", "", NULL, "unknown"};
static const char *const places[] = {"10.1.0.5", "10.2.0.5", "2001:db8::5", "192.0.2.1", "::ffff:10.1.0.5", "unknown", NULL};

/* Every name that a rule can have has one, with a different choice of versions. */
static du_snapshot_t *make_snapshot(void)
{
    apr_array_header_t *rules = apr_array_make(unit.pool, 64, sizeof(du_rule_t));
    du_snapshot_t *snapshot;

    for (int i = 0; i < COUNT_OF(models); i++) {
        if (models[i] && *models[i] && strlen(models[i]) <= DU_KEY_PART_MAX && !strpbrk(models[i], "\t\n?\"<") && strcmp(models[i], "cx600") != 0) {
            for (int b = 0; b < 3; b += 2) {
                du_rule_t *rule = sample_rule(rules, brands[b], models[i], below(2) ? versions[below(13)] : "", below(4) ? versions[below(13)] : "", "");

                for (int slot = 0; slot < DU_SLOTS; slot++) {
                    const char *version = rule->versions.slot[slot];

                    if (*version && (strpbrk(version, ";#\t ") || below(3) == 0)) {
                        rule->image[slot] = *version ? sample_image(unit.pool, "2.0", 2, i) : NULL;
                        rule->image[slot]->files[1].name = "C_D.nbt";
                    }
                }
            }
        }
    }
    snapshot = sample_snapshot(rules, 1, unit.pool);
    sample_site(snapshot, "Berlin", "10.1.0.0/16 2001:db8::/32");
    sample_device(snapshot, "", DU_TEST_MAC, "00-04-F2-00-00-01");
    sample_device(snapshot, "Berlin", DU_TEST_MAC, "00-04-F2-00-00-02");
    sample_device(snapshot, "Berlin", DU_TEST_SERIAL, "s1");
    sample_device(snapshot, "", DU_TEST_SERIAL, "-s2");
    sample_device(snapshot, "", DU_TEST_MAC, du_mac_canonical(unit.pool, macs[10]));
    sample_held(snapshot, "00-04-F2-00-00-03", "", "2.0");
    sample_held(snapshot, "00-04-F2-00-00-02", "s3", "1.0");
    sample_held(snapshot, "00-04-F2-00-00-04", "", DU_HELD_ALL);
    return snapshot;
}

/* <NAME>text</NAME>, whatever the text is. */
static const char *element(apr_pool_t *pool, const char *name, const char *text)
{
    const char *xml = "";

    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *part = c < ' ' || strchr("<>&\"'", c) ? apr_psprintf(pool, "&#%d;", c) : apr_pstrmemdup(pool, text, 1);

        xml = apr_pstrcat(pool, xml, part, NULL);
    }
    return text ? apr_pstrcat(pool, "<", name, ">", xml, "</", name, ">", NULL) : "";
}

static const char *make_body(apr_pool_t *pool)
{
    const char *body = apr_pstrcat(pool, "<Request>", element(pool, "DeviceType", below(50) ? "UCPhone" : "ucphone"),
                                   element(pool, "Vendor", below(3) ? "POLYCOM" : ONE_OF(brands)),
                                   element(pool, "Model", ONE_OF(models)), element(pool, "Revision", below(40) ? "A" : "B"),
                                   element(pool, "Locale", below(40) ? "ENU" : NULL), element(pool, "MacAddress", ONE_OF(macs)),
                                   element(pool, "SerialNumber", ONE_OF(serials)), element(pool, "UserID", ONE_OF(models)), NULL);

    for (unsigned n = below(5); n > 0; n--) {
        body = apr_pstrcat(pool, body, "<Module>", element(pool, "Filename", below(2) ? "CPE.nbt" : ONE_OF(files)),
                           element(pool, "Version", ONE_OF(versions)), element(pool, "Timestamp", ONE_OF(models)), "</Module>", NULL);
    }
    return apr_pstrcat(pool, body, "</Request>", NULL);
}

/* One check as mod_devupdate_check.c answers it, on record. */
static void answer_one(const du_ruleset_t *ruleset, du_journal_t *journal, apr_time_t when, apr_pool_t *pool)
{
    du_ctx_t *ctx = du_ctx_make(pool);
    const char *body = make_body(pool), *where = ONE_OF(places);
    du_check_t check = {.time = when, .address = where, .endpoint = below(2) ? "internal" : "external", .ruleset = ruleset};
    du_request_t *request;
    du_address_t address;

    sample_must(du_request_parse(ctx, NULL, body, strlen(body), &request), ctx);
    check.request = request;
    check.decision = du_decide(ruleset, request, where && du_address_parse(where, &address) ? &address : NULL);
    sample_must(du_journal_append(ctx, journal, &check), ctx);
}

static const du_ruleset_t *make_ruleset(const du_snapshot_t *snapshot)
{
    const du_ruleset_t *ruleset;

    assert_ok(du_ruleset_make(unit.ctx, snapshot, unit.pool, &ruleset));
    return ruleset;
}

static const char *path_of(const char *day)
{
    return apr_pstrcat(unit.pool, unit.dir, "/" DU_JOURNAL_DIR "/" DU_JOURNAL_CHECKS "node1_", day, ".log", NULL);
}

/* Writes n checks of all kinds, with refusals between them; answers the file. */
static const char *write_checks(const du_ruleset_t *ruleset, int n)
{
    du_journal_t *journal;
    apr_pool_t *pool;

    apr_pool_create(&pool, unit.pool);
    assert_ok(du_journal_open(unit.ctx, unit.dir, "node1", APR_INT64_MAX, unit.pool, &journal));
    for (int i = 0; i < n; i++) {
        answer_one(ruleset, journal, apr_time_from_sec(DAY + i % 86400), pool);
        if (i % 1000 == 0) {
            du_check_t refused = {.time = apr_time_from_sec(DAY), .decision = {.result = DU_RESULT_REFUSED, .reason = DU_REASON_MALFORMED}};

            assert_ok(du_journal_append(unit.ctx, journal, &refused));
        }
        apr_pool_clear(pool);
    }
    return path_of(DATE);
}

START_TEST(a_hundred_thousand_checks_are_answered_as_recorded)
{
    const du_ruleset_t *ruleset;
    du_replay_t replay = {0};
    apr_time_t begin;
    const char *path;

    seed = 1;
    ruleset = make_ruleset(make_snapshot());
    path = write_checks(ruleset, CHECKS);
    begin = apr_time_now();
    assert_ok(du_replay_file(unit.ctx, ruleset, path, &replay));
    unit_diag("%d checks replayed in %d ms", CHECKS, (int)apr_time_as_msec(apr_time_now() - begin));
    for (int i = 0; i < replay.nnamed; i++) {
        unit_diag("line %d: %s %s, not %s %s", (int)replay.named[i].line, replay.named[i].record.reason, replay.named[i].record.offered,
                  replay.named[i].reason, replay.named[i].offered);
    }
    ck_assert_int_eq(replay.other, 0);
    ck_assert_int_eq(replay.same, CHECKS);
    ck_assert_int_eq(replay.refused, CHECKS / 1000);
    ck_assert_int_eq(replay.bad, 0);
    for (int reason = 0; reason < DU_REASONS; reason++) {
        ck_assert_msg((replay.reasons[reason] > 500) == (du_reason_result((du_reason_e)reason) != DU_RESULT_REFUSED), "%s: %d",
                      du_reason_word((du_reason_e)reason), (int)replay.reasons[reason]);
    }
}
END_TEST

/* What is read back from a record makes the same record. */
START_TEST(a_record_has_all_that_it_is_made_of)
{
    const du_ruleset_t *ruleset;
    du_record_file_t *file;
    du_record_t record;
    apr_size_t len;
    char *text, *at;
    apr_file_t *raw;
    int n = 0;
    const char *path;

    seed = 2;
    ruleset = make_ruleset(make_snapshot());
    path = write_checks(ruleset, 3000);
    text = apr_pcalloc(unit.pool, 8 * 1024 * 1024);
    assert_ok(apr_file_open(&raw, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, unit.pool));
    len = 8 * 1024 * 1024 - 1;
    assert_ok(apr_file_read(raw, text, &len));
    at = strchr(text, '\n') + 1;
    assert_ok(du_record_file_open(unit.ctx, path, 0, unit.pool, &file));
    while (du_record_file_next(file, unit.pool, &record) == APR_SUCCESS) {
        const du_record_check_t *recorded = du_record_file_check(file, unit.pool);
        du_check_t check = {.time = recorded->time, .address = recorded->client, .endpoint = recorded->endpoint,
                            .request = &recorded->request, .ruleset = ruleset};
        const char *line;

        if (!du_record_check_is_decided(recorded)) {
            at = strchr(at, '\n') + 1;
            continue;
        }
        check.decision = du_decide(ruleset, &recorded->request, recorded->address);
        line = du_journal_line(unit.pool, &check, &len);
        ck_assert_msg(strncmp(at, line, len) == 0, "%.*s\n%s", (int)strcspn(at, "\n"), at, line);
        at += len;
        n++;
    }
    ck_assert_int_eq(n, 3000);
}
END_TEST

/* With other rules, what is answered in another way is counted and named. */
START_TEST(another_answer_is_named)
{
    du_snapshot_t *snapshot = sample_snapshot(sample_rules(unit.pool), 1, unit.pool);
    du_rule_t *rule = &APR_ARRAY_IDX(snapshot->rules, 0, du_rule_t);
    const du_module_t module = {"CPE.nbt", "4.0.7577.4387", NULL};
    const du_request_t request = {.key = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"}, .mac = "00-04-F2-00-01-76", .nmodules = 1, .modules = &module};
    du_check_t check = {.time = apr_time_from_sec(DAY), .address = "192.0.2.1", .endpoint = "internal", .request = &request};
    const char *path = path_of(DATE);
    du_journal_t *journal;
    du_replay_t replay = {0};

    check.ruleset = make_ruleset(snapshot);
    check.decision = du_decide(check.ruleset, &request, NULL);
    assert_ok(du_journal_open(unit.ctx, unit.dir, "node1", APR_INT64_MAX, unit.pool, &journal));
    for (int i = 0; i < DU_REPLAY_NAMED + 5; i++) {
        assert_ok(du_journal_append(unit.ctx, journal, &check));
    }
    rule->image[DU_APPROVED] = sample_image(unit.pool, "5.0", 1, 9);
    assert_ok(du_replay_file(unit.ctx, make_ruleset(snapshot), path, &replay));
    ck_assert_int_eq(replay.same, 0);
    ck_assert_int_eq(replay.other, DU_REPLAY_NAMED + 5);
    ck_assert_int_eq(replay.nnamed, DU_REPLAY_NAMED);
    for (int i = 0; i < DU_REPLAY_NAMED; i++) {
        const du_replay_line_t *line = &replay.named[i];

        ck_assert_int_eq(line->line, i + 2);
        ck_assert_str_eq(line->record.mac, "00-04-F2-00-01-76");
        ck_assert_str_eq(line->record.reason, "approved");
        ck_assert_str_eq(line->record.offered, "4.0.7577.4463");
        ck_assert_str_eq(line->reason, "approved");
        ck_assert_str_eq(line->offered, "5.0");
    }
    /* no rule, and no version: the reason counts where there is one */
    replay = (du_replay_t){0};
    snapshot->rules = apr_array_make(unit.pool, 1, sizeof(du_rule_t));
    assert_ok(du_replay_file(unit.ctx, make_ruleset(snapshot), path, &replay));
    ck_assert_int_eq(replay.other, DU_REPLAY_NAMED + 5);
    ck_assert_str_eq(replay.named[0].result, "none");
    ck_assert_str_eq(replay.named[0].reason, "no-rule");
}
END_TEST

static const char *write_text(const char *name, const char *text)
{
    const char *path = unit_path(name);
    apr_file_t *file;

    assert_ok(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE, APR_FPROT_OS_DEFAULT, unit.pool));
    assert_ok(apr_file_write_full(file, text, strlen(text), NULL));
    apr_file_close(file);
    return path;
}

#define ORIGINAL                                                                                                           \
    "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,Request Modules," \
    "Response Modules,User ID\n"

/* The original does not say why; modules and columns may both be separated by semicolons. */
START_TEST(files_of_the_original)
{
    static const struct { const char *text; int same, other, bad; } cases[] = {
        {ORIGINAL "8/30/2010 12:08:08,10.0.0.1,UCPhone,0004F2000176,,POLYCOM,CX600,A,ENU,CPE.nbt;4.0.7577.4387;1/1/2010,CPE.nbt;CPE.cat;4.0.7577.4463;t,kim\n", 1, 0, 0},
        {ORIGINAL "8/30/2010 12:08:08,10.0.0.1,UCPhone,0004F2000176,,POLYCOM,CX600,A,ENU,CPE.nbt;4.0.7577.4463;1/1/2010,,kim\n", 1, 0, 0},
        {ORIGINAL "8/30/2010 12:08:08,10.0.0.1,UCPhone,0004F2000176,,POLYCOM,CX600,A,ENU,CPE.nbt;4.0.7577.4387;1/1/2010,,kim\n", 0, 1, 0},
        {"Logging DateTime;User Host Address;Device Type;Mac Address;Serial Number;Vendor;Model;Revision;Locale;Request Modules;Response Modules;User ID\n"
         "8/30/2010 12:08:08;10.0.0.1;UCPhone;0004F2000176;;Yealink;T48 G;A;ENU;CPE.nbt;X.8.1.52;t#B.nbt;X.8.1.51;t;CPE.nbt;CPE.cat;X.8.1.52;t#B.nbt;B.cat;X.8.1.52;t;kim\n", 1, 0, 0},
        {ORIGINAL "yesterday,10.0.0.1,UCPhone,,,POLYCOM,CX600,A,ENU,,,kim\n", 0, 0, 1},
        {ORIGINAL "8/30/2010 12:08:08,10.0.0.1,UCPhone,,,POLYCOM,CX600,A,ENU,,,kim", 0, 0, 0},
        {ORIGINAL, 0, 0, 0},
        {"", 0, 0, 0},
    };
    const du_ruleset_t *ruleset = make_ruleset(sample_snapshot(sample_rules(unit.pool), 1, unit.pool));

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_replay_t replay = {0};

        assert_ok(du_replay_file(unit.ctx, ruleset, write_text("audit.log", cases[i].text), &replay));
        ck_assert_msg(replay.same == cases[i].same && replay.other == cases[i].other && replay.bad == cases[i].bad, "case %d: %d %d %d", i,
                      (int)replay.same, (int)replay.other, (int)replay.bad);
    }
}
END_TEST

START_TEST(what_is_no_audit_file)
{
    const du_ruleset_t *ruleset = make_ruleset(sample_snapshot(sample_rules(unit.pool), 1, unit.pool));
    du_replay_t replay = {0};

    assert_refused(DU_E_MALFORMED, du_replay_file(unit.ctx, ruleset, write_text("text", "To be or not\n"), &replay));
    assert_refused(DU_E_NOT_FOUND, du_replay_file(unit.ctx, ruleset, unit_path("nothing"), &replay));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("replay");

    tcase_add_test(tests, a_hundred_thousand_checks_are_answered_as_recorded);
    tcase_add_test(tests, a_record_has_all_that_it_is_made_of);
    tcase_add_test(tests, another_answer_is_named);
    tcase_add_test(tests, files_of_the_original);
    tcase_add_test(tests, what_is_no_audit_file);
    return unit_run(tests);
}
