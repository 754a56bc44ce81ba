#include "mod_devupdate.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

/* Looks the rest of the URL up in the rule set and says where the file is; the disk is not asked. The digest is the
 * request's own, because the rule set may be gone before the file is sent. */
static apr_status_t look_up(request_rec *r, const du_target_t *target, const unsigned char **digest)
{
    du_node_t *node = du_conf(r->server)->runtime;
    const du_ruleset_t *ruleset = du_current_acquire(node->current);
    du_rs_file_t file;
    apr_status_t rv = ruleset ? du_ruleset_file(ruleset, target->rest, r->pool, &file) : DU_E_RULESET;

    if (rv == APR_SUCCESS) {
        *digest = apr_pmemdup(r->pool, file.digest, DU_DIGEST_SIZE);
        r->filename = apr_pstrcat(r->pool, du_conf_files(r->server), "/", file.path, NULL);
    }
    du_current_release(node->current, ruleset);
    return rv;
}

/* A rule names the file, so it must be there. If not, that is said once a minute: every phone of the model will ask. */
static apr_status_t stat_file(request_rec *r)
{
    apr_status_t rv = apr_stat(&r->finfo, r->filename, APR_FINFO_MIN | APR_FINFO_LINK, r->pool);

    if ((rv == APR_SUCCESS || rv == APR_INCOMPLETE) && r->finfo.filetype == APR_REG) {
        return APR_SUCCESS;
    }
    rv = rv == APR_SUCCESS ? APR_ENOENT : rv;
    if (du_throttle_pass(du_conf(r->server)->runtime->throttle, r->filename, r->request_time)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, r, DUNO(0301) ": a rule names %s, but it cannot be read",
                      r->filename);
    }
    return rv;
}

/* RFC 9530: the digest is the whole file's, whatever part of it is sent. */
static void set_headers(request_rec *r, const unsigned char *digest)
{
    const char *text = apr_pencode_base64_binary(r->pool, digest, DU_DIGEST_SIZE, APR_ENCODE_NONE, NULL);

    apr_table_setn(r->headers_out, "Repr-Digest", apr_pstrcat(r->pool, "sha-256=:", text, ":", NULL));
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    if (!r->content_type) {
        ap_set_content_type(r, "application/octet-stream");
    }
}

int du_image_fixup(request_rec *r, const du_target_t *target)
{
    const unsigned char *digest;

    if (r->method_number != M_GET) { /* HEAD is M_GET too */
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    if (target->is_external && !r->user) {
        return du_refuse_anonymous(r);
    }
    if (look_up(r, target, &digest) != APR_SUCCESS || stat_file(r) != APR_SUCCESS) {
        return HTTP_NOT_FOUND;
    }
    set_headers(r, digest);
    r->handler = "default-handler"; /* whatever AddHandler says about the file's extension */
    return OK;
}

/* What left over the wire, when the client went away; mod_logio counts it where it is loaded. */
static apr_off_t bytes_on_wire(const request_rec *r)
{
    APR_OPTIONAL_FN_TYPE(ap_logio_get_last_bytes) *last = APR_RETRIEVE_OPTIONAL_FN(ap_logio_get_last_bytes);

    return last ? last(r->connection) : r->bytes_sent;
}

/* A download is a GET that was answered with (a part of) the file; questions like HEAD and 304 are none. */
void du_image_record(request_rec *r, const du_target_t *target)
{
    du_node_t *node = du_conf(r->server)->runtime;
    du_ctx_t *ctx;
    int is_written;
    du_download_t download = {
        .time = r->request_time, .address = r->useragent_ip, .path = target->rest, .http = r->status};

    if (ap_is_HTTP_ERROR(r->status)) {
        du_stats_refusal(node->stats, target->is_external);
    }
    if (r->header_only || (r->status != HTTP_OK && r->status != HTTP_PARTIAL_CONTENT)) {
        return;
    }
    ctx = du_ctx_for_request(r);
    download.endpoint = target->is_external ? "external" : "internal";
    download.size = r->finfo.size;
    download.is_complete = !r->connection->aborted;
    download.sent = download.is_complete ? r->bytes_sent : bytes_on_wire(r);
    download.duration = apr_time_now() - r->request_time;
    download.user = r->user;
    is_written = node->journal && du_journal_download(ctx, node->journal, &download) == APR_SUCCESS;
    du_stats_download(node->stats, target->rest, download.sent);
    du_node_recorded(ctx, node, DU_SERIES_DOWNLOADS, is_written, download.time);
}
