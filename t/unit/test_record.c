#include "unit.h"

#include "du_csv.h"
#include "du_record.h"

#define OURS                                                                                                           \
    "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,"           \
    "Request Modules,Response Modules,User ID,Endpoint,Result,Reason"
#define ORIGINAL                                                                                                       \
    "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,"           \
    "Request Modules,Response Modules,User ID"
#define DOWNLOADS "Logging DateTime,User Host Address,Endpoint,Path,Status,Bytes Sent,Size,Complete,Duration ms,User"
#define UPLOADS                                                                                                        \
    "Logging DateTime,User Host Address,Endpoint,Type,Mac Address,Serial Number,Device File Name,Stored File,Size,"    \
    "Status,Result,Reason,User"

static int read_line(const char *header, char separator, const char *line, du_record_t *record)
{
    const char *cells[DU_CSV_CELLS_MAX];
    du_record_form_t form;
    char *copy = apr_pstrdup(unit.pool, header);

    if (separator == ';') {
        for (char *at = copy; *at; at++) {
            *at = *at == ',' ? ';' : *at;
        }
    }
    form.separator = separator;
    if (!du_record_is_header(cells, du_csv_split_by(separator, copy, strlen(copy), cells, DU_CSV_CELLS_MAX), &form)) {
        return -1;
    }
    copy = unit_exact(line, strlen(line) + 1);
    return du_record_read(unit.pool, &form, cells, du_csv_split_by(separator, copy, strlen(copy), cells, DU_CSV_CELLS_MAX),
                          record);
}

/* A line, and what is read of it; no line of expectations where it is none. */
static const struct {
    const char *header;
    char separator;
    const char *line;
    const char *expected; /* mac serial version offered result reason user http sent is_complete */
} cases[] = {
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,00-04-F2-00-01-76,07823-A345,POLYCOM,CX600,A,ENU,CPE.nbt;4.0;t,"
                "CPE.nbt;CPE.cat;4.1;t,kim,internal,offered,approved",
     "00-04-F2-00-01-76 07823-a345 4.0 4.1 offered approved kim 0 0 0"},
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,,,,,,,,,,,external,refused,unauthenticated", "    refused unauthenticated  0 0 0"},
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,0004f2000176,,POLYCOM,CX600,A,ENU,a;1;x#b;2;y,,,internal,none,current",
     "00-04-F2-00-01-76  1  none current  0 0 0"},
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,not a mac,no/serial,P,M,A,ENU,,,,internal,none,no-rule", "    none no-rule  0 0 0"},
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,,,P,M,A,ENU,,,\"'=cmd\",internal,none,current", "    none current =cmd 0 0 0"},
    /* cut: in the middle, in the last word, and joined with the next */
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,00-04-F2-00", NULL},
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,,,P,M,A,ENU,,,,internal,offered,appro", NULL},
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,,,P,M,A,ENU,,,,internal,offered,approved,", NULL},
    {OURS, ',', "2026-13-20 10:00:00,10.1.2.3,UCPhone,,,P,M,A,ENU,,,,internal,none,current", NULL},
    {OURS, ',', "1601-01-01 00:00:00,10.1.2.3,UCPhone,,,P,M,A,ENU,,,,internal,none,current", NULL},
    {OURS, ',', "2026-11-20 10:00:00,10.1.2.3,UCPhone,,,P,M,A,ENU,,,,internal,granted,current", NULL},
    {ORIGINAL, ',', "8/30/2010 4:44:48 PM,192.168.7.90,UCPhone,00-04-F2-00-01-76,,POLYCOM,CX600,A,ENU,CPE.nbt;4.0;,CPE.nbt;CPE.cat;4.1;,",
     "00-04-F2-00-01-76  4.0 4.1 offered   0 0 0"},
    {ORIGINAL, ',', "2010-08-30 16:44:48,192.168.7.90,UCPhone,,s1,POLYCOM,CX600,A,ENU,CPE.nbt;4.0;,,kim", " s1 4.0  none  kim 0 0 0"},
    {ORIGINAL, ';', "2010-08-30 16:44:48;192.168.7.90;UCPhone;;s1;POLYCOM;CX600;A;ENU;CPE.nbt;4.0;t;CPE.nbt;CPE.cat;4.1;t;kim",
     " s1 4.0 4.1 offered  kim 0 0 0"},
    {ORIGINAL, ';', "2010-08-30 16:44:48;192.168.7.90;UCPhone;;s1;POLYCOM;CX600;A;ENU;a;1;x#b;2;y;;kim", " s1 1  none  kim 0 0 0"},
    {ORIGINAL, ';', "2010-08-30 16:44:48;192.168.7.90;UCPhone;;s1;POLYCOM;CX600;A;ENU;;;kim", " s1   none  kim 0 0 0"},
    {ORIGINAL, ';', "2010-08-30 16:44:48;192.168.7.90;UCPhone;;s1;POLYCOM;CX600;A;ENU;a;1;x#b;kim", NULL},
    {DOWNLOADS, ',', "2026-11-20 10:00:00,10.1.2.3,internal,UCPhone/P/M/A/ENU/4.1/CPE/CPE.nbt,206,100,200,yes,5,", "  4.1     206 100 1"},
    {DOWNLOADS, ',', "2026-11-20 10:00:00,10.1.2.3,internal,UCPhone/P,404,0,0,no,5,", "       404 0 0"},
    {DOWNLOADS, ',', "2026-11-20 10:00:00,10.1.2.3,internal,UCPhone/P,200,-1,0,no,5,", NULL},
    {DOWNLOADS, ',', "2026-11-20 10:00:00,10.1.2.3,internal,UCPhone/P,200,1,99999999999999999999,no,5,", NULL},
    {DOWNLOADS, ',', "2026-11-20 10:00:00,10.1.2.3,internal,UCPhone/P,200,1,1,maybe,5,", NULL},
    {UPLOADS, ',', "2026-11-20 10:00:00,10.1.2.3,internal,CELog,00-04-F2-00-01-76,,a.clg,Client/CELog/a.clg,12,200,stored,,",
     "00-04-F2-00-01-76    stored   0 0 0"},
    {UPLOADS, ',', "2026-11-20 10:00:00,10.1.2.3,internal,CELog,,,a.clg,,x,200,stored,,", NULL},
    {"A,B,C", ',', "1,2,3", "no header"},
    {"Logging DateTime,User Host Address", ',', "1,2", "no header"},
};

