/*
 * The records that wait in a file store: the files of all three series of all its nodes, read on from where each was left, and
 * merged by time, so that a download comes between the check before it and the one behind. Within a file the order is that
 * of the lines, whatever their times say.
 *
 * What was taken from the queue counts as read when du_record_queue_done() is told how far the store has come with a file; a
 * queue that is thrown away before has lost nothing.
 */
#ifndef DU_RECORD_QUEUE_H
#define DU_RECORD_QUEUE_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "du_ctx.h"
#include "du_record.h"

typedef struct du_record_queue_t du_record_queue_t;

/* A file that records are taken from. */
typedef struct du_record_source_t {
    const char *path;    /* to open it */
    const char *name;    /* by which the store knows it: its path below DeviceUpdateLogs, or "import/" and a digest */
    const char *node;    /* whose records they are; "" = not known */
    int is_old;          /* given by hand: its records do not change what is known since */
    apr_off_t known;     /* behind what the store has */
    apr_off_t position;  /* behind what was taken */
    apr_off_t line_size; /* bytes of the line that was taken last */
} du_record_source_t;

/* What waits in the file store `files`, of one node, or with NULL of all. `known` says how far the store has come: name of a
 * source -> apr_off_t *. A file that is shorter than that was begun anew. Files that cannot be read go to the log. */
apr_status_t du_record_queue_open(du_ctx_t *ctx, const char *files, const char *node, apr_hash_t *known,
                                  apr_pool_t *pool, du_record_queue_t **queue);

/* One file, of whatever node or service. Failures as du_record_file_open(), APR_ENOENT with a sentence. */
apr_status_t du_record_queue_open_file(du_ctx_t *ctx, const char *path, apr_hash_t *known, apr_pool_t *pool,
                                       du_record_queue_t **queue);

/* The next record, in record_pool, and where it is from. DU_E_MALFORMED for a line that is none (*line is its number, or 0 if
 * `count_lines` is 0); APR_EOF when all were taken. */
apr_status_t du_record_queue_next(du_ctx_t *ctx, du_record_queue_t *queue, int count_lines, apr_pool_t *record_pool,
                                  du_record_t *record, du_record_source_t **source, apr_int64_t *line);

/* The sources that something was taken from since the last time, to be stored: array of du_record_source_t *, in pool. */
apr_array_header_t *du_record_queue_moved(const du_record_queue_t *queue, apr_pool_t *pool);

/* They are stored. */
void du_record_queue_done(du_record_queue_t *queue);

#endif
