/*
 * Recorded checks decided once more: whether a rule set answers them as they were answered.
 */
#ifndef DU_REPLAY_H
#define DU_REPLAY_H

#include "du_record_check.h"

#define DU_REPLAY_NAMED 20 /* lines that are named */

/* A record with another answer. Its texts are cut and made visible, as in du_record_t. */
typedef struct du_replay_line_t {
    const char *path;
    apr_int64_t line; /* the first one is 1 */
    du_record_t record;
    const char *result, *reason, *offered; /* the answer of the rule set */
} du_replay_line_t;

/* What was read. */
typedef struct du_replay_t {
    apr_int64_t same, other;         /* checks whose answer is the recorded one, or another one */
    apr_int64_t refused;             /* checks that no rule set answered */
    apr_int64_t bad;                 /* lines that are no records */
    apr_int64_t strange;             /* records of downloads and uploads */
    apr_int64_t reasons[DU_REASONS]; /* those that were decided, by the reason of now */
    int nnamed;
    du_replay_line_t named[DU_REPLAY_NAMED]; /* the first with another answer; in ctx->pool */
} du_replay_t;

/* Reads a file of records, of this service or of the original, and adds to *replay, which begins with zeros. In constant memory.
 * Failures as du_record_file_open(). */
apr_status_t du_replay_file(du_ctx_t *ctx, const du_ruleset_t *ruleset, const char *path, du_replay_t *replay);

#endif
