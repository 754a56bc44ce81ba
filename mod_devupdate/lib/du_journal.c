#include "du_journal.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "du_file.h"
#include "du_text.h"

/* The literal names are protocol.md 6.1's; from "Endpoint" on they are ours. */
#define HEADER                                                                                                      \
    "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,"        \
    "Request Modules,Response Modules,User ID,Endpoint,Result,Reason\n"

#define LINE_END "\n"
#define DAY_SIZE sizeof("yyyy-mm-dd")

struct du_journal_t {
    const char *files;         /* the file store */
    const char *base;          /* path of an audit file up to the day */
    apr_pool_t *pool;          /* of the open file; cleared with every new day */
    apr_thread_mutex_t *mutex; /* guards everything below, and the pool */
    apr_file_t *file;          /* NULL if none is open */
    char day[DAY_SIZE];        /* of `file` */
    int is_cut;                /* the last line in `file` is not whole */
};

apr_status_t du_journal_open(du_ctx_t *ctx, const char *files, const char *node, apr_pool_t *pool,
                             du_journal_t **journal)
{
    du_journal_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0901), "no mutex for the audit file: %pm", (void *)&rv);
    }
    made->files = apr_pstrdup(pool, files);
    made->base = apr_pstrcat(pool, files, "/" DU_JOURNAL_DIR "/RequestHandlerAuditLog_", node, "_", NULL);
    apr_pool_create(&made->pool, pool);
    *journal = made;
    return APR_SUCCESS;
}

/*
 * The line
 */

/* A growing line. */
typedef struct line_t {
    char *text;
    apr_size_t len, size;
    apr_pool_t *pool;
} line_t;

static char *reserve(line_t *line, apr_size_t more)
{
    if (line->len + more > line->size) {
        char *bigger;

        line->size = 2 * (line->len + more);
        bigger = apr_palloc(line->pool, line->size);
        if (line->len) {
            memcpy(bigger, line->text, line->len);
        }
        line->text = bigger;
    }
    return line->text + line->len;
}

static void put(line_t *line, const char *text, apr_size_t len)
{
    memcpy(reserve(line, len), text, len);
    line->len += len;
}

static void put_char(line_t *line, char c)
{
    put(line, &c, 1);
}

/* A text that a spreadsheet would take for a formula gets an apostrophe before it. */
static int looks_like_formula(const char *text)
{
    return *text && strchr("=+-@\t\r", *text) != NULL;
}

/* One cell, quoted where RFC 4180 wants it. Other control characters would break lines in viewers and become spaces. */
static void put_cell(line_t *line, const char *text, apr_size_t len)
{
    apr_size_t plain = strcspn(text, ",\"\r\n");
    int quoted = plain < len || looks_like_formula(text);
    char *to = reserve(line, 2 * len + 3), *start = to;

    if (quoted) {
        *to++ = '"';
    }
    if (looks_like_formula(text)) {
        *to++ = '\'';
    }
    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"') {
            *to++ = '"';
        }
        *to++ = c < ' ' || c == 0x7F ? ' ' : (char)c;
    }
    if (quoted) {
        *to++ = '"';
    }
    line->len += (apr_size_t)(to - start);
}

static void put_column(line_t *line, const char *text)
{
    put_char(line, ',');
    if (text) {
        put_cell(line, text, strlen(text));
    }
}

/* A field of a module: its separators are taken out of what a device sends. */
static void put_field(line_t *modules, const char *text)
{
    for (; text && *text; text++) {
        put_char(modules, *text == ';' || *text == '#' ? '_' : *text);
    }
}

/* Filename;Version;Timestamp, modules separated by '#' */
static void put_request_modules(line_t *line, const du_request_t *request)
{
    line_t modules = {.pool = line->pool};

    for (int i = 0; i < request->nmodules; i++) {
        const du_module_t *module = &request->modules[i];

        if (i) {
            put_char(&modules, '#');
        }
        put_field(&modules, module->filename);
        put_char(&modules, ';');
        put_field(&modules, module->version);
        put_char(&modules, ';');
        put_field(&modules, module->timestamp);
    }
    put_char(&modules, '\0');
    put_column(line, modules.text);
}

/* Filename;Signature Filename;Version;Timestamp, modules separated by '#' */
static void put_response_modules(line_t *line, const du_ruleset_t *ruleset, const du_rs_image_t *image)
{
    line_t modules = {.pool = line->pool};
    const char *name, *signature, *timestamp;

    for (int i = 0; image && du_ruleset_image_file(ruleset, image, i, &name, &signature, &timestamp); i++) {
        if (i) {
            put_char(&modules, '#');
        }
        put_field(&modules, name);
        put_char(&modules, ';');
        put_field(&modules, signature);
        put_char(&modules, ';');
        put_field(&modules, du_ruleset_version(ruleset, image));
        put_char(&modules, ';');
        put_field(&modules, timestamp);
    }
    put_char(&modules, '\0');
    put_column(line, modules.text);
}

static void put_two(char *to, int number)
{
    to[0] = (char)('0' + number / 10);
    to[1] = (char)('0' + number % 10);
}

