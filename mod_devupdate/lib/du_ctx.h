/*
 * The context of one piece of work: one request, one command, one CGI run, one turn of the watchdog.
 *
 * It carries what the library may not take from globals: memory, time, where messages go, and the last failure.
 * A context belongs to one thread.
 */
#ifndef DU_CTX_H
#define DU_CTX_H

#include <apr_pools.h>
#include <apr_time.h>

#include "du_error.h"

/* Every message of the product has an id "DU" + four digits with one call site (conf/messages.md explains each). */
#define DUNO(number) "DU" #number

typedef enum { DU_LOG_ERROR, DU_LOG_WARNING, DU_LOG_NOTICE, DU_LOG_INFO, DU_LOG_DEBUG } du_log_level_e;

/* What failed last: recorded by du_fail(), printed by whoever handles it. id and message are NULL if nothing failed. */
typedef struct du_failure_t {
    apr_status_t status;
    const char *id;      /* "DU0612" */
    const char *message; /* a sentence without the id and without a full stop */
} du_failure_t;

/* Where messages go: httpd's log, standard error, or nowhere. status is APR_SUCCESS if the message is not about one. */
typedef void du_log_fn(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message);

/* Told before (begins is 1) and after (0) everything that may wait for the database for ever, so that a program can set
 * itself a limit: the library has none. */
typedef void du_waiting_fn(void *baton, int begins);

typedef struct du_ctx_t {
    apr_pool_t *pool;               /* results of this piece of work live here */
    apr_time_t (*now)(void *baton); /* the clock; NULL is the system's */
    du_log_fn *log;                 /* NULL drops messages */
    du_waiting_fn *waiting;         /* NULL waits as long as it takes */
    void *baton;                    /* handed to now, log and waiting */
    du_failure_t failure;
} du_ctx_t;

/* A context without a log and with the system's clock, for the given pool. */
du_ctx_t *du_ctx_make(apr_pool_t *pool);

apr_time_t du_now(const du_ctx_t *ctx);

/* Records a failure and answers status, so that a function can end with `return du_fail(...)`. Logs nothing: who
 * handles the failure calls du_report(), once. */
apr_status_t du_fail(du_ctx_t *ctx, apr_status_t status, const char *id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Logs the recorded failure and forgets it; does nothing if there is none. */
void du_report(du_ctx_t *ctx, du_log_level_e level);

/* Logs a message that is not a failure. */
void du_log(const du_ctx_t *ctx, du_log_level_e level, const char *id, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
