#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>

#include "du_setting.h"
#include "du_text.h"
#include "du_upload.h"
#include "du_xml.h"

#define FORM  "multipart/form-data; boundary=B"
#define QUERY "type=CELog&filename=a.clg&devicetype=UCPhone&serial=07823-A345"

static du_upload_limits_t limits = {1000000, 500000, 0};
static du_upload_rules_t rules = {NULL, 10000, NULL, NULL};

/* A spool of its own for each node that a test plays. */
static du_upload_spool_t *new_spool(void)
{
    return du_upload_spool_make(unit.dir, &limits, apr_pcalloc(unit.pool, sizeof(du_upload_usage_t)), unit.pool);
}

static void setup(void)
{
    du_xml_setup();
    unit.now = apr_time_from_sec(APR_INT64_C(1795381384)); /* 2026-11-22 21:03:04 */
    unit.ctx->now = unit_clock;
    rules.types = du_setting_default(DU_SET_VALID_LOG_TYPES);
    rules.extensions = du_setting_default(DU_SET_VALID_LOG_EXTENSIONS);
    rules.spool = new_spool();
}

/* An upload in a pool of its own, which is destroyed as httpd destroys that of a request. */
typedef struct request_t {
    apr_pool_t *pool;
    du_upload_t *upload;
} request_t;

static du_ctx_t *new_ctx(void)
{
    apr_pool_t *pool;
    du_ctx_t *ctx;

    apr_pool_create(&pool, unit.pool);
    ctx = du_ctx_make(pool);
    ctx->now = unit_clock;
    return ctx;
}

static request_t new_request(const char *query)
{
    du_ctx_t *ctx = new_ctx();
    du_upload_identity_t *identity = apr_pcalloc(ctx->pool, sizeof(*identity));
    request_t request = {ctx->pool, du_upload_make(ctx, &rules, identity)};

    assert_ok(du_upload_take_query(ctx, identity, query));
    return request;
}

static const char *keep(const char *text)
{
    return text ? apr_pstrdup(unit.pool, text) : NULL;
}

/* Sends a body in pieces; the record is in unit.pool. The request's pool is destroyed. */
static du_upload_record_t *send_in_pieces(const char *query, const char *type, const char *body, apr_size_t len,
                                          apr_size_t piece)
{
    du_upload_record_t *record = apr_pcalloc(unit.pool, sizeof(*record));
    request_t request = new_request(query);
    du_upload_reason_e reason = du_upload_begin(request.upload, type, -1);

    for (apr_size_t at = 0; reason == DU_UPLOAD_ACCEPTED && at < len; at += piece) {
        apr_size_t part = len - at < piece ? len - at : piece;

        reason = du_upload_feed(request.upload, unit_exact(body + at, part), part);
    }
    if (reason == DU_UPLOAD_ACCEPTED) {
        reason = du_upload_finish(request.upload);
    }
    du_upload_record(request.upload, record);
    ck_assert_ptr_eq(record->reason, du_upload_reason_word(reason));
    ck_assert_str_eq(record->result, reason == DU_UPLOAD_ACCEPTED ? "stored" : "refused");
    ck_assert_int_eq(record->stored != NULL, reason == DU_UPLOAD_ACCEPTED);
    record->type = keep(record->type);
    record->mac = keep(record->mac);
    record->serial = keep(record->serial);
    record->device_name = keep(record->device_name);
    record->stored = keep(record->stored);
    apr_pool_destroy(request.pool);
    return record;
}

static du_upload_record_t *send_body(const char *query, const char *type, const char *body)
{
    return send_in_pieces(query, type, body, strlen(body), strlen(body) + 1);
}

/* Sends a raw log of so many bytes; why it was refused, "" if it was not. */
static const char *send_bytes(const char *query, apr_size_t len)
{
    char *body = apr_palloc(unit.pool, len + 1);

    memset(body, 'x', len);
    return du_text_or_empty(send_in_pieces(query, NULL, body, len, 4096)->reason);
}

