/*
 * A reader of multipart bodies (RFC 2046 section 5.1, RFC 7578) that is fed with whatever pieces come in.
 *
 * It keeps nothing but the headers of the part it is in and how much of a delimiter it has seen, so its memory does not
 * depend on the body. Lines end with CR LF; what stands before the first delimiter and behind the last is skipped.
 */
#ifndef DU_MULTIPART_H
#define DU_MULTIPART_H

#include "du_ctx.h"

#define DU_MULTIPART_MAX_PARTS  16
#define DU_MULTIPART_MAX_HEADER 8192 /* bytes of the headers of one part, with their line ends */

/* The headers of a part that mean something here. Texts are as they were sent (no NUL, no line end), live until the part
 * ends, and are NULL where they are not given. */
typedef struct du_part_t {
    const char *name;       /* of the form field */
    const char *filename;   /* "" is one, too */
    const char *media_type; /* with its parameters */
} du_part_t;

/* What is called for each part: begin, data any number of times, end. A failure stops the reader, which hands it on. */
typedef struct du_multipart_sink_t {
    apr_status_t (*begin)(void *baton, const du_part_t *part);
    apr_status_t (*data)(void *baton, const char *bytes, apr_size_t len);
    apr_status_t (*end)(void *baton);
    void *baton;
} du_multipart_sink_t;

typedef struct du_multipart_t du_multipart_t;

/* 1 if a Content-Type is one of multipart/...; NULL is not. */
int du_multipart_is(const char *content_type);

/* A reader for a body of that Content-Type, in ctx->pool. DU_E_MALFORMED if it has no usable boundary. */
apr_status_t du_multipart_make(du_ctx_t *ctx, const char *content_type, const du_multipart_sink_t *sink,
                               du_multipart_t **reader);

/* Takes the next piece of the body. DU_E_MALFORMED for what is not acceptable, or what the sink answered; after a failure
 * the reader is of no more use. */
apr_status_t du_multipart_feed(du_multipart_t *reader, const char *bytes, apr_size_t len);

/* The body has ended. DU_E_MALFORMED if the last delimiter did not come. */
apr_status_t du_multipart_finish(du_multipart_t *reader);

#endif
