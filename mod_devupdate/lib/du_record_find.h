/*
 * The last check of one phone, from the audit files that all nodes wrote to a file store.
 */
#ifndef DU_RECORD_FIND_H
#define DU_RECORD_FIND_H

#include "du_ctx.h"
#include "du_phone.h"
#include "du_record_check.h"

/* A check and where it is recorded. */
typedef struct du_record_found_t {
    const char *node; /* that answered */
    const char *path;
    du_record_check_t *check;
} du_record_found_t;

/* The last check of the phone at `until` or before, in pool; not looked for in files of days before `since`. Records are the
 * phone's by MAC address, else by serial number; those with neither by the address of a phone that has neither. DU_E_NOT_FOUND
 * without a sentence if there is none. Files that cannot be read go to the log, and the others are read. */
apr_status_t du_record_find(du_ctx_t *ctx, const char *files, const du_phone_t *phone, apr_time_t since,
                            apr_time_t until, apr_pool_t *pool, du_record_found_t *found);

#endif
