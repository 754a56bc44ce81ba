/*
 * The files of stored versions: what the store and the tree of images have, side by side, and clearing what no rule needs.
 */
#ifndef DU_FILES_H
#define DU_FILES_H

#include "du_image.h"
#include "du_store.h"

/* A stored version, or an orphan: a directory without a row. */
typedef struct du_files_entry_t {
    const du_stored_t *stored; /* NULL for an orphan */
    du_image_dir_t dir;        /* no files if they are missing */
} du_files_entry_t;

/* All stored versions and behind them all orphans (array of du_files_entry_t). An import that runs at this moment may show
 * as an orphan. Nothing is changed. */
apr_status_t du_files_list(du_ctx_t *ctx, du_store_t *store, const char *files, apr_pool_t *pool,
                           apr_array_header_t **entries);

/* What du_files_clear() would remove (array of du_files_entry_t): the stored versions of ids (array of apr_int64_t), or with
 * NULL all that no rule names, and the orphans. DU_E_NOT_FOUND or DU_E_CONFLICT with a sentence, as du_store_forget(), and as
 * du_identity_check(). Nothing is changed. */
apr_status_t du_files_removable(du_ctx_t *ctx, du_store_t *store, const char *files, const apr_array_header_t *ids,
                                apr_array_header_t **removable);

/* What tells such a list from another: hexadecimal digits, in pool. */
const char *du_files_digest(apr_pool_t *pool, const apr_array_header_t *removable);

/*
 * Removes them: with `shown`, the digest of the list that somebody saw, only if it is still that one; DU_E_CONFLICT with a
 * sentence otherwise. NULL = whatever it is by now. Waits for an import that runs. The rows go first, in one transaction with the activity rows, then the files;
 * what a crash leaves in between are orphans for the next time. *removed is in ctx->pool.
 *
 * DU_E_NOTHING if there is nothing to remove; failures as du_files_removable() and du_image_remove().
 */
apr_status_t du_files_clear(du_ctx_t *ctx, du_store_t *store, const char *files, const apr_array_header_t *ids,
                            const char *shown, const du_actor_t *actor, apr_array_header_t **removed);

#endif
