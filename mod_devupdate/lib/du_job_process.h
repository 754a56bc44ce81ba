/*
 * The process of a job: it has nothing of the one that started it but the lock of the job's directory, so neither httpd nor a
 * program of its own waits for it, and ending those does not end it. Stopping the machine, or a service manager that ends all
 * processes of a service, does: the job is then interrupted (du_job.h).
 */
#ifndef DU_JOB_PROCESS_H
#define DU_JOB_PROCESS_H

#include "du_job_work.h"

typedef struct du_job_order_t {
    const char *store; /* specification of the store, which the process opens for itself */
    du_actor_t actor;  /* its note is the package's */
} du_job_order_t;

/*
 * Starts the process that imports what has come in, with du_import_run(), and lets go of the job: success means that it is on
 * its way. The calling process must have one thread and no store open: SQLite's locks and PostgreSQL's connections do not
 * outlive a fork(). After a failure the caller drops the work.
 */
apr_status_t du_job_process_start(du_job_work_t *work, const du_job_order_t *order);

/* What that process does; for callers that are such a process themselves. The job has ended afterwards. */
void du_job_process_run(du_job_work_t *work, const du_job_order_t *order);

#endif
