/*
 * A form with a file (multipart/form-data), read as it comes: its fields become parameters of the request, its file goes to
 * whoever wants it in pieces, and the memory does not depend on the file.
 *
 * The fields stand before the file: so the guard has judged the token before the first byte of the file is taken.
 */
#ifndef DUA_UPLOAD_H
#define DUA_UPLOAD_H

#include "dua.h"

#define DUA_UPLOAD_FILE "file" /* the name of the file's field */

/* 1 if the request is such a form and its page takes one. */
int dua_upload_is(const dua_t *dua);

/* Reads the fields, up to the beginning of the file. DU_E_MALFORMED or DU_E_TOO_LARGE with a sentence. From then on the end of
 * the body is what says that the client has gone: the signal that httpd sends then comes too early to clean up. */
apr_status_t dua_upload_fields(dua_t *dua);

/* The file's name at the client, without directories; NULL if there is no file. */
const char *dua_upload_name(const dua_t *dua);

/* Takes a piece of the file; a failure ends the reading. */
typedef apr_status_t dua_upload_fn(void *baton, const char *bytes, apr_size_t len);

/* Reads the file and the rest of the body. DU_E_MALFORMED if it ends early, or if something follows the file; a failure of
 * `take`. */
apr_status_t dua_upload_read(dua_t *dua, dua_upload_fn *take, void *baton);

#endif
