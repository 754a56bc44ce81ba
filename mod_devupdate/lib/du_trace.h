/*
 * Finding the record that a check leaves which is made right now: what the server took it for, and from where it came.
 */
#ifndef DU_TRACE_H
#define DU_TRACE_H

#include "du_ctx.h"
#include "du_record.h"

typedef struct du_trace_t du_trace_t;

/* Notes how far the records of all nodes in the file store `files` go, before the check is made. Lives in pool. */
apr_status_t du_trace_begin(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_trace_t **trace);

/* The record of a check with that serial number among those that came since, in pool. DU_E_NOT_FOUND without a sentence if there
 * is none, or none yet. */
apr_status_t du_trace_find(du_ctx_t *ctx, const du_trace_t *trace, const char *serial, apr_pool_t *pool,
                           du_record_t *record);

#endif
