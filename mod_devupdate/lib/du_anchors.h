/*
 * Trust anchors: the certificates that an administrator has put there for signatures to end at.
 *
 * Nothing else is trusted: no certificates of the system, nothing from a network, and no revocation list, since
 * a list for vendors' old certificates is nowhere to be had.
 */
#ifndef DU_ANCHORS_H
#define DU_ANCHORS_H

#include <openssl/x509.h>

#include "du_ctx.h"

#define DU_ANCHORS_DIRECTORY "DeviceUpdateTrust"
#define DU_ANCHORS_MAX_FILES 256           /* in the directory */
#define DU_ANCHORS_MAX_BYTES (1024 * 1024) /* of one file */

typedef struct du_anchors_t {
    X509_STORE *store;
    int count; /* of certificates */
} du_anchors_t;

/* Makes the directory if the file store is there. Being there already, or having no file store yet, is a success. */
apr_status_t du_anchors_make_directory(du_ctx_t *ctx, const char *files);

/*
 * Reads the certificates (PEM) in the directory of a file store, and in one more file if `extra` is not NULL. Names that
 * begin with a dot are passed over; a missing directory is an empty one. DU_E_MALFORMED for a file without a certificate,
 * DU_E_TOO_LARGE, or the system's status; each names the file: a trust anchor that is meant but not read would show as
 * a refusal that nobody understands. Freed with ctx->pool.
 */
apr_status_t du_anchors_read(du_ctx_t *ctx, const char *files, const char *extra, du_anchors_t **anchors);

#endif
