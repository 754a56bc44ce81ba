/*
 * Which store a file store belongs to: a store that does not know the images would take them all for orphans.
 *
 * A store has an identity, 32 random hexadecimal digits, from the first image that it takes in; copies and backups keep it.
 * The file store has the same in <files>/DeviceUpdateStore/.store. Where one of the two has none yet they can belong together
 * only if it is the file store: its images are of a time before there were identities, or there are none.
 */
#ifndef DU_IDENTITY_H
#define DU_IDENTITY_H

#include "du_store.h"

#define DU_IDENTITY_FILE ".store"

/* DU_E_CONFLICT with a sentence that names both if the file store belongs to another store. Nothing is changed. */
apr_status_t du_identity_check(du_ctx_t *ctx, du_store_t *store, const char *files);

/* The same, and then makes what is missing: the store's identity, and the file. For whoever holds the lock of du_image.h. */
apr_status_t du_identity_claim(du_ctx_t *ctx, du_store_t *store, const char *files);

#endif
