/*
 * Imports as jobs: they go on when the browser, the page's program and httpd's child have gone (issue 5).
 *
 *   <files>/DeviceUpdateJobs/<id>/          yyyymmdd-hhmmss-<random>, in UTC
 *                                 lock      locked by the process that works on it, for as long as it lives
 *                                 state     du_job_state.h
 *                                 package   the cabinet, until the end
 *                                 fate      a symbolic link to "cancel" or "commit": who makes it first decides
 *   <files>/DeviceUpdateJobs/.new-<id>/     while that comes to be
 *
 * A job is made by du_job_intake.h and worked off by du_job_process.h. When its process has been killed, the next who looks
 * marks it as interrupted and removes its files.
 */
#ifndef DU_JOB_H
#define DU_JOB_H

#include "du_job_state.h"

#define DU_JOB_ROOT      "DeviceUpdateJobs"
#define DU_JOB_KEEP_DAYS 7 /* that an ended job can be looked at */

/* All jobs (array of du_job_t), the latest first; tidies up before. */
apr_status_t du_job_list(du_ctx_t *ctx, const char *files, apr_pool_t *pool, apr_array_header_t **jobs);

/* One of them, likewise. DU_E_NOT_FOUND with a sentence. */
apr_status_t du_job_find(du_ctx_t *ctx, const char *files, const char *id, apr_pool_t *pool, du_job_t *job);

/* Asks a job to end; it does so at its next step, and leaves nothing behind. With a sentence: DU_E_CONFLICT if it is too late,
 * because the job has ended or is recording what it has imported; DU_E_NOT_FOUND. Asked for twice it is a success. */
apr_status_t du_job_cancel(du_ctx_t *ctx, const char *files, const char *id);

/* What a killed or long ended job has left. */
typedef struct du_job_leftover_t {
    const char *path; /* below the file store */
    apr_off_t bytes;
} du_job_leftover_t;

/* Removes what killed processes left, marks their jobs as interrupted, and removes jobs that ended more than DU_JOB_KEEP_DAYS
 * ago. *leftovers (array of du_job_leftover_t; may be NULL) is what was removed, or with is_dry would be. */
apr_status_t du_job_tidy(du_ctx_t *ctx, const char *files, int is_dry, apr_pool_t *pool,
                         apr_array_header_t **leftovers);

/*
 * For the rooms of jobs
 */

/* The directory of a job. */
const char *du_job_directory(const char *files, const char *id, apr_pool_t *pool);

/* Locks a directory without waiting; the lock is held as long as the descriptor, or a copy of it in another process, is open.
 * APR_EBUSY if somebody else holds it. */
apr_status_t du_job_lock(const char *directory, apr_pool_t *pool, int *fd);

/* Decides between "cancel" and "commit" for ever: *decided is what holds, be it decided now or before. */
apr_status_t du_job_decide(const char *directory, const char *wanted, apr_pool_t *pool, const char **decided);

/* "cancel", "commit", or "" if nothing is decided. */
const char *du_job_decided(const char *directory, apr_pool_t *pool);

#endif
