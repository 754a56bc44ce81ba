/*
 * The disk that the file store is on: how much is free, and what this process may not do there.
 */
#ifndef DU_DISK_H
#define DU_DISK_H

#include <apr_tables.h>

#include "du_ctx.h"

typedef struct du_disk_room_t {
    apr_off_t free, size;              /* bytes; free is what this process may take */
    apr_int64_t free_names, all_names; /* inodes; 0 of 0 where the file system has no such limit */
} du_disk_room_t;

/* What statvfs() says of the file store's directory. */
apr_status_t du_disk_room(du_ctx_t *ctx, const char *files, du_disk_room_t *room);

#define DU_DISK_DENIED_MAX 10

/*
 * What a node could not do in the file store if it ran as this process does, as sentences (array of const char *, at most
 * DU_DISK_DENIED_MAX): directories must be writable, all but the one with the trust anchors; files readable, and those that
 * nodes append to also writable. Device logs are not looked at one by one. A file store of which nothing is there yet has to
 * be writable itself.
 */
apr_status_t du_disk_denied(du_ctx_t *ctx, const char *files, apr_pool_t *pool, apr_array_header_t **denied);

/* 1 if this process may do everything (root), so that the answers above say nothing of others. */
int du_disk_is_almighty(void);

#endif
