#include "device_logs.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/templates/device_logs_remove.h"

#define DAY        apr_time_from_sec(86400)
#define NAMES_TOLD 10 /* names of removed logs in the record of changes */

/* The logs of the parameter id that are there; all of them may be removed. */
static apr_status_t find_chosen(dua_t *dua, apr_array_header_t **ids, apr_array_header_t **logs)
{
    apr_status_t status;

    *ids = dua_form_values(dua->form, "id", dua->pool);
    if ((*ids)->nelts == 0) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0966), "no log was chosen");
    }
    status = du_logs_find(dua->ctx, dua->files, *ids, dua->pool, logs);
    for (int i = 0; status == APR_SUCCESS && i < (*logs)->nelts; i++) {
        const du_log_t *log = &APR_ARRAY_IDX(*logs, i, du_log_t);

        status = device_log_must(dua, DU_RIGHT_LOG_CLEAR, log);
        if (status == APR_SUCCESS && log->is_current) {
            status = du_fail(dua->ctx, DU_E_CONFLICT, DUNO(0967), "a node is writing to %s: it stays", log->name);
        }
    }
    if (status == APR_SUCCESS && (*logs)->nelts == 0) {
        status = du_fail(dua->ctx, DU_E_NOT_FOUND, DUNO(0968), "none of these logs is there any more");
    }
    return status;
}

/* What would go, before it does. */
apr_status_t device_logs_ask_chosen(dua_t *dua)
{
    apr_array_header_t *ids, *logs;
    json_t *list = json_array();
    apr_int64_t bytes = 0;
    apr_status_t status;

    json_object_set_new(dua->data, "logs", list);
    status = find_chosen(dua, &ids, &logs);
    for (int i = 0; status == APR_SUCCESS && i < logs->nelts; i++) {
        json_array_append_new(list, device_log_json(dua, &APR_ARRAY_IDX(logs, i, du_log_t)));
        bytes += APR_ARRAY_IDX(logs, i, du_log_t).size;
    }
    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "files", logs->nelts);
        dua_set_number(dua->data, "bytes", bytes);
        json_object_set_new(dua->data, "days", json_null());
        dua->tmpl = HTML_device_logs_remove;
    }
    return status;
}

static apr_status_t clean(dua_t *dua, int is_dry, apr_int64_t *days, du_retained_t *removed)
{
    du_retain_t what = {.files = dua->files, .is_dry = is_dry};
    apr_status_t status = dua_must(dua, DU_RIGHT_LOG_CLEAR, NULL);

    if (status == APR_SUCCESS) {
        status = dua_form_number(dua->ctx, dua->form, "days", DU_CLEAR_DAYS_MIN, DU_CLEAR_DAYS_MAX, DU_CLEAR_DAYS_MAX,
                                 days);
    }
    what.before = du_now(dua->ctx) - *days * DAY;
    return status == APR_SUCCESS ? du_retain_clean(dua->ctx, &what, removed) : status;
}

apr_status_t device_logs_ask_old(dua_t *dua)
{
    du_retained_t removed;
    apr_int64_t days = 0;
    apr_status_t status = clean(dua, 1, &days, &removed);

    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "files", removed.files);
        dua_set_number(dua->data, "bytes", removed.bytes);
        dua_set_number(dua->data, "days", days);
        json_object_set_new(dua->data, "logs", json_array());
        dua->tmpl = HTML_device_logs_remove;
    }
    return status;
}

/* What went is recorded, also if something else could not. */
static apr_status_t record(dua_t *dua, apr_status_t status, const du_retained_t *removed, const char *names)
{
    const char *text = apr_pstrcat(dua->pool, du_retained_text(dua->pool, removed), names, NULL);
    du_failure_t failure = dua->ctx->failure;
    apr_status_t recorded = APR_SUCCESS;

    if (removed->files > 0) {
        recorded = du_store_logs_removed(dua->ctx, dua->store, text, &dua->actor);
    }
    if (recorded != APR_SUCCESS) {
        return recorded;
    }
    dua->ctx->failure = failure;
    return status == APR_SUCCESS ? dua_done(dua, "device_logs.removed", removed->files, "device_logs") : status;
}

static const char *names_of(apr_pool_t *pool, const apr_array_header_t *logs)
{
    const char *names = "";

    for (int i = 0; i < logs->nelts && i < NAMES_TOLD; i++) {
        names = apr_pstrcat(pool, names, i ? ", " : ": ", APR_ARRAY_IDX(logs, i, du_log_t).id, NULL);
    }
    return logs->nelts > NAMES_TOLD ? apr_pstrcat(pool, names, ", ...", NULL) : names;
}

apr_status_t device_logs_remove_chosen(dua_t *dua)
{
    apr_array_header_t *ids, *logs;
    du_retained_t removed;
    apr_status_t status = find_chosen(dua, &ids, &logs);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = du_logs_remove(dua->ctx, dua->files, ids, &removed);
    return record(dua, status, &removed, names_of(dua->pool, logs));
}

apr_status_t device_logs_remove_old(dua_t *dua)
{
    du_retained_t removed = {0};
    apr_int64_t days = 0;
    apr_status_t status = clean(dua, 0, &days, &removed);

    return record(dua, status, &removed, "");
}
