#include "du_upload_spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_uuid.h>

#include "du_file.h"

#define COUNT_INTERVAL apr_time_from_sec(60)
#define STALE          3600 /* seconds without a byte, after which something in staging is of a process that was killed */
#define WRITE_BUFFER   65536 /* bytes; pieces of a body come in eight thousand */
#define MAX_NUMBER     1000  /* logs of one device, type and second */

/* Logs are about people, so they are for the owner and its group only. */
#define LOG_PERMISSIONS (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD)

struct du_upload_spool_t {
    const char *files;
    du_upload_limits_t limits;
    apr_thread_mutex_t *mutex; /* guards what is below */
    apr_off_t total;           /* bytes of all logs, as far as this process knows */
    apr_time_t counted;        /* when they were last counted; 0 = never */
};

struct du_spooled_t {
    du_ctx_t *ctx;
    du_upload_spool_t *spool;
    apr_file_t *file; /* NULL once it is closed */
    const char *path; /* in staging; NULL once it is removed there */
    apr_off_t size;
    int is_stored;
    const char *device;    /* NULL as long as it is not known */
    apr_off_t device_used; /* what the device has stored already */
};

apr_status_t du_upload_spool_make(du_ctx_t *ctx, const char *files, const du_upload_limits_t *limits,
                                  apr_pool_t *pool, du_upload_spool_t **spool)
{
    du_upload_spool_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    *spool = NULL;
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0424), "no mutex for device logs: %pm", (void *)&rv);
    }
    made->files = apr_pstrdup(pool, files);
    made->limits = *limits;
    *spool = made;
    return APR_SUCCESS;
}

/*
 * Counting: with the system's own calls, because apr_dir_read() keeps a copy of every name
 */

/* What is counted: the logs of a device, or everything if it is NULL; then what is stale is removed. */
typedef struct count_t {
    const char *device;
    time_t stale; /* older than this */
    apr_off_t bytes;
} count_t;

static void count_file(int directory, const char *name, int is_staging, count_t *count)
{
    struct stat info;

    if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
        return;
    }
    if (is_staging && info.st_mtime < count->stale && unlinkat(directory, name, 0) == 0) {
        return;
    }
    count->bytes += info.st_size;
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
    DIR *directory = name[0] != '.' || is_staging ? open_directory(parent, name) : NULL;

    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        if (!count->device || (!is_staging && du_upload_is_of(entry->d_name, name, count->device))) {
            count_file(dirfd(directory), entry->d_name, is_staging, count);
        }
    }
    if (directory) {
        closedir(directory);
    }
}

static apr_off_t count_bytes(du_ctx_t *ctx, const du_upload_spool_t *spool, const char *device)
{
    count_t count = {device, (time_t)apr_time_sec(du_now(ctx)) - STALE, 0};
    DIR *root = open_directory(AT_FDCWD, apr_pstrcat(ctx->pool, spool->files, "/" DU_UPLOAD_DIR, NULL));

    for (struct dirent *entry; root && (entry = readdir(root));) {
        count_directory(dirfd(root), entry->d_name, &count);
    }
    if (root) {
        closedir(root);
    }
    return count.bytes;
}

/* Others who want to add wait until it is counted: it is once a minute. */
static void refresh_total(du_ctx_t *ctx, du_upload_spool_t *spool)
{
    apr_time_t now = du_now(ctx);

    apr_thread_mutex_lock(spool->mutex);
    if (spool->counted == 0 || now - spool->counted >= COUNT_INTERVAL || now < spool->counted) {
        spool->total = count_bytes(ctx, spool, NULL);
        spool->counted = now;
    }
    apr_thread_mutex_unlock(spool->mutex);
}

/* Adds bytes to the total, which may be negative; answers the new one. */
static apr_off_t add_to_total(du_upload_spool_t *spool, apr_off_t bytes)
{
    apr_off_t total;

    apr_thread_mutex_lock(spool->mutex);
    total = spool->total += bytes;
    apr_thread_mutex_unlock(spool->mutex);
    return total;
}

/*
 * Refusals
 */

