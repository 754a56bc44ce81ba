/*
 * What a node counts, and what it tells of itself: for httpd's server-status and in OpenMetrics.
 *
 * Counters stand in plain zeroed memory that all children share. Counting is one atomic addition, nobody waits for a
 * lock. They begin at 0 whenever httpd starts or restarts, also gracefully, as readers of counters expect. Nothing is
 * counted by device: all labels have few values, and their number is known before the first phone comes. Only the names
 * of models come from elsewhere, and there are at most DU_STATS_MODELS of them; what does not fit is counted as "other".
 */
#ifndef DU_STATS_H
#define DU_STATS_H

#include <apr_tables.h>

#include "du_decide.h"
#include "du_journal.h"

#define DU_STATS_MODELS 256

/*
 * THE list of metrics. conf/metrics.md explains each; a lint compares the two.
 *
 *   X(kind, member, "unit", first, second, "help")
 *
 * kind: COUNTER (in shared memory) or GAUGE (looked up when somebody asks). The name is devupdate_<member>; a unit is
 * its last word. first and second: what it is divided by, one of the dimensions below.
 */
/* clang-format off */
#define DU_METRIC_LIST(X)                                                                                             \
    X(COUNTER, checks,              "",        ENDPOINT, REASON,  "Update checks answered")                           \
    X(COUNTER, refusals,            "",        ENDPOINT, REQUEST, "Requests of phones answered with an error status") \
    X(COUNTER, downloads,           "",        ALL,      MODEL,   "Responses with an image or a part of one")         \
    X(COUNTER, download_bytes,      "bytes",   ALL,      MODEL,   "Bytes of images sent")                             \
    X(COUNTER, uploads,             "",        ENDPOINT, UPLOAD,  "Device logs that phones sent")                     \
    X(COUNTER, upload_bytes,        "bytes",   ENDPOINT, ALL,     "Bytes of device logs stored")                      \
    X(COUNTER, journal_records,     "",        SERIES,   OUTCOME, "Records of the journal, written and lost")         \
    X(GAUGE,   journal_file,        "",        SERIES,   ALL,     "Number of the journal's file in its day")          \
    X(GAUGE,   journal_file_bytes,  "bytes",   SERIES,   ALL,     "Size of the journal's file")                       \
    X(GAUGE,   ruleset_generation,  "",        ALL,      ALL,     "The store's generation the rule set is made of")   \
    X(GAUGE,   ruleset_age_seconds, "seconds", ALL,      ALL,     "Time since the rule set was compiled")             \
    X(GAUGE,   ruleset_rules,       "",        ALL,      ALL,     "Rules in the rule set")                            \
    X(GAUGE,   ruleset_bytes,       "bytes",   ALL,      ALL,     "Memory of the rule set")
/* clang-format on */

/* Words of the dimensions that are nobody else's. */
#define DU_STAT_ENDPOINT_LIST(X) X(DU_STAT_INTERNAL, "internal") X(DU_STAT_EXTERNAL, "external")
#define DU_STAT_REQUEST_LIST(X)  X(DU_STAT_CHECK, "check") X(DU_STAT_DOWNLOAD, "download") X(DU_STAT_UPLOAD, "upload")
#define DU_STAT_UPLOAD_LIST(X)   X(DU_STAT_STORED, "stored") X(DU_STAT_REFUSED, "refused")
#define DU_STAT_OUTCOME_LIST(X)  X(DU_STAT_WRITTEN, "written") X(DU_STAT_LOST, "lost")

#define DU_STAT_ENUM(id, word) id,
typedef enum { DU_STAT_ENDPOINT_LIST(DU_STAT_ENUM) DU_STAT_ENDPOINTS } du_stat_endpoint_e;
typedef enum { DU_STAT_REQUEST_LIST(DU_STAT_ENUM) DU_STAT_REQUESTS } du_stat_request_e;
typedef enum { DU_STAT_UPLOAD_LIST(DU_STAT_ENUM) DU_STAT_UPLOADS } du_stat_upload_e;
typedef enum { DU_STAT_OUTCOME_LIST(DU_STAT_ENUM) DU_STAT_OUTCOMES } du_stat_outcome_e;
#undef DU_STAT_ENUM

/* What a metric can be divided by: X(dimension, how many values) */
#define DU_DIMENSION_LIST(X)                                                                                         \
    X(ALL, 1)                                                                                                        \
    X(ENDPOINT, DU_STAT_ENDPOINTS)                                                                                   \
    X(REQUEST, DU_STAT_REQUESTS)                                                                                     \
    X(REASON, DU_REASONS)                                                                                            \
    X(MODEL, DU_STATS_MODELS + 1) /* the last one is "other" */                                                      \
    X(UPLOAD, DU_STAT_UPLOADS)                                                                                       \
    X(SERIES, DU_SERIES)                                                                                             \
    X(OUTCOME, DU_STAT_OUTCOMES)

