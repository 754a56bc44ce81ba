/*
 * How many bytes of device logs there are, in all and of each device.
 *
 * The directory itself is what is counted, staging included, so that it does not matter which child or node wrote what. But
 * half a million phones leave too many files to look at them for every upload: the processes of a node share one count, one
 * of them makes it anew once a minute, and all of them add what they write in between. So what other nodes write within
 * that minute can go over a quota; a quota is there to keep a disk from filling up with logs, for which this is near enough.
 *
 * Plain zeroed memory (shared between processes or not). Devices that hash to one entry of the table are added up there:
 * it may say too much of a device, and who gets a "too much" from it asks du_upload_usage_count().
 */
#ifndef DU_UPLOAD_USAGE_H
#define DU_UPLOAD_USAGE_H

#include "du_ctx.h"

#define DU_UPLOAD_DIR          "DeviceUpdateLogs/Client"
#define DU_UPLOAD_STAGING_NAME ".staging"
#define DU_UPLOAD_STAGING      DU_UPLOAD_DIR "/" DU_UPLOAD_STAGING_NAME

#define DU_UPLOAD_USAGE_ENTRIES 65536

/* All numbers are bytes. Changed by the functions below only. */
typedef struct du_upload_usage_t {
    volatile apr_uint64_t total;
    volatile apr_uint64_t counted; /* apr_time_t of the last count; 0 = there was none */
    volatile apr_uint64_t device[DU_UPLOAD_USAGE_ENTRIES];
} du_upload_usage_t;

/* Counts anew if the last count is a minute old. Whoever comes while another one counts goes on with the numbers there are. What
 * a killed process left in staging is removed when it is an hour old. */
void du_upload_usage_refresh(du_ctx_t *ctx, const char *files, du_upload_usage_t *usage);

/* Adds to the total, less than nothing if something is gone; answers the new one. */
apr_off_t du_upload_usage_add(du_upload_usage_t *usage, apr_off_t bytes);

/* Adds to what a device (du_upload_name_t) has stored, and answers the most that it may be now. */
apr_off_t du_upload_usage_add_device(du_upload_usage_t *usage, const char *device, apr_off_t bytes);

/* What a device has stored, by the names in the directory; NULL = all of them. */
apr_off_t du_upload_usage_count(du_ctx_t *ctx, const char *files, const char *device);

#endif
