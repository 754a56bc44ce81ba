/*
 * The logs of a file store as a person looks at them: which there are, what is in one, and removing some.
 *
 * A log is named by an id, "<type>/<name>": "CELog/UCPhone_07823-A345-20261101-CELOG010203_0.clg", or
 * "audit/RequestHandlerAuditLog_web1_2026-11-01.log". An id comes from outside; it is compared with what a walk
 * (du_retain.h) finds and never opened as a path. A file whose name is no segment of a path (du_text_is_segment()) was made
 * by nobody of this service, has no id, and is only counted.
 */
#ifndef DU_LOGS_H
#define DU_LOGS_H

#include "du_retain.h"

#define DU_LOGS_PAGE_MAX 1000 /* logs of one answer */

/* One log. */
typedef struct du_log_t {
    const char *id;
    const char *type; /* directory of what a device sent, else the word of its kind */
    const char *name;
    const char *device; /* "UCPhone_07823-A345": who sent it, as its name says; "" if that is not known */
    du_log_kind_e kind;
    apr_off_t size;
    apr_time_t written; /* last */
    int is_current;     /* a node writes to it: it cannot be removed */
} du_log_t;

/* Which ones; NULL and 0 = all. */
typedef struct du_logs_filter_t {
    const char *type;         /* without regard to case */
    const char *device;       /* a part of the name, without regard to case */
    apr_time_t since, before; /* last written to from one to before the other */
} du_logs_filter_t;

/* X(id, "word"): the orders; equal ones go by type and name. */
#define DU_LOGS_SORT_LIST(X)                                                                                         \
    X(DU_LOGS_NEWEST, "newest")                                                                                      \
    X(DU_LOGS_LARGEST, "largest")

typedef enum {
#define DU_LOGS_SORT_ENUM(id, word) id,
    DU_LOGS_SORT_LIST(DU_LOGS_SORT_ENUM)
#undef DU_LOGS_SORT_ENUM
        DU_LOGS_SORTS
} du_logs_sort_e;

/* 1 and the order of that word, or 0. */
int du_logs_sort_parse(const char *word, du_logs_sort_e *sort);

/* What there is of one type. */
typedef struct du_logs_type_t {
    const char *type;
    apr_int64_t files, bytes;
} du_logs_type_t;

/* Some logs of many. */
typedef struct du_logs_page_t {
    apr_array_header_t *logs;  /* of du_log_t */
    const char *next;          /* where the next page begins; NULL if this is the last one */
    apr_int64_t files, bytes;  /* of all that match, */
    apr_int64_t strange;       /* and how many files beside them have no id */
    apr_array_header_t *types; /* of du_logs_type_t, by name: of all logs, whatever the filter */
} du_logs_page_t;

/* At most `limit` logs (up to DU_LOGS_PAGE_MAX) in order. `after` is the `next` of the page before, NULL for the first.
 * DU_E_MALFORMED with a sentence if it is none. Memory does not grow with the number of logs. */
apr_status_t du_logs_page(du_ctx_t *ctx, const char *files, const du_logs_filter_t *filter, du_logs_sort_e sort,
                          const char *after, int limit, apr_pool_t *pool, du_logs_page_t *page);

/* The place of a log in an order, as `next` has it: for who does not show all of a page. */
const char *du_logs_place(apr_pool_t *pool, const du_log_t *log, du_logs_sort_e sort);

/* A log that is read; closed with its pool. */
typedef struct du_log_reader_t du_log_reader_t;

/* Opens a log and says what it is. DU_E_NOT_FOUND with a sentence. */
apr_status_t du_log_open(du_ctx_t *ctx, const char *files, const char *id, apr_pool_t *pool, du_log_t **log,
                         du_log_reader_t **reader);

/* The next bytes, at most *len; *len = 0 at the end. */
apr_status_t du_log_read(du_log_reader_t *reader, char *bytes, apr_size_t *len);

/* Says what the ids (const char *) name: array of du_log_t; those that are gone are not in it. */
apr_status_t du_logs_find(du_ctx_t *ctx, const char *files, const apr_array_header_t *ids, apr_pool_t *pool,
                          apr_array_header_t **logs);

/* Removes the logs of these ids; those that a node writes to stay, and are counted as kept. As du_retain_clean(). */
apr_status_t du_logs_remove(du_ctx_t *ctx, const char *files, const apr_array_header_t *ids, du_retained_t *removed);

#endif
