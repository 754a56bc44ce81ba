#include "mod_devupdate.h"

#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "du_decide.h"
#include "du_request.h"
#include "du_text.h"

#define RETRY_AFTER "60" /* seconds, while there is no rule set yet */

/* A body while it comes in. */
typedef struct body_t {
    du_bytes_t bytes;
    apr_size_t limit;
    apr_pool_t *pool;
} body_t;

static int append(void *baton, const char *bytes, apr_size_t len)
{
    body_t *body = baton;

    if (len > body->limit - body->bytes.len) {
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    du_bytes_append(body->pool, &body->bytes, bytes, len);
    return HTTP_OK;
}

/* Reads the whole body; HTTP_OK or what is wrong with it. A length that is announced is believed before the body comes. */
static int read_body(request_rec *r, body_t *body)
{
    body->pool = r->pool;
    body->limit = (apr_size_t)du_conf_max_request_body(r->server);
    return du_body_length(r) > (apr_off_t)body->limit ? HTTP_REQUEST_ENTITY_TOO_LARGE : du_body_read(r, append, body);
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
    int is_written = node->journal && du_journal_append(ctx, node->journal, check) == APR_SUCCESS;

    du_stats_check(node->stats, du_target(r)->is_external, &check->decision);
    du_node_recorded(ctx, node, DU_SERIES_CHECKS, is_written, check->time);
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
        du_fail(ctx, DU_E_TOO_LARGE, DUNO(0210),
                "the body of an update check has more than %" APR_INT64_T_FMT " bytes",
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
    const du_key_t *key = &check->request->key;
    const char *reply;
    apr_size_t len;
    int dialect;
    du_address_t address;
    int is_known = du_address_parse(r->useragent_ip, &address);

    check->ruleset = du_current_acquire(node->current);
    if (!check->ruleset) {
        apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
        return refuse(ctx, r, check, DU_REASON_NOT_READY, HTTP_SERVICE_UNAVAILABLE);
    }
    check->decision = du_decide(check->ruleset, check->request, is_known ? &address : NULL);
    record(ctx, r, check);
    dialect = du_ruleset_dialect(check->ruleset, key->type, key->brand, apr_table_get(r->headers_in, "User-Agent"));
    du_ruleset_reply(check->ruleset, check->decision.image, dialect, &reply, &len);
    ap_set_content_type(r, apr_pstrdup(r->pool, du_ruleset_media_type(check->ruleset, dialect)));
    ap_set_content_length(r, (apr_off_t)len);
    ap_rwrite(reply, (int)len, r);
    du_current_release(node->current, check->ruleset);
    return OK;
}

static const char *endpoint(const du_target_t *target)
{
    return target->is_external ? "external" : "internal";
}

int du_check_handler(request_rec *r, const du_target_t *target)
{
    du_ctx_t *ctx;
    du_check_t check = {.time = r->request_time, .address = r->useragent_ip, .user = r->user};
    du_request_t *request;
    body_t body = {{NULL, 0, 0}, 0, NULL};
    int http;

    if (r->method_number != M_POST) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_POST, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    ctx = du_ctx_for_request(r);
    check.endpoint = endpoint(target);
    if (target->is_external && !r->user) {
        return refuse(ctx, r, &check, DU_REASON_UNAUTHENTICATED, du_refuse_anonymous(r));
    }
    http = read_body(r, &body);
    if (http != HTTP_OK) {
        return refuse_body(ctx, r, &check, http);
    }
    if (du_request_parse(ctx, du_conf(r->server)->runtime->names, body.bytes.data, body.bytes.len, &request) !=
        APR_SUCCESS) {
        report_bad_request(ctx, r, &check);
        return refuse(ctx, r, &check, DU_REASON_MALFORMED, HTTP_BAD_REQUEST);
    }
    check.request = request;
    return answer(ctx, r, &check);
}

/* Only now is it known how the request ended, so the answer has left already. The user is what a client claims to be until
 * httpd has found the password right; such a name does not belong on record. */
void du_check_record_refusal(request_rec *r, const du_target_t *target)
{
    du_check_t check = {.time = r->request_time, .address = r->useragent_ip};

    if (!target->is_post || target->is_handled || (r->status != HTTP_UNAUTHORIZED && r->status != HTTP_FORBIDDEN)) {
        return;
    }
    if (du_upload_is(r)) {
        du_upload_record_refusal(r, target);
        return;
    }
    check.endpoint = endpoint(target);
    refuse(du_ctx_for_request(r), r, &check,
           du_is_anonymous(r, target) ? DU_REASON_UNAUTHENTICATED : DU_REASON_FORBIDDEN, r->status);
}