/* Files below a directory of the file store, hidden ones, too; their names in *last. */
static int count_files(const char *directory, const char **last)
{
    const char *path = unit_path(directory);
    DIR *dir = opendir(path);
    int n = 0;

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat info;
        const char *name = apr_pstrcat(unit.pool, directory, "/", entry->d_name, NULL);

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        ck_assert_int_eq(lstat(unit_path(name), &info), 0);
        if (S_ISDIR(info.st_mode)) {
            n += count_files(name, last);
        } else {
            n++;
            *last = name;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return n;
}

static int all_files(void)
{
    const char *last;

    return count_files("DeviceUpdateLogs", &last);
}

#define LOG "DeviceUpdateLogs/Client/CELog/UCPhone_07823-A345-20261122-CELOG210304_"

START_TEST(a_raw_log)
{
    du_upload_record_t *record = send_body(QUERY, "application/octet-stream", "some\r\n--B--\r\nlog");
    struct stat info;

    ck_assert_str_eq(record->stored, LOG "0.clg");
    ck_assert_str_eq(unit_read(unit_path(record->stored), NULL), "some\r\n--B--\r\nlog");
    ck_assert_int_eq(record->size, 16);
    ck_assert_str_eq(record->type, "CELog");
    ck_assert_str_eq(record->serial, "07823-A345");
    ck_assert_str_eq(record->device_name, "a.clg");
    ck_assert_ptr_null(record->mac);
    ck_assert_int_eq(all_files(), 1);
    ck_assert_int_eq(stat(unit_path(record->stored), &info), 0);
    ck_assert_int_eq(info.st_mode & 07777, 0640);
    ck_assert_int_eq(info.st_nlink, 1);
}
END_TEST

START_TEST(nothing_is_replaced)
{
    for (int i = 0; i < 12; i++) {
        const char *text = apr_psprintf(unit.pool, "log %d", i);

        ck_assert_str_eq(send_body(QUERY, NULL, text)->stored, apr_psprintf(unit.pool, LOG "%d.clg", i));
    }
    for (int i = 0; i < 12; i++) {
        ck_assert_str_eq(unit_read(unit_path(apr_psprintf(unit.pool, LOG "%d.clg", i)), NULL),
                         apr_psprintf(unit.pool, "log %d", i));
    }
}
END_TEST

/* Every kind of part, in a body in pieces of every size. */
static const char *const forms[] = {
    /* names in XML */
    "--B\r\nContent-Type: text/xml\r\n\r\n<Device LogType='CELog'><SerialNumber>07823-A345</SerialNumber>"
    "<DeviceType>UCPhone</DeviceType></Device>\r\n--B\r\nContent-Disposition: form-data; name=\"x\"; "
    "filename=\"a.clg\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\nthe log\r\n--B--\r\n",
    /* behind the log */
    "--B\r\nContent-Disposition: form-data; name=\"x\"; filename=\"a.clg\"\r\n\r\nthe log\r\n--B\r\n"
    "Content-Disposition: form-data; name=\"device\"\r\nContent-Type: application/xml\r\n\r\n"
    "<d Type='CELog' Serial='07823-A345' DeviceType='UCPhone'/>\r\n--B--\r\n",
    /* names in fields */
    "--B\r\nContent-Disposition: form-data; name=\"log-type\"\r\n\r\nCELog\r\n--B\r\nContent-Disposition: form-data; "
    "name=serial\r\n\r\n"
    " 07823-A345 \r\n--B\r\nContent-Disposition: form-data; name=devicetype\r\nContent-Type: "
    "text/plain\r\n\r\nUCPhone\r\n--B\r\n"
    "Content-Disposition: form-data; name=submit\r\n\r\nSend\r\n--B\r\nContent-Disposition: form-data; name=f; "
    "filename=a.clg\r\n"
    "\r\nthe log\r\n--B--\r\n",
    /* a log that is known by its media type only */
    "--B\r\nContent-Type: text/xml\r\n\r\n<d Type='CELog' Serial='07823-A345' DeviceType='UCPhone' "
    "Filename='a.clg'/>\r\n--B\r\n"
    "Content-Type: application/octet-stream\r\n\r\nthe log\r\n--B--\r\n",
};

START_TEST(multipart_in_pieces_of_every_size)
{
    limits.device_quota = limits.quota;
    rules.spool = new_spool();
    for (int i = 0; i < COUNT_OF(forms); i++) {
        apr_size_t len = strlen(forms[i]);

        for (apr_size_t piece = 1; piece <= len; piece++) {
            du_upload_record_t *record = send_in_pieces(NULL, FORM, forms[i], len, piece);

            ck_assert_msg(record->stored != NULL, "form %d in pieces of %d: %s", i, (int)piece, record->reason);
            ck_assert_str_eq(record->stored, LOG "0.clg");
            ck_assert_str_eq(record->device_name, "a.clg");
            ck_assert_str_eq(unit_read(unit_path(record->stored), NULL), "the log");
            ck_assert_int_eq(remove(unit_path(record->stored)), 0);
        }
    }
    ck_assert_int_eq(all_files(), 0);
}
END_TEST

/* However much of a body comes, without the rest nothing is left. */
START_TEST(multipart_that_is_cut_off)
{
    for (int i = 0; i < COUNT_OF(forms); i++) {
        for (apr_size_t len = 0; len < strlen(forms[i]) - 2; len++) {
            du_upload_record_t *record = send_in_pieces(NULL, FORM, forms[i], len, 64);

            ck_assert_str_eq(record->reason, "malformed");
        }
    }
    ck_assert_int_eq(all_files(), 0);
}
END_TEST

START_TEST(an_upload_that_is_given_up)
{
    request_t request = new_request(QUERY);

    ck_assert_int_eq(du_upload_begin(request.upload, NULL, -1), DU_UPLOAD_ACCEPTED);
    ck_assert_int_eq(du_upload_feed(request.upload, "half", 4), DU_UPLOAD_ACCEPTED);
    ck_assert_int_eq(all_files(), 1);
    apr_pool_destroy(request.pool);
    ck_assert_int_eq(all_files(), 0);

    request = new_request(QUERY);
    ck_assert_int_eq(du_upload_begin(request.upload, NULL, -1), DU_UPLOAD_ACCEPTED);
    ck_assert_int_eq(du_upload_refuse(request.upload, DU_UPLOAD_INCOMPLETE), DU_UPLOAD_INCOMPLETE);
    ck_assert_int_eq(all_files(), 0);
    apr_pool_destroy(request.pool);
}
END_TEST

#define FILE_PART(name, data)                                                                                        \
    "--B\r\nContent-Disposition: form-data; name=f; filename=\"" name "\"\r\n\r\n" data "\r\n"

static const struct {
    const char *query, *type, *body, *reason;
} refusals[] = {
    {QUERY, NULL, "", "no-file"},
    {QUERY, FORM, "--B--", "no-file"},
    {QUERY, FORM, FILE_PART("a.clg", "") "--B--", "no-file"},
    {QUERY, FORM, FILE_PART("a.clg", "x") FILE_PART("b.clg", "x") "--B--", "no-file"},
    {QUERY, FORM, FILE_PART("a.clg", "x"), "malformed"},
    {QUERY, "multipart/form-data", FILE_PART("a.clg", "x") "--B--", "malformed"},
    {QUERY, FORM, "--B\r\nContent-Type: text/xml\r\n\r\n<d>\r\n" FILE_PART("a.clg", "x") "--B--", "malformed"},
    {QUERY, FORM, FILE_PART("a.clg", "x") "--B\r\nContent-Type: text/xml\r\n\r\n<!DOCTYPE d><d/>\r\n--B--",
     "malformed"},
    {"type=CELog&serial=1", FORM, FILE_PART("", "x") "--B--", "file-name"},
    {"type=CELog&serial=1", FORM, FILE_PART("../a.clg", "x") "--B--", "file-name"},
    {"type=CELog&serial=1", FORM, FILE_PART("a.exe", "x") "--B--", "extension"},
    {"serial=1", FORM, FILE_PART("a.clg", "x") "--B--", "type"},
    {"type=CELog", FORM, FILE_PART("a.clg", "x") "--B--", "identity"},
    {"type=Audio&filename=a.clg&serial=1", NULL, "x", "type"},
    {"type=CELog&filename=a.exe&serial=1", NULL, "x", "extension"},
    {"type=CELog&filename=..&serial=1", NULL, "x", "file-name"},
    {"type=CELog&filename=a.clg", NULL, "x", "identity"},
};

START_TEST(refusals_leave_nothing)
{
    for (int i = 0; i < COUNT_OF(refusals); i++) {
        du_upload_record_t *record = send_body(refusals[i].query, refusals[i].type, refusals[i].body);

        ck_assert_msg(record->reason != NULL, "case %d", i);
        ck_assert_str_eq(record->reason, refusals[i].reason);
        ck_assert_int_eq(all_files(), 0);
    }
}
END_TEST

/* A field and an XML part have limits of their own, at any piece. */
START_TEST(parts_that_are_too_long)
{
    static const struct {
        const char *head;
        apr_size_t limit;
    } parts[] = {
        {"Content-Disposition: form-data; name=serial\r\n", DU_UPLOAD_MAX_VALUE + 1},
        {"Content-Type: text/xml\r\n", DU_UPLOAD_MAX_XML},
    };

    for (int i = 0; i < COUNT_OF(parts); i++) {
        for (int more = 0; more < 2; more++) {
            apr_size_t len = parts[i].limit + (apr_size_t)more;
            char *text = apr_pcalloc(unit.pool, len + 1);
            const char *body;

            memset(text, ' ', len);
            memcpy(text, "<d/>", 4);
            body = apr_pstrcat(unit.pool, "--B\r\n", parts[i].head, "\r\n", text,
                               "\r\n" FILE_PART("a.clg", "x") "--B--", NULL);
            ck_assert_str_eq(du_text_or_empty(send_in_pieces(QUERY, FORM, body, strlen(body), 100)->reason),
                             more ? "malformed" : "");
        }
    }
}
END_TEST

START_TEST(size_of_a_log)
{
    request_t request = new_request(QUERY);

    ck_assert_str_eq(send_bytes(QUERY, (apr_size_t)rules.max_size), "");
    ck_assert_str_eq(send_bytes(QUERY, (apr_size_t)rules.max_size + 1), "too-large");
    ck_assert_int_eq(all_files(), 1);
    ck_assert_int_eq(du_upload_begin(request.upload, NULL, rules.max_size + 1), DU_UPLOAD_TOO_LARGE);
    request = new_request(QUERY);
    ck_assert_int_eq(du_upload_begin(request.upload, FORM, rules.max_size + DU_UPLOAD_OVERHEAD + 1),
                     DU_UPLOAD_TOO_LARGE);
    request = new_request(QUERY);
    ck_assert_int_eq(du_upload_begin(request.upload, FORM, rules.max_size + DU_UPLOAD_OVERHEAD), DU_UPLOAD_ACCEPTED);
    ck_assert_int_eq(all_files(), 1);
}
END_TEST

/* What surrounds the log has a limit, too: a preamble that does not end. */
START_TEST(size_of_the_rest)
{
    request_t request = new_request(QUERY);
    static char piece[8192];
    du_upload_reason_e reason = du_upload_begin(request.upload, FORM, -1);
    int pieces = 0;

    while (reason == DU_UPLOAD_ACCEPTED && ++pieces < 1000) {
        reason = du_upload_feed(request.upload, piece, sizeof(piece));
    }
    ck_assert_int_eq(reason, DU_UPLOAD_TOO_LARGE);
    ck_assert_int_eq(pieces, (int)((rules.max_size + DU_UPLOAD_OVERHEAD) / (apr_off_t)sizeof(piece)) + 1);
}
END_TEST

/*
 * Quotas
 */

#define OF_DEVICE(serial) "type=CELog&filename=a.clg&devicetype=UCPhone&serial=" serial

START_TEST(G4_quota_of_all)
{
    limits.quota = 30000;
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 10000), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("2"), 10000), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("3"), 10000), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("4"), 1), "quota");
    ck_assert_int_eq(all_files(), 3);
}
END_TEST

