/*
 * The file of a cabinet as libarchive reads it: once, from front to back, with every byte hashed on its way.
 */
#ifndef DU_CAB_INPUT_H
#define DU_CAB_INPUT_H

#include <apr_file_io.h>
#include <archive.h>
#include <openssl/evp.h>

#include "du_cab.h"

typedef struct du_cab_input_t {
    du_ctx_t *ctx;
    const char *path;
    apr_file_t *file;
    apr_off_t total;     /* bytes of the file */
    apr_off_t done;      /* read so far */
    apr_status_t failed; /* why reading broke off; recorded as the failure already */
    EVP_MD_CTX *hash;
    du_progress_fn *progress; /* may be NULL */
    void *baton;
    unsigned char *buffer;
} du_cab_input_t;

/* Opens the file and learns its size. Closed with ctx->pool or by du_cab_input_close(). */
apr_status_t du_cab_input_open(du_ctx_t *ctx, const char *path, du_cab_input_t **input);
void du_cab_input_close(du_cab_input_t *input);

/* Goes to the front and begins the digest. */
apr_status_t du_cab_input_start(du_cab_input_t *input);

/* An archive_read_callback; baton is the input. */
la_ssize_t du_cab_input_read(struct archive *archive, void *baton, const void **data);

/* Reads what libarchive left, such as a signature behind the cabinet, and ends the digest. */
apr_status_t du_cab_input_finish(du_cab_input_t *input, unsigned char *digest);

#endif
