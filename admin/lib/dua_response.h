/*
 * What a page answers: the only room that writes to standard output.
 *
 * A response is made in memory and written in one go. What may be large (a device log, a list as CSV) is written in pieces
 * after its header.
 */
#ifndef DUA_RESPONSE_H
#define DUA_RESPONSE_H

#include <apr_tables.h>

#include "du_ctx.h"

typedef struct dua_response_t {
    apr_pool_t *pool;
    int status; /* HTTP's; 200 unless somebody says otherwise */
    const char *type;
    apr_array_header_t *headers; /* of const char *: "Name: value" */
    const char *body;
    apr_size_t len;
    int is_begun; /* the header has been written: nothing above can be changed any more */
} dua_response_t;

void dua_response_make(dua_response_t *response, apr_pool_t *pool);

/* Adds a header field. A value with a line break or another control character in it is left out: no text from a client
 * becomes a second field. */
void dua_response_header(dua_response_t *response, const char *name, const char *value);

/* Writes what there is. APR's status if httpd or the client has gone. */
apr_status_t dua_response_send(dua_response_t *response);

/* In pieces: the header first, by itself. */
apr_status_t dua_response_begin(dua_response_t *response);
apr_status_t dua_response_write(dua_response_t *response, const char *data, apr_size_t len);

/* The status line's words for a status that pages use. */
const char *dua_response_words(int status);

/* From now on a database that does not answer for so many seconds ends the program with this response: a driver that hangs
 * cannot be made to return. Nothing else has been written then. */
void dua_response_limit(dua_response_t *response, du_ctx_t *ctx, int seconds, const char *body);

#endif