/* What is refused does not count. */
START_TEST(quota_after_refusals)
{
    limits.quota = 30000;
    rules.spool = new_spool();
    for (int i = 0; i < 20; i++) {
        ck_assert_str_eq(send_bytes(QUERY, 10001), "too-large");
        ck_assert_str_eq(send_bytes("type=CELog&filename=a.clg&serial=..", 9000), "identity");
    }
    ck_assert_str_eq(send_bytes(QUERY, 10000), "");
    ck_assert_str_eq(send_bytes(QUERY, 10000), "");
    ck_assert_str_eq(send_bytes(QUERY, 10000), "");
    ck_assert_str_eq(send_bytes(QUERY, 1), "quota");
}
END_TEST

/* Uploads that are under way count, also those of other nodes, as far as they are written (64 KiB may not yet be). */
START_TEST(quota_counts_what_comes_in)
{
    request_t request;
    static char bytes[131072];

    limits.quota = 150000;
    rules.max_size = 140000;
    rules.spool = new_spool();
    request = new_request(OF_DEVICE("1"));
    ck_assert_int_eq(du_upload_begin(request.upload, NULL, -1), DU_UPLOAD_ACCEPTED);
    ck_assert_int_eq(du_upload_feed(request.upload, bytes, sizeof(bytes)), DU_UPLOAD_ACCEPTED);
    ck_assert_str_eq(send_bytes(OF_DEVICE("2"), 19000), "quota");
    ck_assert_str_eq(send_bytes(OF_DEVICE("2"), 18000), "");
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(OF_DEVICE("3"), 70000), "quota");
    ck_assert_str_eq(send_bytes(OF_DEVICE("3"), 60000), "");
    ck_assert_int_eq(du_upload_finish(request.upload), DU_UPLOAD_ACCEPTED);
}
END_TEST

