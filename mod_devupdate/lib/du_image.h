/*
 * The tree of images in the file store (house.md section 7):
 *
 *   <files>/DeviceUpdateStore/<DeviceType>/<Brand>/<Model>/<Revision>/<Locale>/<Version>/<UpdateType>/<file>
 *   <files>/DeviceUpdateStore/.store           whose images these are (du_identity.h)
 *   <files>/DeviceUpdateStore/.staging/        where an import works; same file system, so a rename places an image
 *
 * The staging directory is there only while an import runs, or after one was killed. No image can have its name,
 * because no part of a key begins with a dot (du_text_is_segment()).
 */
#ifndef DU_IMAGE_H
#define DU_IMAGE_H

#include "du_ctx.h"
#include "du_rule.h"

#define DU_IMAGE_ROOT    "DeviceUpdateStore"
#define DU_IMAGE_STAGING ".staging"

/* Path of an image's directory below DeviceUpdateStore. All parts must have passed du_text_is_segment(). */
char *du_image_path(apr_pool_t *pool, const du_key_t *key, const char *version, const char *update_type);

/* The one import that may work on a file store. Waits for the one before; removes what a killed one left in staging.
 * *staging is the directory to unpack into. Released, and staging removed, with pool or by du_image_unlock(). */
typedef struct du_image_lock_t du_image_lock_t;
apr_status_t du_image_lock(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_image_lock_t **lock,
                           const char **staging);

/* The same without waiting: APR_EBUSY, which is no failure in ctx, if another import is at work. */
apr_status_t du_image_trylock(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_image_lock_t **lock,
                              const char **staging);
void du_image_unlock(du_image_lock_t *lock);

/* Begins an image: a new directory in staging, its path in *building. */
apr_status_t du_image_begin(du_ctx_t *ctx, du_image_lock_t *lock, const char **building);

/* Puts `from` (a staged file) into an image that was begun, under `name`, synced and readable for httpd. Several images
 * may share a staged file: it is linked, and copied only where the file system knows no hard links. */
apr_status_t du_image_add(du_ctx_t *ctx, const char *building, const char *from, const char *name);

/* Syncs a built directory and renames it to its place, making the directories above. An orphan in that place (an import
 * that was killed before its row was written) is replaced. After a failure nothing is left in that place. */
apr_status_t du_image_place(du_ctx_t *ctx, du_image_lock_t *lock, const char *building, const char *image_path);

/* Takes a placed image away again, with the directories above that are empty then. */
apr_status_t du_image_remove(du_ctx_t *ctx, du_image_lock_t *lock, const char *image_path);

/*
 * What is in the tree, whoever put it there (du_image_tree.c)
 */

/* A directory where an image lies, or an empty one above. */
typedef struct du_image_dir_t {
    const char *path; /* below DeviceUpdateStore */
    int files;
    apr_off_t bytes; /* a file that several images share counts for each */
} du_image_dir_t;

/* All of them (array of du_image_dir_t, by path). A tree that is not there has none. */
apr_status_t du_image_tree(du_ctx_t *ctx, const char *files, apr_pool_t *pool, apr_array_header_t **dirs);

/* What an import that runs, or was killed, has in staging: no files if there is none. */
apr_status_t du_image_staged(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_image_dir_t *staged);

#endif