static du_upload_reason_e refuse(du_ctx_t *ctx, du_upload_reason_e reason, const char *id, const char *sentence)
{
    du_fail(ctx, du_upload_reason_status(reason), id, "%s", sentence);
    return reason;
}

static du_upload_reason_e refuse_write(du_ctx_t *ctx, const char *path, apr_status_t rv)
{
    du_upload_reason_e reason =
        APR_STATUS_IS_ENOSPC(rv) || APR_TO_OS_ERROR(rv) == EDQUOT ? DU_UPLOAD_DISK_FULL : DU_UPLOAD_NOT_WRITTEN;

    du_fail(ctx, du_upload_reason_status(reason), DUNO(0420), "%s cannot be written: %pm", path, (void *)&rv);
    return reason;
}

/* Both quotas, after `more` bytes were added to the total. */
static du_upload_reason_e check_quotas(du_spooled_t *log, apr_off_t total)
{
    const du_upload_limits_t *limits = &log->spool->limits;

    if (log->device && log->device_used + log->size > limits->device_quota) {
        return refuse(log->ctx, DU_UPLOAD_DEVICE_QUOTA, DUNO(0421), "a device has stored as many logs as it may");
    }
    if (total > limits->quota) {
        return refuse(log->ctx, DU_UPLOAD_QUOTA, DUNO(0422), "there are as many logs as there may be");
    }
    return DU_UPLOAD_ACCEPTED;
}

static du_upload_reason_e check_free(du_spooled_t *log)
{
    apr_off_t min_free = log->spool->limits.min_free;
    apr_os_file_t fd;
    struct statvfs info;

    if (min_free == 0 || apr_os_file_get(&fd, log->file) != APR_SUCCESS || fstatvfs(fd, &info) != 0 ||
        (apr_uint64_t)info.f_bavail * info.f_frsize >= (apr_uint64_t)min_free) {
        return DU_UPLOAD_ACCEPTED;
    }
    return refuse(log->ctx, DU_UPLOAD_DISK_FULL, DUNO(0423),
                  "the disk of the logs has less free space than DevUpdateMinFreeSpace");
}

/*
 * A log
 */

void du_spooled_drop(du_spooled_t *log)
{
    if (log->file) {
        apr_file_close(log->file);
        log->file = NULL;
    }
    if (log->path) {
        apr_file_remove(log->path, log->ctx->pool);
        log->path = NULL;
        if (!log->is_stored) {
            add_to_total(log->spool, -log->size);
        }
    }
}

static apr_status_t drop(void *log)
{
    du_spooled_drop(log);
    return APR_SUCCESS;
}

/* Nodes that share the directory are told apart by nothing here, so names are random. */
static apr_status_t open_staging(du_spooled_t *log)
{
    const apr_int32_t flags =
        APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_BINARY | APR_FOPEN_BUFFERED;
    apr_pool_t *pool = log->ctx->pool;
    char name[APR_UUID_FORMATTED_LENGTH + 1];
    apr_uuid_t uuid;
    apr_status_t rv;

    apr_uuid_get(&uuid);
    apr_uuid_format(name, &uuid);
    log->path = apr_pstrcat(pool, log->spool->files, "/" DU_UPLOAD_STAGING "/", name, NULL);
    rv = apr_file_open(&log->file, log->path, flags, LOG_PERMISSIONS, pool);
    if (APR_STATUS_IS_ENOENT(rv)) {
        rv = du_file_make_dirs(log->spool->files, DU_UPLOAD_STAGING, pool);
        if (rv == APR_SUCCESS) {
            rv = apr_file_open(&log->file, log->path, flags, LOG_PERMISSIONS, pool);
        }
    }
    if (rv == APR_SUCCESS) {
        apr_file_buffer_set(log->file, apr_palloc(pool, WRITE_BUFFER), WRITE_BUFFER);
    }
    return rv;
}