START_TEST(lines)
{
    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_record_t r;
        int got = read_line(cases[i].header, cases[i].separator, cases[i].line, &r);
        const char *text = got < 0 ? "no header" : got == 0 ? NULL
            : apr_psprintf(unit.pool, "%s %s %s %s %s %s %s %d %ld %d", r.mac, r.serial, r.version, r.offered, r.result,
                           r.reason, r.user, r.http, (long)r.sent, r.is_complete);

        ck_assert_msg((text && cases[i].expected && strcmp(text, cases[i].expected) == 0) || (!text && !cases[i].expected),
                      "%s: \"%s\"", cases[i].line, text ? text : "bad");
    }
}
END_TEST

/* A time, and the seconds since 1970; 0 if it is none. */
static const struct { const char *text; long long seconds; } times[] = {
    {"1970-01-01 00:00:00", 0},          {"2026-11-20 10:00:00", 1795168800}, {"2026-11-20T10:00:00Z", 1795168800},
    {"2026-11-20 10:00:00.123", 1795168800}, {"11/20/2026 10:00:00 AM", 1795168800}, {"11/20/2026 12:00:00 AM", 1795132800},
    {"11/20/2026 10:00 PM", 1795212000}, {"20.11.2026 10:00:00", 1795168800}, {"2026-11-20", 0}, {"20-11-2026 10:00:00", 0},
    {"11/20/2026 13:00:00 PM", 0}, {"2026-02-30 10:00:00", 0}, {"2026-11-20 24:00:00", 0}, {"2026-11-20 10:61:00", 0}, {"", 0},
    {"2026-11-20 10:00:00x", 0}, {"9999-11-20 10:00:00", 0},
};

START_TEST(texts_of_times)
{
    for (int i = 0; i < COUNT_OF(times); i++) {
        apr_time_t time = 0;
        int is_time = du_record_time(times[i].text, &time);

        ck_assert_msg(is_time == (times[i].seconds != 0), "\"%s\": %d", times[i].text, is_time);
        if (is_time) {
            ck_assert_msg(apr_time_sec(time) == times[i].seconds, "\"%s\": %lld", times[i].text, (long long)apr_time_sec(time));
        }
    }
}
END_TEST

/* What strangers write is cut, and made printable. */
START_TEST(limits_of_texts)
{
    du_record_t record;
    const char *x = apr_psprintf(unit.pool, "%0*d", 600, 0);

    ck_assert_int_eq(read_line(OURS, ',', apr_psprintf(unit.pool, "2026-11-20 10:00:00,%s,%s,%s,%s,\xFF,\xE2\x80\xAE,\x01,\xC3\xBC,a;%s;,,%s,"
                                                       "internal,none,current", x, x, x, x, x, x), &record), 1);
    ck_assert_uint_eq(strlen(record.address), DU_RECORD_TEXT_MAX);
    ck_assert_uint_eq(strlen(record.version), DU_RECORD_TEXT_MAX);
    ck_assert_uint_eq(strlen(record.user), DU_RECORD_USER_MAX);
    ck_assert_str_eq(record.mac, "");
    ck_assert_str_eq(record.serial, "");
    ck_assert_str_eq(record.key.brand, "\\xff");
    ck_assert_str_eq(record.key.model, "\\xe2\\x80\\xae");
    ck_assert_str_eq(record.key.revision, "\\x01");
    ck_assert_str_eq(record.key.locale, "\xC3\xBC");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("record");

    tcase_add_test(tests, lines);
    tcase_add_test(tests, texts_of_times);
    tcase_add_test(tests, limits_of_texts);
    return unit_run(tests);
}