/* What others stored or removed is seen a minute later at the latest. */
START_TEST(quota_is_counted_anew_every_minute)
{
    du_upload_spool_t *ours, *others = new_spool();

    limits.quota = 20000;
    ours = rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 10000), "");
    rules.spool = others;
    ck_assert_str_eq(send_bytes(OF_DEVICE("2"), 10000), "");
    rules.spool = ours;
    unit.now += apr_time_from_sec(60);
    ck_assert_str_eq(send_bytes(OF_DEVICE("3"), 1), "quota");
    ck_assert_int_eq(remove(unit_path("DeviceUpdateLogs/Client/CELog/UCPhone_2-20261122-CELOG210304_0.clg")), 0);
    unit.now += apr_time_from_sec(59);
    ck_assert_str_eq(send_bytes(OF_DEVICE("3"), 1), "quota");
    unit.now += apr_time_from_sec(1);
    ck_assert_str_eq(send_bytes(OF_DEVICE("3"), 1), "");
}
END_TEST

START_TEST(quota_of_a_device)
{
    limits.device_quota = 20000;
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 10000), "");
    ck_assert_str_eq(send_bytes("type=Watson&filename=a.dmp&devicetype=UCPhone&serial=1", 9999), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 2), "device-quota");
    ck_assert_str_eq(send_bytes("type=CELog&filename=a.clg&devicetype=UCPHONE&serial=1&mac=0004f2000176", 2),
                     "device-quota");
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 1), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("11"), 10000), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("1-2"), 10000), "");
    ck_assert_str_eq(send_bytes("type=CELog&filename=a.clg&devicetype=RoundTable&serial=1", 10000), "");
}
END_TEST

