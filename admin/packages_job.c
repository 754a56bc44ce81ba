#include "packages.h"

#include <apr_strings.h>

#include "du_job_intake.h"
#include "du_job_process.h"
#include "du_text.h"
#include "dua_upload.h"

#define REFRESH 2 /* seconds, while a job runs */

/*
 * Showing
 */

static int is_running(const du_job_t *job)
{
    return job->end == DU_JOB_RUNNING;
}

/* The steps with "done", "now", "stopped" where it ended early, or "open". */
static json_t *json_steps(const du_job_t *job)
{
    json_t *steps = json_array();
    int is_complete = job->end == DU_JOB_IMPORTED || job->end == DU_JOB_KNOWN;

    for (apr_int64_t step = DU_STEP_RECEIVED; step < DU_STEPS; step++) {
        json_t *object = json_object();
        const char *state = step <= job->step      ? "done"
                            : step > job->step + 1 ? "open"
                            : is_running(job)      ? "now"
                            : is_complete          ? "open"
                                                   : "stopped";

        json_object_set_new(object, "step", json_string(du_import_step_name(step)));
        json_object_set_new(object, "state", json_string(state));
        json_array_append_new(steps, object);
    }
    return steps;
}

static json_t *json_image(dua_t *dua, const du_job_image_t *image)
{
    apr_pool_t *pool = dua->pool;
    json_t *object = json_object();

#define SET_TEXT(name) dua_set_text(pool, object, #name, image->name);
    DU_JOB_IMAGE_TEXTS(SET_TEXT)
#undef SET_TEXT
    dua_set_number(object, "rule", apr_atoi64(image->rule));
    dua_set_flag(object, "already", *image->already != '\0');
    packages_set_trust_class(object, image->trust);
    packages_set_link(dua, object, "href", "rules?id=", apr_atoi64(image->rule));
    return object;
}

/* What the template asks about. */
static void set_hints(dua_t *dua, json_t *object, const du_job_t *job)
{
    int is_imported = job->end == DU_JOB_IMPORTED || job->end == DU_JOB_KNOWN;
    int is_active = is_running(job) && !job->is_cancelled;

    packages_set_class(object, is_imported, job->end == DU_JOB_FAILED || job->end == DU_JOB_INTERRUPTED);
    dua_set_flag(object, "is_imported", job->end == DU_JOB_IMPORTED);
    dua_set_flag(object, "is_stopping", is_running(job) && job->is_cancelled);
    dua_set_flag(object, "has_progress", is_running(job) && job->total > 0);
    dua_set_flag(object, "may_cancel", is_active && dua_may(dua, DU_RIGHT_IMPORT, ""));
    dua_set_text(dua->pool, object, "href", apr_pstrcat(dua->pool, "packages?job=", job->id, NULL));
    if (job->package > 0) {
        packages_set_link(dua, object, "package_link", "packages?id=", job->package);
    } else {
        dua_set_text(dua->pool, object, "package_link", "");
    }
}

static json_t *json_job(dua_t *dua, const du_job_t *job)
{
    json_t *object = json_object(), *images = json_array(), *warnings = json_array();
    apr_pool_t *pool = dua->pool;

    dua_set_text(pool, object, "id", job->id);
#define SET_TEXT(name)   dua_set_text(pool, object, #name, job->name);
#define SET_NUMBER(name) dua_set_number(object, #name, job->name);
    DU_JOB_TEXTS(SET_TEXT)
    DU_JOB_NUMBERS(SET_NUMBER)
#undef SET_TEXT
#undef SET_NUMBER
    dua_set_time(pool, object, "begun", job->begun);
    dua_set_time(pool, object, "changed", job->changed);
    dua_set_flag(object, "allow_unsigned", job->allow_unsigned != 0);
    dua_set_text(pool, object, "step", du_import_step_name(job->step));
    dua_set_text(pool, object, "end", du_job_end_name(job->end));
    dua_set_flag(object, "is_running", is_running(job));
    dua_set_flag(object, "is_cancelled", job->is_cancelled);
    for (int i = 0; i < job->images->nelts; i++) {
        json_array_append_new(images, json_image(dua, &APR_ARRAY_IDX(job->images, i, du_job_image_t)));
    }
    for (int i = 0; i < job->warnings->nelts; i++) {
        json_array_append_new(warnings, dua_json_text(pool, APR_ARRAY_IDX(job->warnings, i, const char *)));
    }
    set_hints(dua, object, job);
    json_object_set_new(object, "steps", json_steps(job));
    json_object_set_new(object, "images", images);
    json_object_set_new(object, "warnings", warnings);
    return object;
}

