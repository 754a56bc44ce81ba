/*
 * A job in the hands of the process that holds its lock.
 */
#ifndef DU_JOB_WORK_H
#define DU_JOB_WORK_H

#include "du_job.h"

typedef struct du_job_work_t {
    du_ctx_t *ctx;
    const char *files;     /* file store */
    const char *directory; /* the job's */
    const char *package;   /* where the cabinet is in it */
    int lock;              /* descriptor; -1 when it is not ours any more */
    int is_cancelled;      /* and so DU_E_CONFLICT is no failure */
    du_job_t job;
    apr_time_t written; /* when the state was */
} du_job_work_t;

/* Makes a job of what is asked for (account, filename, note, allow_unsigned), with its directory and its lock. It lives in
 * ctx->pool; unless du_job_work_leave() was called by then, nothing is left of it when that pool is cleared. */
apr_status_t du_job_work_begin(du_ctx_t *ctx, const char *files, const du_job_t *asked, du_job_work_t **work);

/* A du_progress_fn whose baton is the work: keeps the state, now and then. DU_E_CONFLICT if somebody wants it to end. */
apr_status_t du_job_work_progress(void *work, const char *doing, apr_off_t done, apr_off_t total);

/* Keeps the state now. */
apr_status_t du_job_work_save(du_job_work_t *work);

/* Lets go of a job that ends later, in another process, or that has ended. */
void du_job_work_leave(du_job_work_t *work);

/* Gives up: nothing is left. May be called again. */
void du_job_work_drop(du_job_work_t *work);

#endif
