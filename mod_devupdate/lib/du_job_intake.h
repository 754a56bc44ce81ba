/*
 * The cabinet of a job while it comes in: straight into the job's directory, with as much memory as a piece of it.
 *
 * Whoever is refused or goes away in the middle leaves nothing. Until the end the job can be seen as one that is receiving, and
 * be cancelled.
 */
#ifndef DU_JOB_INTAKE_H
#define DU_JOB_INTAKE_H

#include "du_job_work.h"
#include "du_setting.h"

/* How large a cabinet may be at this moment, in bytes: the setting import-max-size, what a cabinet can be at all (2 GiB - 1), and
 * what is free on the disk of the file store. */
apr_off_t du_job_intake_limit(const char *files, const du_settings_t *settings);

/* Looks at how many bytes will come, which may be more than the cabinet by what a form adds; -1 = nobody knows. DU_E_TOO_LARGE
 * with a sentence, or DU_E_FULL if it is the disk that is too small. */
apr_status_t du_job_intake_check(du_ctx_t *ctx, const char *files, const du_settings_t *settings,
                                 apr_off_t announced);

typedef struct du_job_intake_t du_job_intake_t;

/* Begins a job (du_job_work_begin()); announced is as above, for its progress. */
apr_status_t du_job_intake_begin(du_ctx_t *ctx, const char *files, const du_settings_t *settings,
                                 const du_job_t *asked, apr_off_t announced, du_job_intake_t **intake);

/* Takes the next piece. With a sentence: DU_E_TOO_LARGE, DU_E_FULL, DU_E_CONFLICT if it was cancelled. The caller drops the work
 * after a failure. */
apr_status_t du_job_intake_write(du_job_intake_t *intake, const char *bytes, apr_size_t len);

/* It has come whole: synced, DU_STEP_RECEIVED. DU_E_MALFORMED if it is empty. */
apr_status_t du_job_intake_finish(du_job_intake_t *intake);

du_job_work_t *du_job_intake_work(du_job_intake_t *intake);

#endif
