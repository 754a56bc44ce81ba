#include "mod_devupdate.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "du_decide.h"
#include "du_request.h"
#include "du_text.h"

#define FIRST_BUFFER 4096  /* bytes; more than a usual check has */
#define RETRY_AFTER  "60"  /* seconds, while there is no rule set yet */

/* A body while it comes in. */
typedef struct body_t {
    char *bytes;
    apr_size_t len, size, limit;
} body_t;

/* Appends; 0 if the body would be larger than its limit. */
static int append(body_t *body, const char *bytes, apr_size_t len, apr_pool_t *pool)
{
    if (len > body->limit - body->len) {
        return 0;
    }
    if (body->len + len > body->size) {
        char *bigger;

        body->size = 2 * (body->len + len) > FIRST_BUFFER ? 2 * (body->len + len) : FIRST_BUFFER;
        bigger = apr_palloc(pool, body->size);
        if (body->len) {
            memcpy(bigger, body->bytes, body->len);
        }
        body->bytes = bigger;
    }
    memcpy(body->bytes + body->len, bytes, len);
    body->len += len;
    return 1;
}

/* Moves a brigade's data into the body. HTTP status; *is_last when the end came. */
static int take_brigade(request_rec *r, apr_bucket_brigade *bb, body_t *body, int *is_last)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *bytes;
        apr_size_t len;

        if (APR_BUCKET_IS_EOS(b)) {
            *is_last = 1;
            break;
        }
        if (APR_BUCKET_IS_METADATA(b)) {
            continue;
        }
        if (apr_bucket_read(b, &bytes, &len, APR_BLOCK_READ) != APR_SUCCESS) {
            return HTTP_BAD_REQUEST;
        }
        if (!append(body, bytes, len, r->pool)) {
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
    }
    return HTTP_OK;
}

/* A length that is announced is believed before the body comes. */
static int announces_more_than(request_rec *r, apr_size_t limit)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length;

    return text && ap_parse_strict_length(&length, text) && length > (apr_off_t)limit;
}

/* Reads the whole body; HTTP_OK or what is wrong with it. */
static int read_body(request_rec *r, body_t *body)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    int is_last = 0, http;

    body->limit = (apr_size_t)du_conf_max_request_body(r->server);
    http = announces_more_than(r, body->limit) ? HTTP_REQUEST_ENTITY_TOO_LARGE : HTTP_OK;
    while (!is_last && http == HTTP_OK) {
        apr_status_t rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);

        http = rv == APR_SUCCESS ? take_brigade(r, bb, body, &is_last)
                                 : ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        apr_brigade_cleanup(bb);
    }
    return http;
}

/* A failure that clients can provoke: in the log at most once a minute and client. */
static void report_bad_request(du_ctx_t *ctx, request_rec *r, const du_check_t *check)
{
    if (du_throttle_pass(du_conf(r->server)->runtime->throttle, r->useragent_ip, check->time)) {
        du_report(ctx, DU_LOG_WARNING);
    }
}

/* The record goes out before the answer. If it cannot be written, the phone is answered all the same. */
static void record(du_ctx_t *ctx, request_rec *r, const du_check_t *check)
{
    du_node_t *node = du_conf(r->server)->runtime;

    if (node->journal && du_journal_append(ctx, node->journal, check) != APR_SUCCESS &&
        du_throttle_pass(node->throttle, "audit", check->time)) {
        du_report(ctx, DU_LOG_ERROR);
    }
}

static int refuse(du_ctx_t *ctx, request_rec *r, du_check_t *check, du_reason_e reason, int http)
{
    check->decision.result = DU_RESULT_REFUSED;
    check->decision.reason = reason;
    record(ctx, r, check);
    return http;
}

static int refuse_body(du_ctx_t *ctx, request_rec *r, du_check_t *check, int http)
{
    int is_large = http == HTTP_REQUEST_ENTITY_TOO_LARGE;

    if (is_large) {
        du_fail(ctx, DU_E_TOO_LARGE, DUNO(0210), "the body of an update check has more than %d bytes",
                du_conf_max_request_body(r->server));
    } else {
        du_fail(ctx, DU_E_MALFORMED, DUNO(0211), "the body of an update check could not be read");
    }
    report_bad_request(ctx, r, check);
    return refuse(ctx, r, check, is_large ? DU_REASON_TOO_LARGE : DU_REASON_MALFORMED, http);
}

/* Decides, records and sends. The rule set is held until the bytes of the reply are copied. */
static int answer(du_ctx_t *ctx, request_rec *r, du_check_t *check)
{
    du_node_t *node = du_conf(r->server)->runtime;
    const char *reply;
    apr_size_t len;

    check->ruleset = du_current_acquire(node->current);
    if (!check->ruleset) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
        return refuse(ctx, r, check, DU_REASON_NOT_READY, HTTP_SERVICE_UNAVAILABLE);
    }
    check->decision = du_decide(check->ruleset, check->request);
    record(ctx, r, check);
    du_ruleset_reply(check->ruleset, check->decision.image, &reply, &len);
    ap_set_content_type(r, DU_REPLY_MEDIA_TYPE);
    ap_set_content_length(r, (apr_off_t)len);
    ap_rwrite(reply, (int)len, r);
    du_current_release(node->current, check->ruleset);
    return OK;
}

int du_check_handler(request_rec *r, const du_target_t *target)
{
    du_ctx_t *ctx;
    du_check_t check = {.time = r->request_time, .address = r->useragent_ip, .user = r->user};
    du_request_t *request;
    body_t body = {NULL, 0, 0, 0};
    int http;

    if (r->method_number != M_POST) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_POST, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    ctx = du_ctx_for_request(r);
    check.endpoint = target->is_external ? "external" : "internal";
    if (target->is_external && !r->user) {
        return refuse(ctx, r, &check, DU_REASON_UNAUTHENTICATED, du_refuse_anonymous(r));
    }
    http = read_body(r, &body);
    if (http != HTTP_OK) {
        return refuse_body(ctx, r, &check, http);
    }
    if (du_request_parse(ctx, body.bytes, body.len, &request) != APR_SUCCESS) {
        report_bad_request(ctx, r, &check);
        return refuse(ctx, r, &check, DU_REASON_MALFORMED, HTTP_BAD_REQUEST);
    }
    check.request = request;
    return answer(ctx, r, &check);
}
