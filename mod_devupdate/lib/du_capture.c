#include "du_capture.h"

#include <string.h>

#include <apr_atomic.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_xlate.h>

#include "du_daylog.h"
#include "du_text.h"

#define SUFFIX       ".request"
#define COMMENTS_MAX 1024 /* bytes of the comments; an address is cut by du_text_for_log() */
#define PERMISSIONS  (APR_FPROT_UREAD | APR_FPROT_UWRITE)

struct du_capture_t {
    const char *directory;
    apr_uint32_t count;
    apr_size_t share;           /* bytes of one file */
    volatile apr_uint32_t next; /* every number before it is taken */
};

du_capture_t *du_capture_make(const char *directory, int count, apr_size_t size, apr_pool_t *pool)
{
    du_capture_t *capture = apr_pcalloc(pool, sizeof(*capture));

    capture->directory = directory;
    capture->count = (apr_uint32_t)count;
    capture->share = size / (apr_size_t)count;
    capture->next = 1;
    return capture;
}

apr_size_t du_capture_room(du_capture_t *capture)
{
    return apr_atomic_read32(&capture->next) <= capture->count ? capture->share : 0;
}

static int is_one_of(const char *name, const char *const *names)
{
    while (*names && !du_text_same(*names, name)) {
        names++;
    }
    return *names != NULL;
}

int du_capture_is_secret(const char *header)
{
    static const char *const names[] = {"Authorization", "Proxy-Authorization", "Cookie", "Cookie2", NULL};

    return is_one_of(header, names);
}

int du_capture_is_own(const char *header)
{
    static const char *const names[] = {"Host", "Connection", "Keep-Alive", "Content-Length", "Transfer-Encoding",
                                        "TE",   "Trailer",    "Upgrade",    "Expect",         "Proxy-Connection",
                                        NULL};

    return is_one_of(header, names);
}

/*
 * Writing
 */

/* A text while it grows, up to its limit. */
typedef struct text_t {
    char *bytes;
    apr_size_t len, limit;
} text_t;

static int add_size(void *baton, const char *name, const char *value)
{
    *(apr_size_t *)baton += strlen(name) + strlen(value) + strlen(": \n");
    return 1;
}

/* An empty text with room for the whole request, as far as the limit allows. */
static text_t make_text(const du_captured_t *request, apr_size_t limit, apr_pool_t *pool)
{
    text_t text = {NULL, 0, limit};
    apr_size_t size =
        COMMENTS_MAX + strlen(request->method) + strlen(request->target) + strlen(" \n\n") + request->len;

    apr_table_do(add_size, &size, request->headers, NULL);
    text.bytes = apr_palloc(pool, size < limit ? size : limit);
    return text;
}

static void add(text_t *text, const char *bytes, apr_size_t len)
{
    apr_size_t room = text->limit - text->len;

    memcpy(text->bytes + text->len, bytes, len < room ? len : room);
    text->len += len < room ? len : room;
}

static int add_header(void *baton, const char *name, const char *value)
{
    text_t *text = baton;

    if (!du_capture_is_secret(name)) {
        add(text, name, strlen(name));
        add(text, ": ", 2);
        add(text, value, strlen(value));
        add(text, "\n", 1);
    }
    return 1;
}

/* Request line and headers with the empty line behind them. */
static void add_head(text_t *text, const du_captured_t *request)
{
    add(text, request->method, strlen(request->method));
    add(text, " ", 1);
    add(text, request->target, strlen(request->target));
    add(text, "\n", 1);
    apr_table_do(add_header, text, request->headers, NULL);
    add(text, "\n", 1);
}

static void compose(text_t *text, const du_captured_t *request, apr_pool_t *pool)
{
    char time[DU_DAYLOG_TIME_SIZE];
    const char *about;
    text_t head = make_text(request, text->limit, pool);

    du_daylog_time(time, request->time);
    about = apr_psprintf(pool, "# captured %s from %s, answered %d\n", time, du_text_for_log(pool, request->address),
                         request->http);
    add_head(&head, request);
    add(text, about, strlen(about));
    if (request->lost || text->len + head.len + request->len > text->limit) {
        about =
            apr_psprintf(pool, "# cut off: it had more than the %" APR_SIZE_T_FMT " bytes of a file\n", text->limit);
        add(text, about, strlen(about));
    }
    add(text, head.bytes, head.len);
    add(text, request->body, request->len);
}

/* Opens the first file that is not there yet. */
static apr_status_t open_next(du_ctx_t *ctx, du_capture_t *capture, apr_uint32_t *number, const char **path,
                              apr_file_t **file)
{
    while ((*number = apr_atomic_read32(&capture->next)) <= capture->count) {
        apr_status_t rv;

        *path = apr_psprintf(ctx->pool, "%s/%04u" SUFFIX, capture->directory, *number);
        rv = apr_file_open(file, *path, APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE | APR_FOPEN_BINARY,
                           PERMISSIONS, ctx->pool);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EEXIST(rv)) {
            return rv;
        }
        apr_atomic_cas32(&capture->next, *number + 1, *number); /* or another thread was faster */
        if (rv == APR_SUCCESS) {
            return rv;
        }
    }
    return DU_E_NOTHING;
}

