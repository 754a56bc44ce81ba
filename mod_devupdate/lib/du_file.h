/*
 * Files as this product writes them: whole or not at all, and owned so that httpd can use them.
 */
#ifndef DU_FILE_H
#define DU_FILE_H

#include <apr_file_io.h>

/* Writes a file of that content: temporary name in the same directory, sync, rename, sync of the directory. */
apr_status_t du_file_replace(const char *path, const void *content, apr_size_t len, apr_pool_t *pool);

/* Writes a new file of that content and syncs it; APR_EEXIST if there is one of that name. */
apr_status_t du_file_create(const char *path, const void *content, apr_size_t len, apr_pool_t *pool);

/* Syncs a directory, so that names made or renamed in it survive a power cut. */
apr_status_t du_file_sync_dir(const char *path, apr_pool_t *pool);

/* Makes a directory and those above it below `root` (which must exist), each with the owner of the directory it is made
 * in. `path` is relative to root. */
apr_status_t du_file_make_dirs(const char *root, const char *path, apr_pool_t *pool);

/* If this process runs as root, gives a new file or directory the owner of the directory it is in: the administrator's
 * commands run as root, httpd's children do not (SQLite does the same with the files beside its database). */
apr_status_t du_file_adopt(const char *path, apr_pool_t *pool);

/* Removes a directory with everything in it; a missing one is removed already. Links are removed, not followed. */
apr_status_t du_file_remove_tree(const char *path, apr_pool_t *pool);

#endif
