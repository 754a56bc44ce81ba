/*
 * At most one message per minute and client, over all processes that share the table.
 *
 * The table is plain zeroed memory (shared between processes or not); each entry remembers the minute in which a client
 * that hashes to it was last let through. Two clients that hash to one entry share a minute: rather a message too few.
 */
#ifndef DU_THROTTLE_H
#define DU_THROTTLE_H

#include <apr_time.h>

#define DU_THROTTLE_ENTRIES 4096

typedef struct du_throttle_t {
    volatile apr_uint32_t minute[DU_THROTTLE_ENTRIES];
} du_throttle_t;

/* 1 if the client's message may be logged now, and then not again in this minute. */
int du_throttle_pass(du_throttle_t *throttle, const char *client, apr_time_t now);

#endif
