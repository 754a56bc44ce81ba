#include "du_upload_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_atomic.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "du_upload_identity.h"

#define COUNT_INTERVAL apr_time_from_sec(60)
#define STALE          3600 /* seconds without a byte, after which something in staging is of a process that was killed */

/* What is counted: the logs of one device, or all of them. */
typedef struct count_t {
    const char *device; /* NULL for all; then what is stale is removed */
    time_t stale;       /* older than this */
    apr_uint64_t total;
    apr_uint64_t *devices; /* DU_UPLOAD_USAGE_ENTRIES; NULL for one device */
} count_t;

/* Without regard to case, as du_upload_is_of() compares. */
static apr_uint32_t entry_of(const char *device, apr_size_t len)
{
    apr_uint32_t hash = 0;

    for (apr_size_t i = 0; i < len; i++) {
        hash = hash * 33 + (apr_uint32_t)apr_tolower(device[i]);
    }
    return (hash ^ hash >> 16) % DU_UPLOAD_USAGE_ENTRIES;
}

/*
 * Counting: with the system's own calls, because apr_dir_read() keeps a copy of every name
 */

static void count_file(int directory, const char *name, const char *type, count_t *count)
{
    apr_size_t len = type ? du_upload_device_len(name, type) : 0;
    struct stat info;

    if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        return;
    }
    if (!type && info.st_mtime < count->stale && unlinkat(directory, name, 0) == 0) {
        return;
    }
    count->total += (apr_uint64_t)info.st_size;
    if (len > 0 && count->devices) {
        count->devices[entry_of(name, len)] += (apr_uint64_t)info.st_size;
    }
}

/* NULL if it is not there or cannot be read: then nothing is counted. */
static DIR *open_directory(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd == -1 ? NULL : fdopendir(fd);

    if (fd != -1 && !directory) {
        close(fd);
    }
    return directory;
}

/* Of hidden directories staging only: a file server may show its snapshots as one. */
static void count_directory(int parent, const char *name, count_t *count)
{
    int is_staging = strcmp(name, DU_UPLOAD_STAGING_NAME) == 0;
    const char *type = is_staging ? NULL : name;
    DIR *directory = name[0] != '.' || is_staging ? open_directory(parent, name) : NULL;

    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (!count->device || (type && du_upload_is_of(entry->d_name, type, count->device))) {
            count_file(dirfd(directory), entry->d_name, type, count);
        }
    }
    if (directory) {
        closedir(directory);
    }
}

static void count_all(du_ctx_t *ctx, const char *files, count_t *count)
{
    DIR *root = open_directory(AT_FDCWD, apr_pstrcat(ctx->pool, files, "/" DU_UPLOAD_DIR, NULL));

    for (struct dirent *entry; root && (entry = readdir(root));) {
        count_directory(dirfd(root), entry->d_name, count);
    }
    if (root) {
        closedir(root);
    }
}

apr_off_t du_upload_usage_count(du_ctx_t *ctx, const char *files, const char *device)
{
    count_t count = {.device = device};

    count_all(ctx, files, &count);
    return (apr_off_t)count.total;
}

/*
 * The shared numbers
 */

static void count_anew(du_ctx_t *ctx, const char *files, du_upload_usage_t *usage)
{
    count_t count = {.stale = (time_t)apr_time_sec(du_now(ctx)) - STALE};
    apr_pool_t *pool;

    apr_pool_create(&pool, ctx->pool);
    count.devices = apr_pcalloc(pool, sizeof(*count.devices) * DU_UPLOAD_USAGE_ENTRIES);
    count_all(ctx, files, &count);
    apr_atomic_set64(&usage->total, count.total);
    for (int i = 0; i < DU_UPLOAD_USAGE_ENTRIES; i++) {
        apr_atomic_set64(&usage->device[i], count.devices[i]);
    }
    apr_pool_destroy(pool);
}

void du_upload_usage_refresh(du_ctx_t *ctx, const char *files, du_upload_usage_t *usage)
{
    apr_time_t now = du_now(ctx);
    apr_uint64_t counted = apr_atomic_read64(&usage->counted);
    apr_time_t age = now - (apr_time_t)counted;

    if ((age >= COUNT_INTERVAL || age < 0) &&
        apr_atomic_cas64(&usage->counted, (apr_uint64_t)now, counted) == counted) {
        count_anew(ctx, files, usage);
    }
}

/* A count may come between what is added and what is taken away again, so there may be less than nothing for a moment. */
static apr_off_t add(volatile apr_uint64_t *number, apr_off_t bytes)
{
    return (apr_off_t)(apr_atomic_add64(number, (apr_uint64_t)bytes) + (apr_uint64_t)bytes);
}

apr_off_t du_upload_usage_add(du_upload_usage_t *usage, apr_off_t bytes)
{
    return add(&usage->total, bytes);
}

apr_off_t du_upload_usage_add_device(du_upload_usage_t *usage, const char *device, apr_off_t bytes)
{
    return add(&usage->device[entry_of(device, strlen(device))], bytes);
}