/* It holds also for who says only at the end who it is. */
START_TEST(quota_of_a_device_that_is_named_last)
{
    limits.device_quota = 10;
    rules.spool = new_spool();
    ck_assert_str_eq(du_text_or_empty(send_body(NULL, FORM, forms[1])->reason), "");
    ck_assert_str_eq(du_text_or_empty(send_body(NULL, FORM, forms[1])->reason), "device-quota");
    ck_assert_int_eq(all_files(), 1);
}
END_TEST

/* Half a million devices share a table of 65,536 entries: one that shares its entry with others is not taken for them. */
START_TEST(devices_that_share_an_entry)
{
    static du_upload_usage_t usage;

    limits.device_quota = 20000;
    rules.spool = du_upload_spool_make(unit.dir, &limits, &usage, unit.pool);
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 10000), "");
    for (int i = 0; i < DU_UPLOAD_USAGE_ENTRIES; i++) {
        usage.device[i] += 1000000;
    }
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 9999), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 2), "device-quota");
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 1), "");
    ck_assert_str_eq(send_bytes(OF_DEVICE("2"), 10000), "");
}
END_TEST

/* The directory is not read for every upload: what comes into it by another way is seen with the next count. */
START_TEST(quota_of_a_device_is_counted_once_a_minute)
{
    limits.device_quota = 20000;
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 10000), "");
    rules.spool = new_spool(); /* another node */
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 5001), "");
    unit.now += apr_time_from_sec(60);
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 5000), "device-quota");
    ck_assert_str_eq(send_bytes(OF_DEVICE("1"), 4999), "");
}
END_TEST

START_TEST(free_space)
{
    limits.min_free = APR_INT64_C(1) << 60;
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(QUERY, 1), "disk-full");
    ck_assert_int_eq(all_files(), 0);
    limits.min_free = 1;
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(QUERY, 1), "");
}
END_TEST

/* What a killed process left is removed when it is an hour old; nothing else is. */
START_TEST(stale_files)
{
    static const struct {
        const char *name;
        int age, is_left;
    } cases[] = {
        {"DeviceUpdateLogs/Client/.staging/old", 3601, 0},
        {"DeviceUpdateLogs/Client/.staging/young", 3599, 1},
        {"DeviceUpdateLogs/Client/CELog/old", 100000, 1},
        {"DeviceUpdateLogs/Client/.snapshot/old", 100000, 1},
    };

    ck_assert_str_eq(send_bytes(QUERY, 1), "");
    ck_assert_int_eq(mkdir(unit_path("DeviceUpdateLogs/Client/.snapshot"), 0700), 0);
    for (int i = 0; i < COUNT_OF(cases); i++) {
        time_t then = (time_t)apr_time_sec(unit.now) - cases[i].age;
        struct utimbuf times = {then, then};

        unit_write(unit_path(cases[i].name), "x", 1);
        ck_assert_int_eq(utime(unit_path(cases[i].name), &times), 0);
    }
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(QUERY, 1), "");
    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg((access(unit_path(cases[i].name), F_OK) == 0) == cases[i].is_left, "%s", cases[i].name);
    }
}
END_TEST

