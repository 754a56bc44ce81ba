#include "du_journal.h"

#include <string.h>

#include <apr_strings.h>

#include "du_csv.h"
#include "du_daylog.h"
#include "du_text.h"

#define TIME_COLUMN "Logging DateTime" /* the first one of each file, as in DU_CHECK_COLUMNS */

/* The comma before the first name is left out where the header is used. */
#define COLUMN(id, name) "," name
static const char check_header[] = DU_CHECK_COLUMNS(COLUMN) "\n";
#undef COLUMN

/* The other two files have no model in the original service, and names that say so. */
#define DOWNLOAD_HEADER                                                                                              \
    TIME_COLUMN ",User Host Address,Endpoint,Path,Status,Bytes Sent,Size,Complete,Duration ms,User\n"
#define UPLOAD_HEADER                                                                                                \
    TIME_COLUMN                                                                                                      \
    ",User Host Address,Endpoint,Type,Mac Address,Serial Number,Device File Name,Stored File,Size,Status,"           \
    "Result,Reason,User\n"

struct du_journal_t {
    du_daylog_t *checks, *downloads, *uploads;
};

/* X(member, directory, name up to the node, header) */
#define SERIES(X)                                                                                                    \
    X(checks, DU_JOURNAL_DIR, DU_JOURNAL_CHECKS, check_header + 1)                                                   \
    X(downloads, DU_JOURNAL_DOWNLOAD, DU_JOURNAL_DOWNLOAD_NAME, DOWNLOAD_HEADER)                                     \
    X(uploads, DU_JOURNAL_UPLOAD, DU_JOURNAL_UPLOAD_NAME, UPLOAD_HEADER)

static apr_status_t open_series(const char *files, const char *directory, const char *name, const char *header,
                                apr_off_t max_size, apr_pool_t *pool, du_daylog_t **log)
{
    du_daylog_form_t *form = apr_palloc(pool, sizeof(*form));

    *form = (du_daylog_form_t){directory, name, DU_JOURNAL_SUFFIX, header};
    return du_daylog_make(files, form, max_size, pool, log);
}

apr_status_t du_journal_open(du_ctx_t *ctx, const char *files, const char *node, apr_off_t max_size, apr_pool_t *pool,
                             du_journal_t **journal)
{
    du_journal_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv = APR_SUCCESS;

#define OPEN_SERIES(member, directory, name, header)                                                                 \
    if (rv == APR_SUCCESS) {                                                                                         \
        rv = open_series(files, directory, apr_pstrcat(pool, name, node, NULL), header, max_size, pool,              \
                         &made->member);                                                                             \
    }
    SERIES(OPEN_SERIES)
#undef OPEN_SERIES
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0901), "no mutex for the audit files: %pm", (void *)&rv);
    }
    *journal = made;
    return APR_SUCCESS;
}

void du_journal_limit(du_journal_t *journal, apr_off_t max_size)
{
#define LIMIT_SERIES(member, directory, name, header) du_daylog_limit(journal->member, max_size);
    SERIES(LIMIT_SERIES)
#undef LIMIT_SERIES
}

/*
 * Lines
 */

#define USUAL_SIZE 512 /* of a line, in bytes; longer ones grow */

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

static void put_char(line_t *line, char c)
{
    *reserve(line, 1) = c;
    line->len++;
}

static int is_plain(unsigned char c)
{
    return c >= ' ' && c != ',' && c != '"' && c != 0x7F;
}

/* One cell, quoted where RFC 4180 wants it. Control characters would break lines in viewers and become question marks: no name
 * of a rule has one (du_text_is_segment()), so that a record matches the rules that its phone matched, and no others. */
static void put_unusual_cell(line_t *line, const char *text, apr_size_t len)
{
    apr_size_t plain = strcspn(text, ",\"");
    int is_marked = du_csv_is_marked(text), quoted = plain < len || is_marked;
    char *to = reserve(line, 2 * len + 3), *start = to;

    if (quoted) {
        *to++ = '"';
    }
    if (is_marked) {
        *to++ = '\'';
    }
    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"') {
            *to++ = '"';
        }
        *to++ = c < ' ' || c == 0x7F ? '?' : (char)c;
    }
    if (quoted) {
        *to++ = '"';
    }
    line->len += (apr_size_t)(to - start);
}

/* Most cells have nothing in them that needs care; a check has fifteen, so it is worth the look. */
static void put_cell(line_t *line, const char *text, apr_size_t len)
{
    apr_size_t plain = 0;

    while (plain < len && is_plain((unsigned char)text[plain])) {
        plain++;
    }
    if (plain < len || *text == '\'' || du_csv_is_formula(*text)) {
        put_unusual_cell(line, text, len);
    } else {
        memcpy(reserve(line, len), text, len);
        line->len += len;
    }
}

