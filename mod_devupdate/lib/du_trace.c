#include "du_trace.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_record_queue.h"
#include "du_retain.h"
#include "du_text.h"

struct du_trace_t {
    const char *files;
    apr_hash_t *known; /* as du_record_queue_open() wants it */
};

/* The directories below DeviceUpdateLogs, as names of sources begin with them. */
static const char *const directories[DU_LOG_KINDS] = {[DU_LOGS_AUDIT] = DU_JOURNAL_DIR,
                                                      [DU_LOGS_DOWNLOADS] = DU_JOURNAL_DOWNLOAD,
                                                      [DU_LOGS_UPLOADS] = DU_JOURNAL_UPLOAD};

/* A du_log_file_fn. */
static apr_status_t note_size(void *baton, const du_log_file_t *file)
{
    du_trace_t *trace = baton;
    apr_pool_t *pool = apr_hash_pool_get(trace->known);

    if (directories[file->kind]) {
        const char *below = directories[file->kind] + strlen("DeviceUpdateLogs/");

        apr_hash_set(trace->known, apr_pstrcat(pool, below, "/", file->name, NULL), APR_HASH_KEY_STRING,
                     apr_pmemdup(pool, &file->size, sizeof(file->size)));
    }
    return APR_SUCCESS;
}

apr_status_t du_trace_begin(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_trace_t **trace)
{
    *trace = apr_palloc(pool, sizeof(**trace));
    (*trace)->files = apr_pstrdup(pool, files);
    (*trace)->known = apr_hash_make(pool);
    return du_retain_walk(ctx, files, NULL, note_size, *trace);
}

apr_status_t du_trace_find(du_ctx_t *ctx, const du_trace_t *trace, const char *serial, apr_pool_t *pool,
                           du_record_t *record)
{
    du_record_queue_t *queue;
    du_record_source_t *source;
    apr_int64_t line;
    apr_status_t rv = du_record_queue_open(ctx, trace->files, NULL, trace->known, pool, &queue);

    while (rv == APR_SUCCESS || rv == DU_E_MALFORMED) {
        rv = du_record_queue_next(ctx, queue, 0, pool, record, &source, &line);
        if (rv == APR_SUCCESS && record->series == DU_SERIES_CHECKS && du_text_equal(record->serial, serial)) {
            return APR_SUCCESS;
        }
    }
    return rv == APR_EOF ? DU_E_NOT_FOUND : rv;
}
