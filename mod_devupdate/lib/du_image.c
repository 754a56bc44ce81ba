#include "du_image.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "du_file.h"

#define LOCK_TRIES       1000 /* each but the first means that another import ended in between */
#define FILE_PERMISSIONS (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD | APR_FPROT_WREAD)

struct du_image_lock_t {
    apr_pool_t *pool;
    const char *root;    /* <files>/DeviceUpdateStore */
    const char *staging; /* <root>/.staging: the lock and the work */
    const char *path;    /* <staging>/lock */
    const char *work;    /* <staging>/work: unpacked members and begun images */
    apr_file_t *file;
    int made_root; /* there was no DeviceUpdateStore before us */
    int images;    /* begun so far */
};

char *du_image_path(apr_pool_t *pool, const du_key_t *key, const char *version, const char *update_type)
{
    return apr_pstrcat(pool, du_key_path(pool, key), "/", version, "/", update_type, NULL);
}

static int is_missing(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return APR_STATUS_IS_ENOENT(apr_stat(&info, path, APR_FINFO_TYPE, pool));
}

/* The lock file is removed when the lock is released, so whoever waited for it must see whether it is still the one
 * that everybody else would open. */
static int is_still_there(const du_image_lock_t *lock)
{
    apr_finfo_t held, named;
    apr_int32_t wanted = APR_FINFO_IDENT;

    return apr_file_info_get(&held, wanted, lock->file) == APR_SUCCESS &&
           apr_stat(&named, lock->path, wanted, lock->pool) == APR_SUCCESS && held.inode == named.inode &&
           held.device == named.device;
}

/* APR_EAGAIN if another import took the directory or the lock file away between two of our steps; APR_EBUSY if it is at
 * work and we do not wait. */
static apr_status_t try_lock(du_image_lock_t *lock, const char *files, int waits)
{
    apr_status_t rv = du_file_make_dirs(files, DU_IMAGE_ROOT "/" DU_IMAGE_STAGING, lock->pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_open(&lock->file, lock->path, APR_FOPEN_WRITE | APR_FOPEN_CREATE, FILE_PERMISSIONS, lock->pool);
    }
    if (rv != APR_SUCCESS) {
        return APR_STATUS_IS_ENOENT(rv) && !is_missing(files, lock->pool) ? APR_EAGAIN : rv;
    }
    rv = apr_file_lock(lock->file, APR_FLOCK_EXCLUSIVE | (waits ? 0 : APR_FLOCK_NONBLOCK));
    if (!waits && (APR_STATUS_IS_EAGAIN(rv) || APR_STATUS_IS_EACCES(rv))) {
        rv = APR_EBUSY;
    } else if (rv == APR_SUCCESS && !is_still_there(lock)) {
        rv = APR_EAGAIN;
    }
    if (rv != APR_SUCCESS) {
        apr_file_close(lock->file);
    }
    return rv;
}

static apr_status_t take_lock(du_image_lock_t *lock, const char *files, int waits)
{
    apr_status_t rv = APR_EAGAIN;

    for (int i = 0; i < LOCK_TRIES && APR_STATUS_IS_EAGAIN(rv); i++) {
        rv = try_lock(lock, files, waits);
    }
    return rv;
}

/* Fails, as it should, for a directory that another import or an image has put something into. */
static void remove_directories(du_image_lock_t *lock)
{
    apr_dir_remove(lock->staging, lock->pool);
    if (lock->made_root) {
        apr_dir_remove(lock->root, lock->pool);
    }
}

static apr_status_t release(void *data)
{
    du_image_lock_t *lock = data;

    du_file_remove_tree(lock->work, lock->pool);
    apr_file_remove(lock->path, lock->pool);
    remove_directories(lock);
    apr_file_unlock(lock->file); /* closing is not enough if a child process still has the file open */
    return apr_file_close(lock->file);
}

static du_image_lock_t *make_lock(const char *files, apr_pool_t *pool)
{
    du_image_lock_t *lock = apr_pcalloc(pool, sizeof(*lock));

    lock->pool = pool;
    lock->root = apr_pstrcat(pool, files, "/" DU_IMAGE_ROOT, NULL);
    lock->staging = apr_pstrcat(pool, lock->root, "/" DU_IMAGE_STAGING, NULL);
    lock->path = apr_pstrcat(pool, lock->staging, "/lock", NULL);
    lock->work = apr_pstrcat(pool, lock->staging, "/work", NULL);
    lock->made_root = is_missing(lock->root, pool);
    return lock;
}

