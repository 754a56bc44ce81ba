#include "mod_devupdate.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "du_capture.h"

#define FILTER "DEVUPDATE_CAPTURE"

/* The body of a request as far as somebody has read it. */
struct du_seen_t {
    du_bytes_t bytes;
    apr_size_t room; /* for so many bytes */
    apr_size_t lost; /* bytes there was no room for */
};

static void see(du_seen_t *seen, const char *bytes, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t left = seen->room - seen->bytes.len, taken = len < left ? len : left;

    du_bytes_append(pool, &seen->bytes, bytes, taken);
    seen->lost += len - taken;
}

/* Looks at what passes by. Whether the body is a check or a log, acceptable or not, whoever reads it is not concerned. */
static apr_status_t look(ap_filter_t *filter, apr_bucket_brigade *bb, ap_input_mode_t mode, apr_read_type_e block,
                         apr_off_t readbytes)
{
    apr_status_t rv = ap_get_brigade(filter->next, bb, mode, block, readbytes);

    if (rv != APR_SUCCESS || mode == AP_MODE_SPECULATIVE) {
        return rv;
    }
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *bytes;
        apr_size_t len;

        if (!APR_BUCKET_IS_METADATA(b) && apr_bucket_read(b, &bytes, &len, APR_BLOCK_READ) == APR_SUCCESS) {
            see(filter->ctx, bytes, len, filter->r->pool);
        }
    }
    return rv;
}

/* What this request is captured to; NULL if it is not, or no longer. */
static du_capture_t *capture_of(const request_rec *r, const du_target_t *target)
{
    du_node_t *node = du_conf(r->server)->runtime;

    return target && target->kind == DU_TARGET_CHECK && node->capture && du_capture_room(node->capture)
               ? node->capture
               : NULL;
}

static void begin(request_rec *r)
{
    du_target_t *target = ap_get_module_config(r->request_config, &devupdate_module);
    du_capture_t *capture = capture_of(r, target);

    if (capture && !target->seen) {
        target->seen = apr_pcalloc(r->pool, sizeof(*target->seen));
        target->seen->room = du_capture_room(capture);
        ap_add_input_filter(FILTER, target->seen, r, r->connection);
    }
}

/* When all is said and done, so that neither answer nor audit line wait for the disk. */
static int keep(request_rec *r)
{
    const du_target_t *target = du_target(r);
    du_capture_t *capture = capture_of(r, target);
    const char *line = r->the_request;
    du_captured_t request = {
        .time = r->request_time, .address = r->useragent_ip, .headers = r->headers_in, .body = ""};
    du_ctx_t *ctx;
    apr_status_t rv;

    if (!capture) {
        return DECLINED;
    }
    ctx = du_ctx_for_request(r);
    request.http = r->status;
    request.method = ap_getword_white(r->pool, &line);
    request.target = ap_getword_white(r->pool, &line);
    if (target->seen && target->seen->bytes.len) {
        request.body = target->seen->bytes.data;
        request.len = target->seen->bytes.len;
        request.lost = target->seen->lost;
    }
    rv = du_capture_write(ctx, capture, &request);
    if (rv != APR_SUCCESS && rv != DU_E_NOTHING &&
        du_throttle_pass(du_conf(r->server)->runtime->throttle, "capture", r->request_time)) {
        du_report(ctx, DU_LOG_WARNING);
    }
    return OK;
}

void du_capture_register(void)
{
    ap_register_input_filter(FILTER, look, NULL, AP_FTYPE_RESOURCE);
    ap_hook_insert_filter(begin, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_log_transaction(keep, NULL, NULL, APR_HOOK_LAST);
}