/* The first column. */
static void put_time(line_t *line, apr_time_t when)
{
    du_daylog_time(reserve(line, USUAL_SIZE), when);
    line->len = DU_DAYLOG_TIME_SIZE - 1;
}

static void put_column(line_t *line, const char *text)
{
    put_char(line, ',');
    if (text) {
        put_cell(line, text, strlen(text));
    }
}

static void put_number(line_t *line, apr_int64_t number)
{
    put_column(line, apr_psprintf(line->pool, "%" APR_INT64_T_FMT, number));
}

static void put_end(line_t *line)
{
    put_char(line, '\n');
}

/* A field of a module: its separators are taken out of what a device sends, for what no image has in a name. */
static void put_field(line_t *modules, const char *text)
{
    apr_size_t len = text ? strlen(text) : 0;
    char *to = reserve(modules, len);

    for (apr_size_t i = 0; i < len; i++) {
        to[i] = text[i] == ';' || text[i] == '#' ? '?' : text[i];
    }
    modules->len += len;
}

/* Filename;Version;Timestamp, modules separated by '#' */
static void put_request_modules(line_t *line, const du_request_t *request)
{
    line_t modules = {.pool = line->pool};

    reserve(&modules, USUAL_SIZE);
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

    reserve(&modules, USUAL_SIZE);
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

const char *du_journal_line(apr_pool_t *pool, const du_check_t *check, apr_size_t *len)
{
    static const du_request_t nobody;
    const du_request_t *request = check->request ? check->request : &nobody;
    line_t line = {.pool = pool};

    put_time(&line, check->time);
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
    put_end(&line);
    *len = line.len;
    return line.text;
}

static const char *download_line(apr_pool_t *pool, const du_download_t *download, apr_size_t *len)
{
    line_t line = {.pool = pool};

    put_time(&line, download->time);
    put_column(&line, download->address);
    put_column(&line, download->endpoint);
    put_column(&line, download->path);
    put_number(&line, download->http);
    put_number(&line, download->sent);
    put_number(&line, download->size);
    put_column(&line, download->is_complete ? "yes" : "no");
    put_number(&line, apr_time_as_msec(download->duration));
    put_column(&line, download->user);
    put_end(&line);
    *len = line.len;
    return line.text;
}

static const char *upload_line(apr_pool_t *pool, const du_upload_record_t *upload, apr_size_t *len)
{
    line_t line = {.pool = pool};

    put_time(&line, upload->time);
    put_column(&line, upload->address);
    put_column(&line, upload->endpoint);
    put_column(&line, upload->type);
    put_column(&line, upload->mac);
    put_column(&line, upload->serial);
    put_column(&line, upload->device_name);
    put_column(&line, upload->stored);
    put_number(&line, upload->size);
    put_number(&line, upload->http);
    put_column(&line, upload->result);
    put_column(&line, upload->reason);
    put_column(&line, upload->user);
    put_end(&line);
    *len = line.len;
    return line.text;
}

/*
 * Appending
 */

/* The day is what the line begins with. */
static apr_status_t append(du_ctx_t *ctx, du_daylog_t *log, const char *line, apr_size_t len)
{
    char day[DU_DAYLOG_DAY_SIZE];
    const char *path;
    apr_status_t rv;

    apr_cpystrn(day, line, sizeof(day));
    rv = du_daylog_append(log, day, line, len, ctx->pool, &path);
    return rv == APR_SUCCESS ? rv : du_fail(ctx, rv, DUNO(0902), "%s cannot be written: %pm", path, (void *)&rv);
}

apr_status_t du_journal_append(du_ctx_t *ctx, du_journal_t *journal, const du_check_t *check)
{
    apr_size_t len;
    const char *line = du_journal_line(ctx->pool, check, &len);

    return append(ctx, journal->checks, line, len);
}

apr_status_t du_journal_download(du_ctx_t *ctx, du_journal_t *journal, const du_download_t *download)
{
    apr_size_t len;
    const char *line = download_line(ctx->pool, download, &len);

    return append(ctx, journal->downloads, line, len);
}

apr_status_t du_journal_upload(du_ctx_t *ctx, du_journal_t *journal, const du_upload_record_t *upload)
{
    apr_size_t len;
    const char *line = upload_line(ctx->pool, upload, &len);

    return append(ctx, journal->uploads, line, len);
}

apr_status_t du_journal_position(du_journal_t *journal, du_series_e series, apr_time_t when, apr_pool_t *pool,
                                 int *number, apr_off_t *size)
{
    du_daylog_t *const logs[DU_SERIES] = {
        [DU_SERIES_CHECKS] = journal->checks,
        [DU_SERIES_DOWNLOADS] = journal->downloads,
        [DU_SERIES_UPLOADS] = journal->uploads,
    };
    char day[DU_DAYLOG_TIME_SIZE];

    du_daylog_time(day, when);
    day[DU_DAYLOG_DAY_SIZE - 1] = '\0';
    return du_daylog_position(logs[series], day, pool, number, size);
}