/* "yyyy-mm-dd hh:mm:ss" in UTC; the first DAY_SIZE - 1 characters are the day. Sortable as text (protocol.md 6.1). */
static void put_time(char *to, apr_time_t when)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, when);
    put_two(to, (t.tm_year + 1900) / 100);
    put_two(to + 2, (t.tm_year + 1900) % 100);
    put_two(to + 5, t.tm_mon + 1);
    put_two(to + 8, t.tm_mday);
    put_two(to + 11, t.tm_hour);
    put_two(to + 14, t.tm_min);
    put_two(to + 17, t.tm_sec);
    to[4] = to[7] = '-';
    to[10] = ' ';
    to[13] = to[16] = ':';
    to[19] = '\0';
}

const char *du_journal_line(apr_pool_t *pool, const du_check_t *check, apr_size_t *len)
{
    static const du_request_t nobody;
    const du_request_t *request = check->request ? check->request : &nobody;
    line_t line = {.pool = pool};

    put_time(reserve(&line, 512), check->time);
    line.len = sizeof("yyyy-mm-dd hh:mm:ss") - 1;
    put_column(&line, check->address);
    put_column(&line, request->key.type);
    put_column(&line, request->mac);
    put_column(&line, request->serial);
    put_column(&line, request->key.brand);
    put_column(&line, request->key.model);
    put_column(&line, request->key.revision);
    put_column(&line, request->key.locale);
    put_request_modules(&line, request);
    put_response_modules(&line, check->ruleset, check->decision.image);
    put_column(&line, request->user ? request->user : check->user);
    put_column(&line, check->endpoint);
    put_column(&line, du_result_word(check->decision.result));
    put_column(&line, du_reason_word(check->decision.reason));
    put(&line, LINE_END, sizeof(LINE_END) - 1);
    *len = line.len;
    return line.text;
}

/*
 * The file
 */

/* Makes the day's file with its header under a name of our own and links it to its place: whoever comes first wins, and
 * nobody ever sees it without a header. */
static apr_status_t make_file(const char *files, const char *path, apr_pool_t *pool)
{
    const char *own = apr_psprintf(pool, "%s.%ld.tmp", path, (long)getpid());
    apr_status_t rv = du_file_make_dirs(files, DU_JOURNAL_DIR, pool);

    apr_file_remove(own, pool);
    if (rv == APR_SUCCESS) {
        rv = du_file_create(own, HEADER, sizeof(HEADER) - 1, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_link(own, path);
    }
    apr_file_remove(own, pool);
    return APR_STATUS_IS_EEXIST(rv) ? APR_SUCCESS : rv;
}

/* 1 if the file does not end with a line end: whoever wrote last was cut off. */
static int ends_cut(apr_file_t *file)
{
    apr_off_t last = -1;
    char c = '\0';

    return apr_file_seek(file, APR_END, &last) == APR_SUCCESS && apr_file_getc(&c, file) == APR_SUCCESS && c != '\n';
}

static apr_status_t open_day(du_journal_t *journal, const char *day)
{
    const apr_int32_t flags = APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_APPEND | APR_FOPEN_BINARY;
    const char *path;
    apr_status_t rv;

    apr_pool_clear(journal->pool);
    journal->file = NULL;
    path = apr_pstrcat(journal->pool, journal->base, day, ".log", NULL);
    rv = apr_file_open(&journal->file, path, flags, APR_FPROT_OS_DEFAULT, journal->pool);
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = make_file(journal->files, path, journal->pool);
        if (rv == APR_SUCCESS) {
            rv = apr_file_open(&journal->file, path, flags, APR_FPROT_OS_DEFAULT, journal->pool);
        }
    }
    if (rv != APR_SUCCESS) {
        journal->file = NULL;
        return rv;
    }
    apr_cpystrn(journal->day, day, DAY_SIZE);
    journal->is_cut = ends_cut(journal->file);
    return APR_SUCCESS;
}

/* One write(). After a line that was cut off (disk full) the next one is preceded by a line end, so that only the cut
 * line is damaged. */
static apr_status_t write_line(du_journal_t *journal, const char *line, apr_size_t len)
{
    apr_size_t ended = 0, written;
    apr_status_t rv = APR_SUCCESS;

    if (journal->is_cut) {
        rv = apr_file_write_full(journal->file, LINE_END, sizeof(LINE_END) - 1, &ended);
        journal->is_cut = rv != APR_SUCCESS;
    }
    written = len;
    if (rv == APR_SUCCESS) {
        rv = apr_file_write(journal->file, line, &written);
        journal->is_cut = written > 0 && written < len;
    }
    return rv == APR_SUCCESS && journal->is_cut ? APR_ENOSPC : rv;
}

apr_status_t du_journal_append(du_ctx_t *ctx, du_journal_t *journal, const du_check_t *check)
{
    char day[DAY_SIZE];
    apr_size_t len;
    const char *line = du_journal_line(ctx->pool, check, &len);
    apr_status_t rv = APR_SUCCESS;

    apr_cpystrn(day, line, DAY_SIZE);
    apr_thread_mutex_lock(journal->mutex);
    if (!journal->file || strcmp(journal->day, day) != 0) {
        rv = open_day(journal, day);
    }
    if (rv == APR_SUCCESS) {
        rv = write_line(journal, line, len);
    }
    apr_thread_mutex_unlock(journal->mutex);
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0902), "the audit file %s%s.log cannot be written: %pm", journal->base, day,
                       (void *)&rv);
    }
    return APR_SUCCESS;
}