static apr_status_t lock_tree(du_ctx_t *ctx, const char *files, int waits, apr_pool_t *pool, du_image_lock_t **result,
                              const char **staging)
{
    du_image_lock_t *lock = make_lock(files, pool);
    apr_status_t rv = take_lock(lock, files, waits);

    if (rv == APR_EBUSY) {
        return rv;
    }
    if (rv != APR_SUCCESS) {
        remove_directories(lock);
        return du_fail(ctx, rv, DUNO(0620), "cannot lock %s: %pm", lock->root, &rv);
    }
    apr_pool_cleanup_register(pool, lock, release, apr_pool_cleanup_null);
    rv = du_file_adopt(lock->path, pool);
    if (rv == APR_SUCCESS) {
        rv = du_file_remove_tree(lock->work, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = du_file_make_dirs(lock->staging, "work", pool);
    }
    if (rv != APR_SUCCESS) {
        du_image_unlock(lock);
        return du_fail(ctx, rv, DUNO(0621), "cannot use %s: %pm", lock->work, &rv);
    }
    *result = lock;
    *staging = lock->work;
    return APR_SUCCESS;
}

apr_status_t du_image_lock(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_image_lock_t **lock,
                           const char **staging)
{
    return lock_tree(ctx, files, 1, pool, lock, staging);
}

apr_status_t du_image_trylock(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_image_lock_t **lock,
                              const char **staging)
{
    return lock_tree(ctx, files, 0, pool, lock, staging);
}

void du_image_unlock(du_image_lock_t *lock)
{
    apr_pool_cleanup_run(lock->pool, lock, release);
}

apr_status_t du_image_begin(du_ctx_t *ctx, du_image_lock_t *lock, const char **building)
{
    const char *name = apr_psprintf(ctx->pool, "i%04d", ++lock->images);
    apr_status_t rv = du_file_make_dirs(lock->work, name, ctx->pool);

    *building = apr_pstrcat(ctx->pool, lock->work, "/", name, NULL);
    return rv == APR_SUCCESS ? rv : du_fail(ctx, rv, DUNO(0622), "cannot create %s: %pm", *building, &rv);
}

static apr_status_t finish_file(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t rv = apr_file_perms_set(path, FILE_PERMISSIONS);

    if (rv == APR_SUCCESS) {
        rv = du_file_adopt(path, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_sync(file);
        apr_file_close(file);
    }
    return rv;
}

static apr_status_t copy_file(const char *from, const char *to, apr_pool_t *pool)
{
    apr_status_t rv = apr_file_copy(from, to, FILE_PERMISSIONS, pool);

    return rv == APR_SUCCESS ? finish_file(to, pool) : rv;
}

apr_status_t du_image_add(du_ctx_t *ctx, const char *building, const char *from, const char *name)
{
    const char *to = apr_pstrcat(ctx->pool, building, "/", name, NULL);
    apr_status_t rv = finish_file(from, ctx->pool);

    if (rv == APR_SUCCESS && apr_file_link(from, to) != APR_SUCCESS) {
        rv = copy_file(from, to, ctx->pool);
    }
    return rv == APR_SUCCESS ? rv : du_fail(ctx, rv, DUNO(0623), "cannot write %s: %pm", to, &rv);
}

/* The directory above, or NULL if that is the root of the tree. Cuts path. */
static char *go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (!slash) {
        return NULL;
    }
    *slash = '\0';
    return path;
}

/* Syncs all directories above an image: any of them may be new. */
static apr_status_t sync_above(du_image_lock_t *lock, const char *image_path, apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;
    char *above = apr_pstrdup(pool, image_path);

    while (rv == APR_SUCCESS && (above = go_up(above)) != NULL) {
        rv = du_file_sync_dir(apr_pstrcat(pool, lock->root, "/", above, NULL), pool);
    }
    return rv == APR_SUCCESS ? du_file_sync_dir(lock->root, pool) : rv;
}

/* Removes the directories above an image, up to the first that is not empty. Some may never have been made. */
static void prune_above(du_image_lock_t *lock, const char *image_path, apr_pool_t *pool)
{
    char *above = apr_pstrdup(pool, image_path);
    apr_status_t rv = APR_SUCCESS;

    while ((rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)) && (above = go_up(above)) != NULL) {
        rv = apr_dir_remove(apr_pstrcat(pool, lock->root, "/", above, NULL), pool);
    }
}

static apr_status_t move_to_place(du_image_lock_t *lock, const char *building, const char *image_path,
                                  apr_pool_t *pool)
{
    const char *place = apr_pstrcat(pool, lock->root, "/", image_path, NULL);
    apr_status_t rv = du_file_sync_dir(building, pool);

    if (rv == APR_SUCCESS) {
        rv = du_file_remove_tree(place, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = du_file_make_dirs(lock->root, go_up(apr_pstrdup(pool, image_path)), pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_rename(building, place, pool);
    }
    return rv == APR_SUCCESS ? sync_above(lock, image_path, pool) : rv;
}

apr_status_t du_image_place(du_ctx_t *ctx, du_image_lock_t *lock, const char *building, const char *image_path)
{
    apr_status_t rv = move_to_place(lock, building, image_path, ctx->pool);

    if (rv != APR_SUCCESS) {
        du_image_remove(ctx, lock, image_path);
        return du_fail(ctx, rv, DUNO(0624), "cannot place %s/%s: %pm", lock->root, image_path, &rv);
    }
    return APR_SUCCESS;
}

apr_status_t du_image_remove(du_ctx_t *ctx, du_image_lock_t *lock, const char *image_path)
{
    apr_status_t rv = du_file_remove_tree(apr_pstrcat(ctx->pool, lock->root, "/", image_path, NULL), ctx->pool);

    prune_above(lock, image_path, ctx->pool);
    return rv == APR_SUCCESS ? rv
                             : du_fail(ctx, rv, DUNO(0625), "cannot remove %s/%s: %pm", lock->root, image_path, &rv);
}
