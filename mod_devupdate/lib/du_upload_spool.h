/*
 * The directory of device logs: how a log comes into it whole or not at all, and how much may be in it.
 *
 *     <files>/DeviceUpdateLogs/Client/.staging/<random>   while it comes in
 *     <files>/DeviceUpdateLogs/Client/<Type>/<name>       once it is complete and synced (du_upload_identity.h: names)
 *
 * Quotas hold across the children and nodes that share the directory, as exactly as du_upload_usage.h counts it. Uploads of
 * one device that run at the same time do not see each other in its own quota.
 */
#ifndef DU_UPLOAD_SPOOL_H
#define DU_UPLOAD_SPOOL_H

#include <apr_file_io.h>

#include "du_ctx.h"
#include "du_upload_identity.h"
#include "du_upload_usage.h"

/* All in bytes. */
typedef struct du_upload_limits_t {
    apr_off_t quota;        /* of all logs together */
    apr_off_t device_quota; /* of those of one device */
    apr_off_t min_free;     /* what must be free on the disk when an upload begins; 0 = anything will do */
} du_upload_limits_t;

typedef struct du_upload_spool_t du_upload_spool_t; /* shared by the threads of a process */
typedef struct du_spooled_t du_spooled_t;           /* a log that comes in; belongs to one thread */

/* A spool below the file store; lives as long as pool, and usage must live as long. Directories come to be with the first
 * log. */
du_upload_spool_t *du_upload_spool_make(const char *files, const du_upload_limits_t *limits, du_upload_usage_t *usage,
                                        apr_pool_t *pool);

/* Begins a log, in ctx->pool: unless it is stored by then, nothing is left of it when that pool is cleared. As the two below,
 * answers DU_UPLOAD_ACCEPTED or the reason, with the failure in ctx. */
du_upload_reason_e du_spooled_begin(du_ctx_t *ctx, du_upload_spool_t *spool, du_spooled_t **log);

du_upload_reason_e du_spooled_write(du_spooled_t *log, const char *bytes, apr_size_t len);

/* Says whose log it is (du_upload_name_t): from here on the quota of the device holds. */
du_upload_reason_e du_spooled_set_device(du_spooled_t *log, const char *device);

/* Syncs it and gives it its name, which is no other log's. *path is below the file store, in the pool of the log. */
du_upload_reason_e du_spooled_store(du_spooled_t *log, const du_upload_name_t *name, const char **path);

/* Bytes so far. */
apr_off_t du_spooled_size(const du_spooled_t *log);

/* Gives up, unless it is stored: nothing is left of it. May be called again. */
void du_spooled_drop(du_spooled_t *log);

#endif
