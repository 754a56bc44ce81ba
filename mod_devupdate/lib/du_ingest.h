/*
 * Ingest: records of what phones did (du_journal.h) become rows of the inventory (house.md D2).
 *
 * Records are read in batches of bounded size. A batch's rows and how far its files were read are one transaction: whatever
 * ends the program, nothing is lost and nothing counted twice. Two that read the same file at the same time do no harm,
 * either: whoever commits second finds that the store is further than it thought, and begins again from there.
 */
#ifndef DU_INGEST_H
#define DU_INGEST_H

#include "du_store.h"

#define DU_INGEST_NAMED 5 /* bad lines that are named */

typedef struct du_ingest_t du_ingest_t;

typedef struct du_ingest_line_t {
    const char *path;
    apr_int64_t line; /* the first one is 1 */
} du_ingest_line_t;

/* What was read. */
typedef struct du_ingest_report_t {
    apr_int64_t good, bad;                   /* lines */
    apr_int64_t new_phones, merged;          /* phones; those that turned out to be another one */
    apr_int64_t over, strange;               /* records of phones and kinds that there is no room for */
    du_ingest_line_t named[DU_INGEST_NAMED]; /* the first bad lines; in ctx->pool */
    int nnamed;
} du_ingest_report_t;

/* For a store that is open, as long as pool. */
du_ingest_t *du_ingest_make(du_store_t *store, apr_pool_t *pool);

/* Reads what waits in the file store `files`, of one node, or with NULL of all nodes, to its end. *report is what was committed,
 * also after a failure. Once a day, users are forgotten as the settings want it. */
apr_status_t du_ingest_run(du_ctx_t *ctx, du_ingest_t *ingest, const char *files, const char *node,
                           du_ingest_report_t *report);

/* Reads a file of whatever node, or of the original service: what was not read of it yet. Its records do not undo what is known
 * since. Failures as du_record_file_open(). */
apr_status_t du_ingest_file(du_ctx_t *ctx, du_ingest_t *ingest, const char *path, du_ingest_report_t *report);

/* Adds up two. */
void du_ingest_add(du_ingest_report_t *sum, const du_ingest_report_t *report);

#endif
