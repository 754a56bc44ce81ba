/*
 * Whether a file of an image is what the store says it is.
 */
#ifndef DU_IMAGE_CHECK_H
#define DU_IMAGE_CHECK_H

#include "du_ctx.h"
#include "du_rule.h"

typedef enum {
    DU_IMAGE_FILE_RIGHT,
    DU_IMAGE_FILE_MISSING,
    DU_IMAGE_FILE_SIZE,   /* another size */
    DU_IMAGE_FILE_DIGEST, /* other content */
    DU_IMAGE_FILE_UNREAD  /* cannot be read, or is not a file */
} du_image_file_e;

/* Compares a file with a size and, unless digest is NULL, with a digest (SHA-256, DU_DIGEST_SIZE bytes); then all of it is read. */
du_image_file_e du_image_check_file(du_ctx_t *ctx, const char *path, apr_off_t size, const unsigned char *digest);

#endif
