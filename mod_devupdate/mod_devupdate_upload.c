#include "mod_devupdate.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>

#include "du_multipart.h"
#include "du_setting.h"
#include "du_text.h"
#include "du_upload.h"

/* An upload while it is being served. */
typedef struct transfer_t {
    du_ctx_t *ctx;
    request_rec *r;
    int is_external;
    const char *user; /* NULL as long as it is not authenticated */
    du_upload_rules_t rules;
    du_upload_identity_t identity; /* what query string and headers name */
    du_upload_t *upload;
    du_upload_reason_e reason; /* why a piece of the body was refused */
} transfer_t;

/*
 * Recognising
 */

/* For apr_table_do(). */
typedef struct reader_t {
    du_ctx_t *ctx;
    du_upload_identity_t *identity;
} reader_t;

static int take_header(void *baton, const char *name, const char *value)
{
    reader_t *reader = baton;

    du_upload_take(reader->ctx, reader->identity, name, value);
    return 1;
}

/* Query string first, then headers. DU_E_MALFORMED for a query string that is not acceptable. */
static apr_status_t read_identity(du_ctx_t *ctx, request_rec *r, du_upload_identity_t *identity)
{
    reader_t reader = {ctx, identity};
    apr_status_t rv = du_upload_take_query(ctx, identity, r->args);

    apr_table_do(take_header, &reader, r->headers_in, NULL);
    return rv;
}

/* By what the request carries, because URL and method are those of a check (protocol.md 5.2). The rest is only looked at if
 * the body is neither, so a check pays for two comparisons. */
int du_upload_is(request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");
    du_upload_identity_t identity = {.names = du_conf(r->server)->runtime->upload_names};

    if (du_multipart_is(type) || du_upload_is_xml(type)) {
        return du_multipart_is(type);
    }
    read_identity(du_ctx_make(r->pool), r, &identity);
    return du_upload_names_log(&identity);
}

/*
 * The end: one record, whatever came
 */

/* What clients can provoke is in the log once a minute and client, what is wrong with us once a minute. */
static void report(const transfer_t *transfer, int http)
{
    du_throttle_t *throttle = du_conf(transfer->r->server)->runtime->throttle;
    int is_ours = ap_is_HTTP_SERVER_ERROR(http);

    if (transfer->ctx->failure.id &&
        du_throttle_pass(throttle, is_ours ? "upload" : transfer->r->useragent_ip, transfer->r->request_time)) {
        du_report(transfer->ctx, is_ours ? DU_LOG_ERROR : DU_LOG_WARNING);
    }
}

/* The record goes out before the answer. */
static int record(transfer_t *transfer, int http)
{
    request_rec *r = transfer->r;
    du_node_t *node = du_conf(r->server)->runtime;
    du_upload_record_t line = {.time = r->request_time, .address = r->useragent_ip, .user = transfer->user};
    int is_written;

    report(transfer, http);
    line.endpoint = transfer->is_external ? "external" : "internal";
    line.http = http == AP_FILTER_ERROR ? r->status : http;
    du_upload_record(transfer->upload, &line);
    is_written = node->journal && du_journal_upload(transfer->ctx, node->journal, &line) == APR_SUCCESS;
    du_stats_upload(node->stats, transfer->is_external, http == HTTP_OK, line.size);
    du_node_recorded(transfer->ctx, node, DU_SERIES_UPLOADS, is_written, line.time);
    return http;
}

static int http_of(du_upload_reason_e reason)
{
    return du_error_http(du_upload_reason_status(reason));
}

static int refuse(transfer_t *transfer, du_upload_reason_e reason, int http)
{
    du_upload_refuse(transfer->upload, reason);
    return record(transfer, http);
}

/*
 * The body
 */

/* If a filter decodes the body, it has taken this header off by the time the first piece comes. */
static int is_encoded(request_rec *r)
{
    const char *encoding = apr_table_get(r->headers_in, "Content-Encoding");

    return encoding && !du_text_same(encoding, "identity");
}

