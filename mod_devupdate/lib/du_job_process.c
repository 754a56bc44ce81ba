#include "du_job_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_signal.h>
#include <apr_strings.h>

#include "du_text.h"

#define LOCK_FD      3  /* where the process has its lock */
#define WARNINGS_MAX 20 /* that are kept */

/*
 * The import
 */

/* A du_log_fn. */
static void keep_warning(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message)
{
    du_job_work_t *work = baton;

    (void)status;
    if (level <= DU_LOG_WARNING && work->job.warnings->nelts < WARNINGS_MAX) {
        APR_ARRAY_PUSH(work->job.warnings, const char *) = apr_pstrcat(work->ctx->pool, id, ": ", message, NULL);
    }
}

/* A du_import_step_fn. Before it records anything the import asks whether it still may: from then on it is too late. */
static apr_status_t take_step(void *baton, du_import_step_e step)
{
    du_job_work_t *work = baton;
    const char *decided = du_job_decided(work->directory, work->ctx->pool);
    apr_status_t rv = APR_SUCCESS;

    work->job.step = step;
    if (step == DU_STEP_STORED) {
        rv = du_job_decide(work->directory, "commit", work->ctx->pool, &decided);
    }
    if (rv != APR_SUCCESS) {
        return du_fail(work->ctx, rv, DUNO(0683), "nothing can be written to %s: %pm", work->directory, (void *)&rv);
    }
    if (strcmp(decided, "cancel") == 0) {
        work->is_cancelled = 1;
        return du_fail(work->ctx, DU_E_CONFLICT, DUNO(0684), "the import was cancelled between two steps");
    }
    du_job_work_save(work);
    return APR_SUCCESS;
}

static const char *place_of(const du_arrival_t *arrival)
{
    if (du_text_equal(arrival->versions.slot[DU_PENDING], arrival->image.version)) {
        return arrival->is_new_rule ? "new" : "pending";
    }
    return du_text_equal(arrival->versions.slot[DU_APPROVED], arrival->image.version) ? "approved" : "unchanged";
}

static void keep_image(du_job_work_t *work, const du_arrival_t *arrival)
{
    apr_pool_t *pool = work->ctx->pool;
    du_job_image_t *image = apr_array_push(work->job.images);

    *image = (du_job_image_t){.rule = du_text_number(pool, arrival->rule_id),
                              .key = du_key_path(pool, &arrival->key),
                              .version = arrival->image.version,
                              .place = place_of(arrival),
                              .already = arrival->already ? "yes" : "",
                              .trust = arrival->image.trust,
                              .signer = du_text_or_empty(arrival->image.signer),
                              .doubt = du_text_or_empty(arrival->doubt)};
}

static void keep_success(du_job_work_t *work, const du_import_t *import, apr_status_t status)
{
    work->job.end = status == DU_E_EXISTS ? DU_JOB_KNOWN : DU_JOB_IMPORTED;
    work->job.package = import->package.id;
    work->job.trust = import->package.trust;
    work->job.signer = import->package.signer;
    for (int i = 0; status == APR_SUCCESS && i < import->arrivals->nelts; i++) {
        keep_image(work, &APR_ARRAY_IDX(import->arrivals, i, du_arrival_t));
    }
}

static void keep_failure(du_job_work_t *work, apr_status_t status)
{
    const du_failure_t *failure = &work->ctx->failure;
    char words[120];

    work->job.end = work->is_cancelled ? DU_JOB_CANCELLED : DU_JOB_FAILED;
    if (!work->is_cancelled) {
        work->job.failure_id = du_text_or_empty(failure->id);
        work->job.failure = failure->message
                                ? failure->message
                                : apr_pstrdup(work->ctx->pool, du_error_text(status, words, sizeof(words)));
    }
}

static apr_status_t import_package(du_job_work_t *work, const du_job_order_t *order, du_import_t *import)
{
    du_store_t *store;
    apr_status_t rv = du_store_open(work->ctx, order->store, work->ctx->pool, &store);

    *import = (du_import_t){.files = work->files,
                            .path = work->package,
                            .name = work->job.filename,
                            .actor = order->actor,
                            .allow_unsigned = work->job.allow_unsigned != 0,
                            .progress = du_job_work_progress,
                            .step = take_step,
                            .baton = work};
    if (rv == APR_SUCCESS) {
        rv = du_import_run(work->ctx, store, import);
        du_store_close(store);
    }
    return rv;
}

void du_job_process_run(du_job_work_t *work, const du_job_order_t *order)
{
    du_import_t import;
    apr_status_t rv;

    work->ctx->log = keep_warning;
    work->ctx->baton = work;
    rv = import_package(work, order, &import);
    if (rv == APR_SUCCESS || rv == DU_E_EXISTS) {
        keep_success(work, &import, rv);
    } else {
        keep_failure(work, rv);
    }
    work->job.doing = "";
    apr_file_remove(work->package, work->ctx->pool); /* first: it may be what the disk is full of */
    du_job_work_save(work);
    du_job_work_leave(work);
}

/*
 * The process
 */

/* Nothing stays open but the lock: httpd waits for the end of a program's output, and of its error output. */
static void detach(du_job_work_t *work)
{
    int null = open("/dev/null", O_RDWR);

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (dup2(null, fd) < 0) {
            _exit(1);
        }
    }
    if (chdir("/") != 0 || dup2(work->lock, LOCK_FD) < 0) {
        _exit(1);
    }
    closefrom(LOCK_FD + 1);
    work->lock = LOCK_FD;
    alarm(0);
    apr_signal(SIGCHLD, SIG_DFL);
    apr_signal(SIGALRM, SIG_DFL);
    apr_signal(SIGTERM, SIG_DFL);
}

/* The copy of the caller's pools stays as it is: what would be closed with them is the caller's. */
static void live(du_job_work_t *work, const du_job_order_t *order)
{
    apr_pool_t *pool;

    detach(work);
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        _exit(1);
    }
    work->ctx = du_ctx_make(pool);
    du_job_process_run(work, order);
    _exit(0);
}

/* A child's child has no parent that would have to wait for it, and in a session of its own it gets no signal that is meant
 * for httpd's processes. */
static apr_status_t start(du_job_work_t *work, const du_job_order_t *order)
{
    pid_t child = fork(), grandchild;
    int status;

    if (child == 0) {
        setsid();
        grandchild = fork();
        if (grandchild == 0) {
            live(work, order);
        }
        _exit(grandchild > 0 ? 0 : 1);
    }
    if (child < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? APR_SUCCESS : APR_ENOPROC;
}

apr_status_t du_job_process_start(du_job_work_t *work, const du_job_order_t *order)
{
    apr_status_t rv = start(work, order);

    if (rv != APR_SUCCESS) {
        return du_fail(work->ctx, rv, DUNO(0685), "no process can be made for the import: %pm", (void *)&rv);
    }
    du_job_work_leave(work);
    return APR_SUCCESS;
}
