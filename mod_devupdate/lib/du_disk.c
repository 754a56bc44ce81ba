#include "du_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "du_anchors.h"
#include "du_text.h"
#include "du_upload_usage.h"

#define RECORDS   "/DeviceUpdateLogs/Server/"
#define DEPTH_MAX 16 /* directories below each other; the tree of images has nine */

/* A walk on its way. */
typedef struct walk_t {
    du_ctx_t *ctx;
    apr_size_t root_len; /* of the path of the file store */
    apr_pool_t *pool;    /* of the answer */
    apr_array_header_t *denied;
} walk_t;

apr_status_t du_disk_room(du_ctx_t *ctx, const char *files, du_disk_room_t *room)
{
    struct statvfs info;

    if (statvfs(files, &info) != 0) {
        apr_status_t rv = APR_FROM_OS_ERROR(errno);

        return du_fail(ctx, rv, DUNO(1048), "%s cannot be looked at: %pm", du_text_for_log(ctx->pool, files),
                       (void *)&rv);
    }
    room->free = (apr_off_t)info.f_bavail * (apr_off_t)info.f_frsize;
    room->size = (apr_off_t)info.f_blocks * (apr_off_t)info.f_frsize;
    room->free_names = (apr_int64_t)info.f_favail;
    room->all_names = (apr_int64_t)info.f_files;
    return APR_SUCCESS;
}

int du_disk_is_almighty(void)
{
    return geteuid() == 0;
}

static int is_full(const walk_t *walk)
{
    return walk->denied->nelts >= DU_DISK_DENIED_MAX;
}

/* Asks with the effective rights of the process, as a node would have them. */
static void want(walk_t *walk, const char *path, int mode, const char *what)
{
    if (!is_full(walk) && faccessat(AT_FDCWD, path, mode, AT_EACCESS) != 0) {
        apr_status_t rv = APR_FROM_OS_ERROR(errno);

        APR_ARRAY_PUSH(walk->denied, const char *) =
            apr_psprintf(walk->pool, "%s cannot be %s: %pm", du_text_for_log(walk->pool, path), what, (void *)&rv);
    }
}

/* Path below the file store, with a slash before it. */
static const char *below(const walk_t *walk, const char *path)
{
    return path + walk->root_len;
}

static void look_at_file(walk_t *walk, const char *path)
{
    int is_record = du_text_begins(below(walk, path), RECORDS);

    want(walk, path, is_record ? R_OK | W_OK : R_OK, is_record ? "written to" : "read");
}

static void look_at_directory(walk_t *walk, const char *path, int depth, apr_pool_t *pool);

static void look_at_entry(walk_t *walk, const char *path, const apr_finfo_t *entry, int depth, apr_pool_t *pool)
{
    const char *full = apr_pstrcat(pool, path, "/", entry->name, NULL);

    if (entry->filetype == APR_DIR && depth < DEPTH_MAX) {
        look_at_directory(walk, full, depth + 1, pool);
    } else if (entry->filetype == APR_REG && !du_text_begins(below(walk, full), "/" DU_UPLOAD_DIR "/")) {
        look_at_file(walk, full);
    }
}

static void look_at_directory(walk_t *walk, const char *path, int depth, apr_pool_t *pool)
{
    int is_read_only = du_text_equal(below(walk, path), "/" DU_ANCHORS_DIRECTORY);
    int before = walk->denied->nelts;
    apr_pool_t *own;
    apr_dir_t *dir;
    apr_finfo_t entry;

    want(walk, path, is_read_only ? R_OK | X_OK : R_OK | W_OK | X_OK, is_read_only ? "read" : "written to");
    apr_pool_create(&own, pool);
    if (walk->denied->nelts == before && apr_dir_open(&dir, path, own) == APR_SUCCESS) {
        while (!is_full(walk) && apr_dir_read(&entry, APR_FINFO_TYPE | APR_FINFO_NAME, dir) != APR_ENOENT) {
            if (entry.name && strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0) {
                look_at_entry(walk, path, &entry, depth, own);
            }
        }
        apr_dir_close(dir);
    }
    apr_pool_destroy(own);
}

apr_status_t du_disk_denied(du_ctx_t *ctx, const char *files, apr_pool_t *pool, apr_array_header_t **denied)
{
    walk_t walk = {ctx, strlen(files), pool, apr_array_make(pool, 4, sizeof(const char *))};

    look_at_directory(&walk, files, 0, ctx->pool);
    *denied = walk.denied;
    return APR_SUCCESS;
}
