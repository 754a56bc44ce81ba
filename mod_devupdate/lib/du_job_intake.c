#include "du_job_intake.h"

#include <errno.h>
#include <sys/statvfs.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "du_file.h"

#define CABINET_MAX                                                                                                  \
    ((apr_off_t)2147483647)    /* its header counts so far ([MS-CAB] 2.1: cbCabinet, as libarchive reads it) */
#define FORM_ROOM        65536 /* bytes that a form may have beside the file */
#define FILE_PERMISSIONS (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD)

struct du_job_intake_t {
    du_job_work_t *work;
    apr_file_t *file;
    apr_off_t limit;
    apr_off_t announced;
};

/* Bytes that are free; as many as there can be if the system does not say. */
static apr_off_t free_bytes(const char *files)
{
    struct statvfs info;

    return statvfs(files, &info) == 0 ? (apr_off_t)info.f_bavail * (apr_off_t)info.f_frsize : CABINET_MAX;
}

static apr_off_t allowed_bytes(const du_settings_t *settings)
{
    apr_int64_t allowed = du_setting_number(settings, DU_SET_IMPORT_MAX_SIZE);

    return allowed < CABINET_MAX ? allowed : CABINET_MAX;
}

apr_off_t du_job_intake_limit(const char *files, const du_settings_t *settings)
{
    apr_off_t allowed = allowed_bytes(settings), room = free_bytes(files);

    return allowed < room ? allowed : room;
}

static apr_status_t too_large(du_ctx_t *ctx, apr_off_t limit)
{
    return du_fail(ctx, DU_E_TOO_LARGE, DUNO(0678),
                   "the package is larger than %" APR_OFF_T_FMT " bytes (setting import-max-size)", limit);
}

static apr_status_t no_room(du_ctx_t *ctx, const char *files)
{
    return du_fail(ctx, DU_E_FULL, DUNO(0679), "there is not enough room for the package on the disk of %s", files);
}

apr_status_t du_job_intake_check(du_ctx_t *ctx, const char *files, const du_settings_t *settings, apr_off_t announced)
{
    if (announced > allowed_bytes(settings) + FORM_ROOM) {
        return too_large(ctx, allowed_bytes(settings));
    }
    return announced > free_bytes(files) ? no_room(ctx, files) : APR_SUCCESS;
}

apr_status_t du_job_intake_begin(du_ctx_t *ctx, const char *files, const du_settings_t *settings,
                                 const du_job_t *asked, apr_off_t announced, du_job_intake_t **result)
{
    du_job_intake_t *intake = apr_pcalloc(ctx->pool, sizeof(*intake));
    apr_status_t rv;

    intake->limit = allowed_bytes(settings);
    intake->announced = announced > 0 ? announced : 0;
    rv = du_job_work_begin(ctx, files, asked, &intake->work);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_open(&intake->file, intake->work->package,
                       APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_BINARY, FILE_PERMISSIONS,
                       ctx->pool);
    if (rv != APR_SUCCESS) {
        du_job_work_drop(intake->work);
        return du_fail(ctx, rv, DUNO(0680), "%s cannot be made: %pm", intake->work->package, (void *)&rv);
    }
    *result = intake;
    return APR_SUCCESS;
}

static apr_status_t cannot_write(du_job_intake_t *intake, apr_status_t rv)
{
    du_job_work_t *work = intake->work;

    if (APR_STATUS_IS_ENOSPC(rv) || APR_TO_OS_ERROR(rv) == EDQUOT) {
        return no_room(work->ctx, work->files);
    }
    return du_fail(work->ctx, rv, DUNO(0681), "%s cannot be written: %pm", work->package, (void *)&rv);
}

apr_status_t du_job_intake_write(du_job_intake_t *intake, const char *bytes, apr_size_t len)
{
    du_job_work_t *work = intake->work;
    apr_status_t rv;

    if ((apr_off_t)len > intake->limit - work->job.size) {
        return too_large(work->ctx, intake->limit);
    }
    rv = apr_file_write_full(intake->file, bytes, len, NULL);
    if (rv != APR_SUCCESS) {
        return cannot_write(intake, rv);
    }
    work->job.size += (apr_off_t)len;
    return du_job_work_progress(work, "receive", work->job.size, intake->announced);
}

apr_status_t du_job_intake_finish(du_job_intake_t *intake)
{
    du_job_work_t *work = intake->work;
    apr_status_t rv = apr_file_sync(intake->file);

    apr_file_close(intake->file);
    if (work->job.size == 0) {
        return du_fail(work->ctx, DU_E_MALFORMED, DUNO(0682), "no package was sent, or an empty one");
    }
    if (rv == APR_SUCCESS) {
        rv = du_file_adopt(work->package, work->ctx->pool);
    }
    work->job.step = DU_STEP_RECEIVED;
    if (rv == APR_SUCCESS) {
        rv = du_job_work_save(work);
    }
    return rv == APR_SUCCESS ? rv : cannot_write(intake, rv);
}

du_job_work_t *du_job_intake_work(du_job_intake_t *intake)
{
    return intake->work;
}