apr_status_t packages_list_jobs(dua_t *dua)
{
    apr_array_header_t *jobs;
    json_t *list = json_array();
    apr_status_t status = du_job_list(dua->ctx, dua->files, dua->pool, &jobs);

    for (int i = 0; status == APR_SUCCESS && i < jobs->nelts; i++) {
        json_array_append_new(list, json_job(dua, &APR_ARRAY_IDX(jobs, i, du_job_t)));
    }
    json_object_set_new(dua->data, "jobs", list);
    return status;
}

apr_status_t packages_show_job(dua_t *dua, const char *id)
{
    du_job_t job;
    apr_status_t status = du_job_find(dua->ctx, dua->files, id, dua->pool, &job);

    if (status != APR_SUCCESS) {
        return status;
    }
    json_object_set_new(dua->data, "job", json_job(dua, &job));
    dua->refresh = is_running(&job) ? REFRESH : 0;
    return APR_SUCCESS;
}

apr_status_t packages_cancel_job(dua_t *dua)
{
    const char *id = du_text_or_empty(dua_value(dua, "job"));
    apr_status_t status = dua_must(dua, DU_RIGHT_IMPORT, "");

    if (status == APR_SUCCESS) {
        status = du_job_cancel(dua->ctx, dua->files, id);
    }
    return status == APR_SUCCESS
               ? dua_done(dua, "import_cancelled", 1,
                          apr_pstrcat(dua->pool, "packages?job=", dua_form_escape(dua->pool, id), NULL))
               : status;
}

/*
 * Uploading
 */

static apr_status_t take_piece(void *intake, const char *bytes, apr_size_t len)
{
    return du_job_intake_write(intake, bytes, len);
}

static apr_status_t receive(dua_t *dua, du_job_intake_t *intake)
{
    apr_status_t status = dua_upload_read(dua, take_piece, intake);

    return status == APR_SUCCESS ? du_job_intake_finish(intake) : status;
}

/* The store is closed meanwhile, as du_job_process_start() wants it. */
static apr_status_t start(dua_t *dua, du_job_work_t *work)
{
    du_job_order_t order = {.store = dua->env.store, .actor = dua->actor};
    apr_status_t status, opened;

    order.actor.note = work->job.note;
    du_store_close(dua->store);
    dua->store = NULL;
    status = du_job_process_start(work, &order);
    opened = du_store_open(dua->ctx, dua->env.store, dua->pool, &dua->store);
    return status == APR_SUCCESS ? opened : status;
}

static apr_status_t receive_and_start(dua_t *dua, du_job_intake_t *intake)
{
    du_job_work_t *work = du_job_intake_work(intake);
    const char *id = work->job.id;
    apr_status_t status = receive(dua, intake);

    if (status == APR_SUCCESS) {
        status = start(dua, work);
    }
    if (status != APR_SUCCESS) {
        du_job_work_drop(work);
        return status;
    }
    dua_set_text(dua->pool, dua->data, "job", id);
    return dua_done(dua, "package_received", 1, apr_pstrcat(dua->pool, "packages?job=", id, NULL));
}

apr_status_t packages_upload(dua_t *dua)
{
    apr_off_t length = dua_env_length(&dua->env);
    du_job_t asked = {.account = dua->actor.name,
                      .filename = dua_upload_name(dua),
                      .note = dua_value(dua, "note"),
                      .allow_unsigned = dua_value(dua, "allow_unsigned") != NULL};
    du_settings_t settings;
    du_job_intake_t *intake;
    apr_status_t status = dua_must(dua, DU_RIGHT_IMPORT, "");

    if (status == APR_SUCCESS && asked.allow_unsigned) {
        status = dua_must(dua, DU_RIGHT_IMPORT_UNSIGNED, "");
    }
    if (status == APR_SUCCESS) {
        status = du_store_settings(dua->ctx, dua->store, NULL, dua->pool, &settings);
    }
    if (status == APR_SUCCESS) {
        status = du_job_intake_check(dua->ctx, dua->files, &settings, length);
    }
    if (status == APR_SUCCESS) {
        status = du_job_intake_begin(dua->ctx, dua->files, &settings, &asked, length, &intake);
    }
    return status == APR_SUCCESS ? receive_and_start(dua, intake) : status;
}
