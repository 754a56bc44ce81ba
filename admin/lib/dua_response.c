#include "dua_response.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <apr_signal.h>
#include <apr_strings.h>

/* Every page: nothing inline, nothing from elsewhere, nobody else's frame, nothing kept. */
static const char *const always[] = {
    ("Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
     "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
    "X-Content-Type-Options: nosniff",
    "Referrer-Policy: same-origin",
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Resource-Policy: same-origin",
    "Cache-Control: no-store",
    "Vary: Accept, Accept-Language, Cookie",
};

static const struct {
    int status;
    const char *words;
} statuses[] = {{200, "OK"},
                {303, "See Other"},
                {400, "Bad Request"},
                {403, "Forbidden"},
                {404, "Not Found"},
                {405, "Method Not Allowed"},
                {406, "Not Acceptable"},
                {409, "Conflict"},
                {411, "Length Required"},
                {413, "Content Too Large"},
                {415, "Unsupported Media Type"},
                {422, "Unprocessable Content"},
                {500, "Internal Server Error"},
                {502, "Bad Gateway"},
                {503, "Service Unavailable"},
                {507, "Insufficient Storage"}};

const char *dua_response_words(int status)
{
    for (apr_size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == status) {
            return statuses[i].words;
        }
    }
    return "Error";
}

void dua_response_make(dua_response_t *response, apr_pool_t *pool)
{
    memset(response, 0, sizeof(*response));
    response->pool = pool;
    response->status = 200;
    response->type = "text/html; charset=utf-8";
    response->body = "";
    response->headers = apr_array_make(pool, 16, sizeof(const char *));
    for (apr_size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        APR_ARRAY_PUSH(response->headers, const char *) = always[i];
    }
}

void dua_response_header(dua_response_t *response, const char *name, const char *value)
{
    for (const char *c = value; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7F) {
            return;
        }
    }
    APR_ARRAY_PUSH(response->headers, const char *) = apr_pstrcat(response->pool, name, ": ", value, NULL);
}

static apr_status_t write_all(const char *data, apr_size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, data, len);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (apr_size_t)n : 0;
    }
    return APR_SUCCESS;
}

/* Each field ends its line. */
static const char *header_lines(const dua_response_t *response)
{
    const char *text = apr_psprintf(response->pool, "Status: %d %s\r\nContent-Type: %s\r\n", response->status,
                                    dua_response_words(response->status), response->type);

    for (int i = 0; i < response->headers->nelts; i++) {
        text = apr_pstrcat(response->pool, text, APR_ARRAY_IDX(response->headers, i, const char *), "\r\n", NULL);
    }
    return apr_pstrcat(response->pool, text, "\r\n", NULL);
}

apr_status_t dua_response_begin(dua_response_t *response)
{
    const char *lines = header_lines(response);

    response->is_begun = 1;
    return write_all(lines, strlen(lines));
}

apr_status_t dua_response_write(dua_response_t *response, const char *data, apr_size_t len)
{
    (void)response;
    return write_all(data, len);
}

apr_status_t dua_response_send(dua_response_t *response)
{
    apr_status_t status;

    dua_response_header(response, "Content-Length", apr_psprintf(response->pool, "%" APR_SIZE_T_FMT, response->len));
    status = dua_response_begin(response);
    return status == APR_SUCCESS ? write_all(response->body, response->len) : status;
}

/*
 * A database that hangs
 */

/* For the signal's handler, which is given nothing and may allocate nothing. */
static const char *last_words;
static int patience;

static void give_up(int signal_number)
{
    (void)signal_number;
    (void)write_all(last_words, strlen(last_words));
    _exit(0);
}

/* A du_waiting_fn. */
static void limit_waiting(void *baton, int begins)
{
    const dua_response_t *response = baton;

    alarm(begins && !response->is_begun ? (unsigned)patience : 0);
}

void dua_response_limit(dua_response_t *response, du_ctx_t *ctx, int seconds, const char *body)
{
    dua_response_t busy = *response;

    busy.status = 503;
    busy.headers = apr_array_copy(response->pool, response->headers);
    dua_response_header(&busy, "Retry-After", "10");
    last_words = apr_pstrcat(response->pool, header_lines(&busy), body, NULL);
    patience = seconds;
    apr_signal(SIGALRM, give_up);
    apr_signal_unblock(SIGALRM); /* a mask is inherited */
    ctx->waiting = limit_waiting;
    ctx->baton = response;
}