/* Symbolic links are neither followed nor counted. */
START_TEST(links_in_the_directory)
{
    limits.quota = 20000;
    unit_write(unit_path("large"), apr_pcalloc(unit.pool, 50000), 50000);
    ck_assert_str_eq(send_bytes(QUERY, 1), "");
    ck_assert_int_eq(symlink("../../../large", unit_path("DeviceUpdateLogs/Client/CELog/link")), 0);
    ck_assert_int_eq(symlink("../..", unit_path("DeviceUpdateLogs/Client/link")), 0);
    rules.spool = new_spool();
    ck_assert_str_eq(send_bytes(QUERY, 10000), "");
}
END_TEST

/* The directory of a type is a file: nothing can be stored, nothing stays. */
START_TEST(a_store_that_cannot_be_written)
{
    ck_assert_str_eq(send_bytes("type=Watson&filename=a.dmp&serial=1", 1), "");
    unit_write(unit_path("DeviceUpdateLogs/Client/CELog"), "", 0);
    ck_assert_str_eq(send_bytes(QUERY, 1), "not-written");
    ck_assert_int_eq(all_files(), 2);
}
END_TEST

START_TEST(a_disk_that_is_full)
{
    /* in a mount namespace of this process, so that it goes with it */
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", unit.dir, "tmpfs", 0, "size=64k") != 0) {
        unit_diag("skipped, a small disk cannot be mounted: %s", strerror(errno));
        return;
    }
    rules.max_size = 1000000;
    ck_assert_str_eq(send_bytes(QUERY, 10000), "");
    ck_assert_str_eq(send_bytes(QUERY, 100000), "disk-full");
    ck_assert_int_eq(all_files(), 1);
    ck_assert_str_eq(send_bytes(QUERY, 10000), "");
}
END_TEST

/* Two processes store logs of one device in one second: each has its own name, and nothing is lost. */
START_TEST(many_at_once)
{
    enum { PROCESSES = 4, LOGS = 25 };
    const char *last;

    ck_assert_str_eq(send_bytes(QUERY, 1), "");
    for (int process = 0; process < PROCESSES; process++) {
        if (fork() == 0) {
            rules.spool = new_spool();
            for (int i = 0; i < LOGS; i++) {
                if (!send_body(QUERY, NULL, "x")->stored) {
                    _exit(1);
                }
            }
            _exit(0);
        }
    }
    for (int status; wait(&status) > 0;) {
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(count_files("DeviceUpdateLogs/Client/CELog", &last), PROCESSES * LOGS + 1);
    ck_assert_int_eq(all_files(), PROCESSES * LOGS + 1);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("upload");

    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_test(tests, a_raw_log);
    tcase_add_test(tests, nothing_is_replaced);
    tcase_add_test(tests, multipart_in_pieces_of_every_size);
    tcase_add_test(tests, multipart_that_is_cut_off);
    tcase_add_test(tests, an_upload_that_is_given_up);
    tcase_add_test(tests, refusals_leave_nothing);
    tcase_add_test(tests, parts_that_are_too_long);
    tcase_add_test(tests, size_of_a_log);
    tcase_add_test(tests, size_of_the_rest);
    tcase_add_test(tests, G4_quota_of_all);
    tcase_add_test(tests, quota_after_refusals);
    tcase_add_test(tests, quota_counts_what_comes_in);
    tcase_add_test(tests, quota_is_counted_anew_every_minute);
    tcase_add_test(tests, quota_of_a_device);
    tcase_add_test(tests, quota_of_a_device_that_is_named_last);
    tcase_add_test(tests, devices_that_share_an_entry);
    tcase_add_test(tests, quota_of_a_device_is_counted_once_a_minute);
    tcase_add_test(tests, free_space);
    tcase_add_test(tests, stale_files);
    tcase_add_test(tests, links_in_the_directory);
    tcase_add_test(tests, a_store_that_cannot_be_written);
    tcase_add_test(tests, a_disk_that_is_full);
    tcase_add_test(tests, many_at_once);
    return unit_run(tests);
}
