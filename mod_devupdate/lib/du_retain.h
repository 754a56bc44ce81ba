/*
 * How long logs are kept: finding them, removing old ones, and when it is time for that (administration.md 1.5, 1.6).
 *
 * Logs are the files that phones sent (DeviceUpdateLogs/Client/<Type>/) and the three series of files that nodes write
 * (du_journal.h). The latter are named for their node, which is the one that removes them; whose the former are does not
 * show, so each node removes those that are too old by its own setting, and the shortest interval wins. What somebody else
 * has removed already is no failure.
 *
 * Today's files (UTC) of a node are being written and always stay. Symbolic links are neither followed nor removed, and
 * nothing but regular files is.
 */
#ifndef DU_RETAIN_H
#define DU_RETAIN_H

#include <apr_file_io.h>

#include "du_ctx.h"

/* X(id, word): the kinds of logs, in the order in which a quota takes them. */
#define DU_LOG_KIND_LIST(X)                                                                                          \
    X(DU_LOGS_CLIENT, "client")                                                                                      \
    X(DU_LOGS_DOWNLOADS, "downloads")                                                                                \
    X(DU_LOGS_UPLOADS, "uploads")                                                                                    \
    X(DU_LOGS_AUDIT, "audit")

typedef enum {
#define DU_LOG_KIND_ENUM(id, word) id,
    DU_LOG_KIND_LIST(DU_LOG_KIND_ENUM)
#undef DU_LOG_KIND_ENUM
        DU_LOG_KINDS
} du_log_kind_e;

/* "client" */
const char *du_log_kind_word(du_log_kind_e kind);

/* One log while it is looked at. */
typedef struct du_log_file_t {
    du_log_kind_e kind;
    const char *type; /* of a client log: the name of its directory; otherwise "" */
    const char *name; /* in its directory */
    apr_off_t size;
    apr_time_t written; /* when it was last written to */
    int is_current;     /* a node writes to it */
    int directory;      /* the descriptor of its directory */
} du_log_file_t;

/* Called for each log; anything but APR_SUCCESS ends the walk and is returned. */
typedef apr_status_t du_log_file_fn(void *baton, const du_log_file_t *file);

/* Walks the logs of a file store, in no order: all client logs, and the files of a node, or with NULL of every node. A
 * directory that is not there has no logs; one that cannot be looked at is a failure, after the others were. */
apr_status_t du_retain_walk(du_ctx_t *ctx, const char *files, const char *node, du_log_file_fn *visit, void *baton);

/* Days that people may ask to be kept when they remove logs by hand (administration.md 1.6). */
#define DU_CLEAR_DAYS_MIN 1
#define DU_CLEAR_DAYS_MAX 30

/* What is to be removed. */
typedef struct du_retain_t {
    const char *files; /* the file store */
    const char *node;  /* see du_retain_walk() */
    apr_time_t before; /* logs last written to before this go; one written at this very moment stays */
    apr_off_t quota;   /* bytes of all logs, those of other nodes included; beyond it the oldest go, audit files
                                         last. 0 = none */
    int is_dry;        /* only say what would go */
    int (*is_stopped)(void *baton); /* asked before each log: 1 ends the work. NULL = never */
    void *baton;
} du_retain_t;

/* What was removed, by kind. */
typedef struct du_retained_t {
    struct {
        apr_int64_t files, bytes;
    } kind[DU_LOG_KINDS];
    apr_int64_t files, bytes; /* together */
    apr_int64_t kept;         /* files that could not be removed */
} du_retained_t;

/* Counts one log in that is gone. */
void du_retained_add(du_retained_t *removed, const du_log_file_t *file);

/* Removes what is too old and then what is too much. A log that cannot be removed does not keep the others: they are counted,
 * and the failure names one of them. *removed is right in any case. */
apr_status_t du_retain_clean(du_ctx_t *ctx, const du_retain_t *what, du_retained_t *removed);

/* "client 12 files 3456 bytes, audit 1 file 1024000 bytes"; "" for nothing. */
const char *du_retained_text(apr_pool_t *pool, const du_retained_t *removed);

/*
 * When. Pure functions of the clock on the wall (the local time zone), so that a day with 23 or 25 hours has one clean-up.
 */

/* 1 if a clean-up is due at `now` that comes once a day, `minutes` after midnight, if the last one was at `last`. One that
 * was missed is due at once. A `last` that lies days ahead of now is of a clock that was wrong. */
int du_retain_is_due(apr_time_t last, apr_time_t now, int minutes);

/* The time of the last clean-up is kept in a file of the node: 0 if there is none, or nothing readable in it. */
apr_time_t du_retain_last(const char *path, apr_pool_t *pool);
apr_status_t du_retain_set_last(du_ctx_t *ctx, const char *path, apr_time_t when);

#endif
