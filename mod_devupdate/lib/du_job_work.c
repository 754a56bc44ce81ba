#include "du_job_work.h"

#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "du_file.h"
#include "du_text.h"

#define SAVE_INTERVAL (APR_USEC_PER_SEC / 2)
#define RANDOM_BYTES  4

static const char *make_id(const du_ctx_t *ctx)
{
    unsigned char bytes[RANDOM_BYTES] = {0};
    apr_time_exp_t now;

    apr_time_exp_gmt(&now, du_now(ctx));
    apr_generate_random_bytes(bytes, sizeof(bytes));
    return apr_psprintf(ctx->pool, "%04d%02d%02d-%02d%02d%02d-%s", now.tm_year + 1900, now.tm_mon + 1, now.tm_mday,
                        now.tm_hour, now.tm_min, now.tm_sec, du_text_hex(ctx->pool, bytes, sizeof(bytes)));
}

static void let_go(du_job_work_t *work)
{
    if (work->lock >= 0) {
        close(work->lock);
        work->lock = -1;
    }
}

static apr_status_t drop(void *data)
{
    du_job_work_t *work = data;

    du_file_remove_tree(work->directory, work->ctx->pool);
    let_go(work);
    return APR_SUCCESS;
}

void du_job_work_drop(du_job_work_t *work)
{
    apr_pool_cleanup_run(work->ctx->pool, work, drop);
}

void du_job_work_leave(du_job_work_t *work)
{
    apr_pool_cleanup_kill(work->ctx->pool, work, drop);
    let_go(work);
}

apr_status_t du_job_work_save(du_job_work_t *work)
{
    work->job.changed = du_now(work->ctx);
    work->written = work->job.changed;
    return du_job_state_write(work->directory, &work->job, work->ctx->pool);
}

/* With its lock and its state under another name, so that nobody takes it for one whose process is dead. */
static apr_status_t make_directory(du_job_work_t *work, const char *id)
{
    du_ctx_t *ctx = work->ctx;
    const char *name = apr_pstrcat(ctx->pool, ".new-", id, NULL);
    apr_status_t rv = du_file_make_dirs(work->files, apr_pstrcat(ctx->pool, DU_JOB_ROOT "/", name, NULL), ctx->pool);

    work->directory = du_job_directory(work->files, name, ctx->pool);
    apr_pool_cleanup_register(ctx->pool, work, drop, apr_pool_cleanup_null);
    if (rv == APR_SUCCESS) {
        rv = du_job_lock(work->directory, ctx->pool, &work->lock);
    }
    if (rv == APR_SUCCESS) {
        rv = du_job_work_save(work);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_rename(work->directory, du_job_directory(work->files, id, ctx->pool), ctx->pool);
    }
    if (rv == APR_SUCCESS) {
        work->directory = du_job_directory(work->files, id, ctx->pool);
        work->package = apr_pstrcat(ctx->pool, work->directory, "/package", NULL);
    }
    return rv;
}

apr_status_t du_job_work_begin(du_ctx_t *ctx, const char *files, const du_job_t *asked, du_job_work_t **result)
{
    du_job_work_t *work = apr_pcalloc(ctx->pool, sizeof(*work));
    const char *id = make_id(ctx);
    apr_status_t rv;

    work->ctx = ctx;
    work->files = files;
    work->lock = -1;
    du_job_clear(&work->job, id, ctx->pool);
    work->job.account = du_text_or_empty(asked->account);
    work->job.filename = du_text_or_empty(asked->filename);
    work->job.note = du_text_or_empty(asked->note);
    work->job.allow_unsigned = asked->allow_unsigned;
    work->job.begun = du_now(ctx);
    rv = make_directory(work, id);
    if (rv != APR_SUCCESS) {
        du_job_work_drop(work);
        return du_fail(ctx, rv, DUNO(0676), "a job cannot be made in %s/" DU_JOB_ROOT ": %pm", files, (void *)&rv);
    }
    *result = work;
    return APR_SUCCESS;
}

apr_status_t du_job_work_progress(void *baton, const char *doing, apr_off_t done, apr_off_t total)
{
    du_job_work_t *work = baton;
    int is_new = strcmp(work->job.doing, doing) != 0;

    work->job.doing = doing;
    work->job.done = done;
    work->job.total = total;
    if (!is_new && du_now(work->ctx) - work->written < SAVE_INTERVAL) {
        return APR_SUCCESS;
    }
    du_job_work_save(work); /* a disk that is full stops whoever writes what is wanted */
    if (strcmp(du_job_decided(work->directory, work->ctx->pool), "cancel") != 0) {
        return APR_SUCCESS;
    }
    work->is_cancelled = 1;
    return du_fail(work->ctx, DU_E_CONFLICT, DUNO(0677), "the import was cancelled");
}