static apr_status_t write_request(apr_file_t *file, const char *path, apr_size_t limit, const du_captured_t *request,
                                  apr_pool_t *pool)
{
    text_t text = make_text(request, limit, pool);
    apr_status_t rv;

    compose(&text, request, pool);
    rv = apr_file_write_full(file, text.bytes, text.len, NULL);
    apr_file_close(file);
    if (rv != APR_SUCCESS) {
        apr_file_remove(path, pool);
    }
    return rv;
}

apr_status_t du_capture_write(du_ctx_t *ctx, du_capture_t *capture, const du_captured_t *request)
{
    apr_uint32_t number;
    const char *path;
    apr_file_t *file;
    apr_status_t rv = open_next(ctx, capture, &number, &path, &file);

    if (rv == DU_E_NOTHING) {
        return rv;
    }
    if (rv == APR_SUCCESS) {
        rv = write_request(file, path, capture->share, request, ctx->pool);
    }
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0220), "a request cannot be captured to %s: %pm", path, (void *)&rv);
    }
    if (number == capture->count) {
        du_log(ctx, DU_LOG_NOTICE, DUNO(0225), "%s is the last request that is captured", path);
    }
    return APR_SUCCESS;
}

/*
 * Reading
 */

/* A line without its end (LF or CRLF), and the text moved behind it; NULL if no line ends any more. */
static char *next_line(const char **text, apr_size_t *len, apr_pool_t *pool)
{
    const char *end = memchr(*text, '\n', *len);
    apr_size_t size;
    char *line;

    if (!end) {
        return NULL;
    }
    size = (apr_size_t)(end - *text);
    line = apr_pstrmemdup(pool, *text, size > 0 && end[-1] == '\r' ? size - 1 : size);
    *len -= size + 1;
    *text = end + 1;
    return line;
}

#define ENCODING "# encoding:"

/* The request line, after the lines for people. *encoding stays NULL if they name none. */
static apr_status_t read_request_line(du_ctx_t *ctx, const char **text, apr_size_t *len, du_captured_t *request,
                                      const char **encoding)
{
    char *line = next_line(text, len, ctx->pool), *blank;

    for (; line && *line == '#'; line = next_line(text, len, ctx->pool)) {
        if (du_text_begins(line, ENCODING)) {
            *encoding = du_text_trim(line + strlen(ENCODING));
        }
    }
    blank = line ? strchr(line, ' ') : NULL;
    if (!blank || blank == line || (blank[1] != '/' && !du_text_begins(blank + 1, "http"))) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0221), "not a captured request: it has no line \"METHOD /target\"");
    }
    *blank = '\0';
    request->method = line;
    request->target = du_text_trim(blank + 1);
    return APR_SUCCESS;
}

static apr_status_t read_headers(du_ctx_t *ctx, const char **text, apr_size_t *len, du_captured_t *request)
{
    apr_table_t *headers = apr_table_make(ctx->pool, 8);
    char *line;

    while ((line = next_line(text, len, ctx->pool)) != NULL && *line) {
        char *colon = strchr(line, ':');

        if (!colon || colon == line) {
            return du_fail(ctx, DU_E_MALFORMED, DUNO(0222), "not a captured request: \"%s\" is no header",
                           du_text_for_log(ctx->pool, line));
        }
        *colon = '\0';
        apr_table_addn(headers, line, du_text_trim(colon + 1));
    }
    request->headers = headers;
    return line ? APR_SUCCESS
                : du_fail(ctx, DU_E_MALFORMED, DUNO(0223), "not a captured request: no empty line ends its headers");
}

/* From UTF-8 to what a file written by hand asks for. */
static apr_status_t encode_body(du_ctx_t *ctx, const char *encoding, du_captured_t *request)
{
    apr_size_t room = 4 * (request->len + 1), left = room, rest = request->len;
    char *bytes = apr_palloc(ctx->pool, room);
    apr_xlate_t *converter;
    apr_status_t rv = apr_xlate_open(&converter, encoding, "UTF-8", ctx->pool);

    if (rv == APR_SUCCESS) {
        rv = apr_xlate_conv_buffer(converter, request->body, &rest, bytes, &left);
    }
    if (rv != APR_SUCCESS || rest) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0224), "the body cannot be sent in the encoding \"%s\"",
                       du_text_for_log(ctx->pool, encoding));
    }
    request->body = bytes;
    request->len = room - left;
    return APR_SUCCESS;
}

apr_status_t du_capture_read(du_ctx_t *ctx, const char *text, apr_size_t len, du_captured_t *request)
{
    const char *encoding = NULL;
    apr_status_t rv;

    memset(request, 0, sizeof(*request));
    rv = read_request_line(ctx, &text, &len, request, &encoding);
    if (rv == APR_SUCCESS) {
        rv = read_headers(ctx, &text, &len, request);
    }
    request->body = text;
    request->len = len;
    return rv == APR_SUCCESS && encoding ? encode_body(ctx, encoding, request) : rv;
}