du_upload_reason_e du_spooled_begin(du_ctx_t *ctx, du_upload_spool_t *spool, du_spooled_t **log)
{
    du_spooled_t *made = apr_pcalloc(ctx->pool, sizeof(*made));
    du_upload_reason_e reason;
    apr_status_t rv;

    *log = NULL;
    made->ctx = ctx;
    made->spool = spool;
    refresh_total(ctx, spool);
    rv = open_staging(made);
    if (rv != APR_SUCCESS) {
        return refuse_write(ctx, made->path, rv);
    }
    apr_pool_cleanup_register(ctx->pool, made, drop, apr_pool_cleanup_null);
    reason = check_free(made);
    if (reason == DU_UPLOAD_ACCEPTED) {
        *log = made;
    } else {
        du_spooled_drop(made);
    }
    return reason;
}

du_upload_reason_e du_spooled_write(du_spooled_t *log, const char *bytes, apr_size_t len)
{
    du_upload_reason_e reason;
    apr_status_t rv;

    log->size += (apr_off_t)len;
    reason = check_quotas(log, add_to_total(log->spool, (apr_off_t)len));
    if (reason != DU_UPLOAD_ACCEPTED) {
        return reason;
    }
    rv = apr_file_write_full(log->file, bytes, len, NULL);
    return rv == APR_SUCCESS ? DU_UPLOAD_ACCEPTED : refuse_write(log->ctx, log->path, rv);
}

du_upload_reason_e du_spooled_set_device(du_spooled_t *log, const char *device)
{
    if (!log->device || strcmp(log->device, device) != 0) {
        log->device = device;
        log->device_used = count_bytes(log->ctx, log->spool, device);
    }
    return check_quotas(log, add_to_total(log->spool, 0));
}

apr_off_t du_spooled_size(const du_spooled_t *log)
{
    return log->size;
}

/*
 * Storing
 */

/* Links the log to the first free name of its second. A link does not replace what is there, a rename would. */
static apr_status_t link_to_name(du_spooled_t *log, const char *directory, const du_upload_name_t *name,
                                 const char **path)
{
    apr_time_t now = du_now(log->ctx);
    apr_status_t rv = APR_EEXIST;

    for (int number = 0; number < MAX_NUMBER && APR_STATUS_IS_EEXIST(rv); number++) {
        *path =
            apr_pstrcat(log->ctx->pool, directory, "/", du_upload_file_name(log->ctx->pool, name, now, number), NULL);
        rv = apr_file_link(log->path, apr_pstrcat(log->ctx->pool, log->spool->files, "/", *path, NULL));
    }
    return rv;
}

static apr_status_t sync_file(du_spooled_t *log)
{
    apr_status_t rv = apr_file_sync(log->file);
    apr_status_t closed = apr_file_close(log->file);

    log->file = NULL;
    return rv == APR_SUCCESS ? closed : rv;
}

/* A name that may be gone after a power cut is not reported as stored, so it must not stay. */
static apr_status_t sync_name(du_spooled_t *log, const char *directory, const char *path)
{
    apr_pool_t *pool = log->ctx->pool;
    apr_status_t rv = du_file_sync_dir(apr_pstrcat(pool, log->spool->files, "/", directory, NULL), pool);

    if (rv != APR_SUCCESS) {
        apr_file_remove(apr_pstrcat(pool, log->spool->files, "/", path, NULL), pool);
    }
    return rv;
}

du_upload_reason_e du_spooled_store(du_spooled_t *log, const du_upload_name_t *name, const char **path)
{
    const char *directory = apr_pstrcat(log->ctx->pool, DU_UPLOAD_DIR "/", name->type, NULL), *stored;
    apr_status_t rv = sync_file(log);

    if (rv == APR_SUCCESS) {
        rv = du_file_make_dirs(log->spool->files, directory, log->ctx->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = link_to_name(log, directory, name, &stored);
    }
    if (rv == APR_SUCCESS) {
        rv = sync_name(log, directory, stored);
    }
    log->is_stored = rv == APR_SUCCESS;
    du_spooled_drop(log);
    if (rv != APR_SUCCESS) {
        return refuse_write(log->ctx, directory, rv);
    }
    *path = stored;
    return DU_UPLOAD_ACCEPTED;
}
