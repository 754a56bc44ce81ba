#include "du_image.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#define IMAGE_DEPTH 7 /* type, brand, model, revision, locale, version, update type */

typedef struct walk_t {
    const char *root;         /* <files>/DeviceUpdateStore */
    apr_pool_t *pool;         /* of what is found */
    apr_array_header_t *dirs; /* of du_image_dir_t */
} walk_t;

typedef apr_status_t entry_fn(void *baton, const char *path, const apr_finfo_t *entry, apr_pool_t *pool);

/* Calls `take` for what is in a directory, with the path below root, and with a pool that is cleared after each. A directory
 * that is not there, or not any more, has nothing in it. */
static apr_status_t each_entry(const char *root, const char *path, entry_fn *take, void *baton, apr_pool_t *parent)
{
    apr_int32_t wanted = APR_FINFO_NAME | APR_FINFO_TYPE | APR_FINFO_SIZE | APR_FINFO_LINK;
    apr_finfo_t entry;
    apr_pool_t *pool, *each;
    apr_dir_t *dir;
    apr_status_t rv;

    apr_pool_create(&pool, parent);
    apr_pool_create(&each, pool);
    rv = apr_dir_open(&dir, apr_pstrcat(pool, root, "/", path, NULL), pool);
    while (rv == APR_SUCCESS) {
        apr_status_t read = apr_dir_read(&entry, wanted, dir);

        if (read != APR_SUCCESS && read != APR_INCOMPLETE) {
            break;
        }
        if (strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0) {
            rv = take(baton, apr_pstrcat(each, path, *path ? "/" : "", entry.name, NULL), &entry, each);
        }
        apr_pool_clear(each);
    }
    apr_pool_destroy(pool);
    return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
}

/* Adding up what lies below a directory. */
typedef struct sum_t {
    const char *root;
    du_image_dir_t *dir;
} sum_t;

static apr_status_t add_up(void *baton, const char *path, const apr_finfo_t *entry, apr_pool_t *pool)
{
    sum_t *sum = baton;

    if (entry->filetype == APR_DIR) {
        return each_entry(sum->root, path, add_up, sum, pool);
    }
    sum->dir->files++;
    sum->dir->bytes += entry->size;
    return APR_SUCCESS;
}

static int depth_of(const char *path)
{
    int depth = 1;

    for (; *path; path++) {
        depth += *path == '/';
    }
    return depth;
}

static du_image_dir_t *found(const walk_t *walk, const char *path)
{
    du_image_dir_t *dir = apr_array_push(walk->dirs);

    memset(dir, 0, sizeof(*dir));
    dir->path = apr_pstrdup(walk->pool, path);
    return dir;
}

static apr_status_t count_entry(void *baton, const char *path, const apr_finfo_t *entry, apr_pool_t *pool)
{
    (void)path;
    (void)entry;
    (void)pool;
    ++*(int *)baton;
    return APR_SUCCESS;
}

/* Looks only at what has the shape of the tree: what else somebody put there is not ours. */
static apr_status_t take_directory(void *baton, const char *path, const apr_finfo_t *entry, apr_pool_t *pool)
{
    const walk_t *walk = baton;
    sum_t sum = {walk->root, NULL};
    int entries = 0;
    apr_status_t rv;

    if (entry->filetype != APR_DIR || *path == '.') {
        return APR_SUCCESS;
    }
    if (depth_of(path) == IMAGE_DEPTH) {
        sum.dir = found(walk, path);
        return each_entry(walk->root, path, add_up, &sum, pool);
    }
    rv = each_entry(walk->root, path, count_entry, &entries, pool);
    if (rv == APR_SUCCESS && entries == 0) {
        found(walk, path);
    }
    return rv == APR_SUCCESS ? each_entry(walk->root, path, take_directory, baton, pool) : rv;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const du_image_dir_t *)a)->path, ((const du_image_dir_t *)b)->path);
}

apr_status_t du_image_tree(du_ctx_t *ctx, const char *files, apr_pool_t *pool, apr_array_header_t **dirs)
{
    walk_t walk = {apr_pstrcat(pool, files, "/" DU_IMAGE_ROOT, NULL), pool,
                   apr_array_make(pool, 64, sizeof(du_image_dir_t))};
    apr_status_t rv = each_entry(walk.root, "", take_directory, &walk, ctx->pool);

    *dirs = walk.dirs;
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0708), "the images in %s cannot be read: %pm", walk.root, (void *)&rv);
    }
    qsort(walk.dirs->elts, (size_t)walk.dirs->nelts, sizeof(du_image_dir_t), by_path);
    return APR_SUCCESS;
}

apr_status_t du_image_staged(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_image_dir_t *staged)
{
    sum_t sum = {apr_pstrcat(pool, files, "/" DU_IMAGE_ROOT, NULL), staged};
    apr_status_t rv;

    *staged = (du_image_dir_t){.path = DU_IMAGE_STAGING "/work"};
    rv = each_entry(sum.root, staged->path, add_up, &sum, ctx->pool);
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0709), "%s/%s cannot be read: %pm", sum.root, staged->path, (void *)&rv);
    }
    return APR_SUCCESS;
}
