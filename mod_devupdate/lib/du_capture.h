/*
 * Requests as they came, kept as plain files: how the first phone of an unknown dialect shows what it says (house.md D5).
 *
 *   # captured 2026-11-22 20:15:35 from 10.1.2.3, answered 400
 *   POST /RequestHandler/ucdevice.upx
 *   Content-Type: text/xml
 *
 *   (the body, byte by byte)
 *
 * Lines that begin with # come first and are for people, but for "# encoding: X", with which a file written by hand says
 * that its body is UTF-8 and is sent as X. t/conformance has such files, and `devupdatectl phone --request` plays them.
 */
#ifndef DU_CAPTURE_H
#define DU_CAPTURE_H

#include <apr_tables.h>

#include "du_ctx.h"

#define DU_CAPTURE_MAX_COUNT 9999 /* files in one directory: 0001.request to 9999.request */
#define DU_CAPTURE_LEAST     1024 /* bytes that one file may have at least */

/* A request as it came, or as it is to be sent. */
typedef struct du_captured_t {
    apr_time_t time;            /* the first three: not known of a file that was read */
    const char *address;        /* the client's */
    int http;                   /* what it was answered */
    const char *method;         /* POST */
    const char *target;         /* as it stood in the request line */
    const apr_table_t *headers; /* of a captured one without those that are secret */
    const char *body;
    apr_size_t len;
    apr_size_t lost; /* bytes of the body that are not there */
} du_captured_t;

typedef struct du_capture_t du_capture_t;

/* Captures into an existing directory: at most `count` files of together at most `size` bytes, which is size / count for each.
 * Several processes may do so. Shared by the threads of a process. */
du_capture_t *du_capture_make(const char *directory, int count, apr_size_t size, apr_pool_t *pool);

/* Bytes that a file has room for, 0 when all files are there. */
apr_size_t du_capture_room(du_capture_t *capture);

/* Writes the next file, cut off where it would be larger than its share. DU_E_NOTHING if all files are there already; for
 * any other failure no file is left. The last file is said to be it, with a notice. */
apr_status_t du_capture_write(du_ctx_t *ctx, du_capture_t *capture, const du_captured_t *request);

/* 1 if the header carries what nobody should find in a file: credentials and cookies. */
int du_capture_is_secret(const char *header);

/* 1 if the header is about one connection or one server, and another request has its own: Host, Content-Length, ... */
int du_capture_is_own(const char *header);

/* Reads such a file of len bytes; the result lives in ctx->pool. DU_E_MALFORMED with a sentence. */
apr_status_t du_capture_read(du_ctx_t *ctx, const char *text, apr_size_t len, du_captured_t *request);

#endif