static du_upload_reason_e refuse_encoded(transfer_t *transfer)
{
    du_fail(transfer->ctx, DU_E_LOG_KIND, DUNO(0441), "the body of a log upload is compressed or encoded");
    return du_upload_refuse(transfer->upload, DU_UPLOAD_ENCODED);
}

static int take_piece(void *baton, const char *bytes, apr_size_t len)
{
    transfer_t *transfer = baton;

    transfer->reason =
        is_encoded(transfer->r) ? refuse_encoded(transfer) : du_upload_feed(transfer->upload, bytes, len);
    return http_of(transfer->reason);
}

/* Takes the body piece by piece, so that memory does not depend on its length. */
static int receive(transfer_t *transfer)
{
    int http = du_body_read(transfer->r, take_piece, transfer);

    if (http == HTTP_OK) {
        return record(transfer, http_of(du_upload_finish(transfer->upload)));
    }
    if (transfer->reason == DU_UPLOAD_ACCEPTED) {
        du_fail(transfer->ctx, DU_E_MALFORMED, DUNO(0440), "the body of a log upload could not be read");
        return refuse(transfer, DU_UPLOAD_INCOMPLETE, http);
    }
    return record(transfer, http);
}

/*
 * The request
 */

/* The lists of the rule set that is in force when the request comes. */
static void take_lists(request_rec *r, const du_node_t *node, du_upload_rules_t *rules)
{
    const du_ruleset_t *ruleset = du_current_acquire(node->current);
    du_settings_t settings;

    du_ruleset_settings(ruleset, &settings);
    rules->types = apr_pstrdup(r->pool, du_setting_text(&settings, DU_SET_VALID_LOG_TYPES));
    rules->extensions = apr_pstrdup(r->pool, du_setting_text(&settings, DU_SET_VALID_LOG_EXTENSIONS));
    du_current_release(node->current, ruleset);
}

/* A transfer of which nothing has been read yet. The identity is read by who needs it. */
static transfer_t *make_transfer(request_rec *r, const du_target_t *target)
{
    transfer_t *transfer = apr_pcalloc(r->pool, sizeof(*transfer));

    transfer->r = r;
    transfer->ctx = du_ctx_for_request(r);
    transfer->is_external = target->is_external;
    transfer->rules.spool = du_conf(r->server)->runtime->spool;
    transfer->rules.max_size = du_conf_max_upload(r->server);
    take_lists(r, du_conf(r->server)->runtime, &transfer->rules);
    transfer->identity.names = du_conf(r->server)->runtime->upload_names;
    transfer->upload = du_upload_make(transfer->ctx, &transfer->rules, &transfer->identity);
    return transfer;
}

int du_upload_handler(request_rec *r, const du_target_t *target)
{
    transfer_t *transfer = make_transfer(r, target);
    du_upload_reason_e reason;
    int http;

    transfer->user = r->user;
    if (read_identity(transfer->ctx, r, &transfer->identity) != APR_SUCCESS) {
        return refuse(transfer, DU_UPLOAD_BAD_FORM, HTTP_BAD_REQUEST);
    }
    if (transfer->is_external && !r->user) {
        return refuse(transfer, DU_UPLOAD_UNAUTHENTICATED, du_refuse_anonymous(r));
    }
    reason = du_upload_begin(transfer->upload, apr_table_get(r->headers_in, "Content-Type"), du_body_length(r));
    http = reason == DU_UPLOAD_ACCEPTED ? receive(transfer) : record(transfer, http_of(reason));
    if (http == HTTP_OK) {
        ap_set_content_length(r, 0);
        return OK;
    }
    return http;
}

/* Whoever it claims to be has not been found right, so that is not on record. */
void du_upload_record_refusal(request_rec *r, const du_target_t *target)
{
    transfer_t *transfer = make_transfer(r, target);

    read_identity(transfer->ctx, r, &transfer->identity);
    refuse(transfer, du_is_anonymous(r, target) ? DU_UPLOAD_UNAUTHENTICATED : DU_UPLOAD_FORBIDDEN, r->status);
}
