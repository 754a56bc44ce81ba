#include "mod_devupdate.h"

#include <http_protocol.h>
#include <http_request.h>

#define FIRST_BUFFER 4096 /* bytes; more than a usual check has */

void du_bytes_append(apr_pool_t *pool, du_bytes_t *bytes, const char *data, apr_size_t len)
{
    apr_size_t needed = bytes->len + len;

    if (needed > bytes->size) {
        char *bigger;

        bytes->size = 2 * needed > FIRST_BUFFER ? 2 * needed : FIRST_BUFFER;
        bigger = apr_palloc(pool, bytes->size);
        if (bytes->len) {
            memcpy(bigger, bytes->data, bytes->len);
        }
        bytes->data = bigger;
    }
    if (len) {
        memcpy(bytes->data + bytes->len, data, len);
    }
    bytes->len = needed;
}

/* Hands on a brigade's data. HTTP status; *is_last when the end came. */
static int take_brigade(apr_bucket_brigade *bb, du_body_fn *take, void *baton, int *is_last)
{
    for (apr_bucket *b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *bytes;
        apr_size_t len;
        int http;

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
        http = take(baton, bytes, len);
        if (http != HTTP_OK) {
            return http;
        }
    }
    return HTTP_OK;
}

int du_body_read(request_rec *r, du_body_fn *take, void *baton)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    int is_last = 0, http = HTTP_OK;

    while (!is_last && http == HTTP_OK) {
        apr_status_t rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);

        http = rv == APR_SUCCESS ? take_brigade(bb, take, baton, &is_last)
                                 : ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        apr_brigade_cleanup(bb);
    }
    return http;
}

apr_off_t du_body_length(request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length;

    return text && ap_parse_strict_length(&length, text) ? length : -1;
}
