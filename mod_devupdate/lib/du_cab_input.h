/*
 * The file of a cabinet, which two processes read: the reader by position, and who unpacks it from front to back for its
 * digest. They share the descriptor, so neither moves its position.
 */
#ifndef DU_CAB_INPUT_H
#define DU_CAB_INPUT_H

#include <apr_file_io.h>
#include <openssl/evp.h>

#include "du_cab.h"

#define DU_CAB_INPUT_BLOCK (256 * 1024) /* bytes that are read at once */

typedef struct du_cab_input_t {
    du_ctx_t *ctx;
    const char *path;
    apr_file_t *file;
    int fd;           /* of file */
    apr_finfo_t info; /* when it was opened: size and time of its last change */
    apr_off_t done;   /* bytes in the digest so far */
    EVP_MD_CTX *hash;
    du_progress_fn *progress; /* may be NULL */
    void *baton;
    unsigned char *buffer;
} du_cab_input_t;

/* Opens the file, learns its size and begins the digest. Closed with ctx->pool or by du_cab_input_close(). */
apr_status_t du_cab_input_open(du_ctx_t *ctx, const char *path, du_cab_input_t **input);
void du_cab_input_close(du_cab_input_t *input);

/* Takes the bytes before this position into the digest, those that are not in it yet. */
apr_status_t du_cab_input_hash_to(du_cab_input_t *input, apr_off_t position);

/* Takes the rest, such as a signature behind the cabinet, and ends the digest. DU_E_PACKAGE if the file was changed since
 * it was opened: what was unpacked need not be what was hashed. */
apr_status_t du_cab_input_finish(du_cab_input_t *input, unsigned char *digest);

/* Reads up to `size` bytes at a position, fewer only at the end of the file. The system's status. */
apr_status_t du_cab_input_read_at(int fd, apr_off_t at, void *bytes, apr_size_t size, apr_size_t *len);

#endif
