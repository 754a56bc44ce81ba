#include "du_upload_spool.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_uuid.h>

#include "du_file.h"

#define WRITE_BUFFER 65536 /* bytes; pieces of a body come in eight thousand */
#define MAX_NUMBER   1000  /* logs of one device, type and second */

/* Logs are about people, so they are for the owner and its group only. */
#define LOG_PERMISSIONS (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD)

struct du_upload_spool_t {
    const char *files;
    du_upload_limits_t limits;
    du_upload_usage_t *usage;
};

struct du_spooled_t {
    du_ctx_t *ctx;
    du_upload_spool_t *spool;
    apr_file_t *file; /* NULL once it is closed */
    const char *path; /* in staging; NULL once it is removed there */
    apr_off_t size;
    int is_stored;
    const char *device;    /* NULL as long as it is not known */
    apr_off_t device_used; /* the most that the device may have stored already */
    int is_counted;        /* and that is what it has */
};

du_upload_spool_t *du_upload_spool_make(const char *files, const du_upload_limits_t *limits, du_upload_usage_t *usage,
                                        apr_pool_t *pool)
{
    du_upload_spool_t *made = apr_pcalloc(pool, sizeof(*made));

    made->files = apr_pstrdup(pool, files);
    made->limits = *limits;
    made->usage = usage;
    return made;
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

/* The shared count may say too much; what is on the disk decides, and is looked at once in an upload. */
static int is_over_device_quota(du_spooled_t *log)
{
    apr_off_t quota = log->spool->limits.device_quota;

    if (log->device && !log->is_counted && log->device_used + log->size > quota) {
        log->device_used = du_upload_usage_count(log->ctx, log->spool->files, log->device);
        log->is_counted = 1;
    }
    return log->device && log->device_used + log->size > quota;
}

/* Both quotas; total is that of all logs by now. */
static du_upload_reason_e check_quotas(du_spooled_t *log, apr_off_t total)
{
    if (is_over_device_quota(log)) {
        return refuse(log->ctx, DU_UPLOAD_DEVICE_QUOTA, DUNO(0421), "a device has stored as many logs as it may");
    }
    if (total > log->spool->limits.quota) {
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
            du_upload_usage_add(log->spool->usage, -log->size);
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
    du_upload_usage_refresh(ctx, spool->files, spool->usage);
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
    reason = check_quotas(log, du_upload_usage_add(log->spool->usage, (apr_off_t)len));
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
        log->device_used = du_upload_usage_add_device(log->spool->usage, device, 0);
        log->is_counted = 0;
    }
    return check_quotas(log, du_upload_usage_add(log->spool->usage, 0));
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
    if (log->is_stored) {
        du_upload_usage_add_device(log->spool->usage, name->device, log->size);
    }
    du_spooled_drop(log);
    if (rv != APR_SUCCESS) {
        return refuse_write(log->ctx, directory, rv);
    }
    *path = stored;
    return DU_UPLOAD_ACCEPTED;
}