enum {
#define DU_DIMENSION_SIZE(dimension, size) DU_STATS_##dimension##_SIZE = size,
    DU_DIMENSION_LIST(DU_DIMENSION_SIZE)
#undef DU_DIMENSION_SIZE
};

typedef struct du_stats_model_t {
    char brand[DU_KEY_PART_MAX + 1];
    char model[DU_KEY_PART_MAX + 1];
} du_stats_model_t;

#define DU_STATS_CELLS_COUNTER(type, member, first, second)                                                          \
    type member[DU_STATS_##first##_SIZE][DU_STATS_##second##_SIZE];
#define DU_STATS_CELLS_GAUGE(type, member, first, second)

/* In shared memory, zeroed at first. Written by the functions below only. */
typedef struct du_stats_t {
#define DU_STATS_MEMBER(kind, member, unit, first, second, help)                                                     \
    DU_STATS_CELLS_##kind(volatile apr_uint64_t, member, first, second)
    DU_METRIC_LIST(DU_STATS_MEMBER)
#undef DU_STATS_MEMBER
    volatile apr_uint32_t nmodels; /* grows only, after the name is there */
    du_stats_model_t models[DU_STATS_MODELS];
} du_stats_t;

#undef DU_STATS_CELLS_COUNTER
#undef DU_STATS_CELLS_GAUGE
#define DU_STATS_CELLS_COUNTER(type, member, first, second)
#define DU_STATS_CELLS_GAUGE(type, member, first, second)                                                            \
    type member[DU_STATS_##first##_SIZE][DU_STATS_##second##_SIZE];

/* What is looked up when somebody asks; -1 is "not known" and not told. */
typedef struct du_gauges_t {
#define DU_STATS_MEMBER(kind, member, unit, first, second, help)                                                     \
    DU_STATS_CELLS_##kind(apr_int64_t, member, first, second)
    DU_METRIC_LIST(DU_STATS_MEMBER)
#undef DU_STATS_MEMBER
} du_gauges_t;

#undef DU_STATS_CELLS_COUNTER
#undef DU_STATS_CELLS_GAUGE

/*
 * Counting. Any thread of any child; is_external as in du_stat_endpoint_e.
 */

/* A check that was answered, whichever way. */
void du_stats_check(du_stats_t *stats, int is_external, const du_decision_t *decision);

/* A response with (a part of) the file of this URL path below a file root ("UCPhone/POLYCOM/CX600/..."). */
void du_stats_download(du_stats_t *stats, const char *path, apr_off_t sent);

/* A device log that was stored, or refused; size does not count for the latter. */
void du_stats_upload(du_stats_t *stats, int is_external, int is_stored, apr_off_t size);

/* A request for an image that was answered with an error. Refused checks and uploads are counted by the functions
 * above. */
void du_stats_refusal(du_stats_t *stats, int is_external);

/* A record of the journal; for one that could not be written is_written is 0. */
void du_stats_record(du_stats_t *stats, du_series_e series, int is_written);

/* Makes a model known. One caller at a time: the process that compiles rule sets. */
void du_stats_add_model(du_stats_t *stats, const char *brand, const char *model);

/*
 * Telling
 */

void du_gauges_clear(du_gauges_t *gauges);

typedef struct du_metric_t {
    const char *name; /* devupdate_checks, without _total */
    int is_counter;
    const char *unit; /* "" if it has none */
    const char *help;
} du_metric_t;

#define DU_STATS_LABELS 4

typedef struct du_label_t {
    const char *name, *value;
} du_label_t;

/* One figure. */
typedef struct du_sample_t {
    const du_metric_t *metric;
    int nlabels;
    du_label_t labels[DU_STATS_LABELS];
    apr_int64_t value;
} du_sample_t;

/* All figures as du_sample_t, in the order of the list. */
apr_array_header_t *du_stats_samples(const du_stats_t *stats, const du_gauges_t *gauges, apr_pool_t *pool);

/* A figure's name with its labels: devupdate_uploads_total{endpoint="internal",result="stored"} */
const char *du_stats_series(const du_sample_t *sample, apr_pool_t *pool);

/* The figures in OpenMetrics 1.0 text. */
#define DU_STATS_MEDIA_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
const char *du_stats_openmetrics(const apr_array_header_t *samples, apr_pool_t *pool);

#endif
