#include "device_logs.h"

#include <string.h>

#include <apr_strings.h>

#include "du_inventory.h"
#include "du_text.h"

/*
 * Whose a log is
 */

/* The one site at which all phones known by a name are; NULL if there is none such. */
static apr_status_t site_of_phone(dua_t *dua, const char *name, const char **site)
{
    apr_array_header_t *phones;
    du_inventory_view_t view = {0};
    apr_status_t status = du_inventory_find(dua->ctx, dua->store, &view, name, dua->pool, &phones);

    *site = NULL;
    for (int i = 0; status == APR_SUCCESS && i < phones->nelts; i++) {
        const char *one = APR_ARRAY_IDX(phones, i, du_phone_t).site;

        if (!*one || (*site && !du_text_same(*site, one))) {
            *site = NULL;
            break;
        }
        *site = one;
    }
    return status;
}

/* 1 if they may do that to the log. Without a limit nothing is looked up. */
apr_status_t device_log_may(dua_t *dua, du_right_e right, const du_log_t *log, int *may)
{
    const char *site = NULL, *underscore = strchr(log->device, '_');
    apr_status_t status = APR_SUCCESS;

    *may = dua_may(dua, right, NULL);
    if (!*may && underscore) {
        status = site_of_phone(dua, underscore + 1, &site);
        *may = status == APR_SUCCESS && site && dua_may(dua, right, site);
    }
    return status;
}

apr_status_t device_log_must(dua_t *dua, du_right_e right, const du_log_t *log)
{
    int may;
    apr_status_t status = device_log_may(dua, right, log, &may);

    return status != APR_SUCCESS ? status : may ? APR_SUCCESS : dua_must(dua, right, NULL);
}

/*
 * As JSON
 */

json_t *device_log_json(dua_t *dua, const du_log_t *log)
{
    json_t *object = json_object();

    dua_set_text(dua->pool, object, "id", log->id);
    dua_set_text(dua->pool, object, "type", log->type);
    dua_set_text(dua->pool, object, "name", log->name);
    dua_set_text(dua->pool, object, "device", log->device);
    dua_set_number(object, "size", log->size);
    dua_set_time(dua->pool, object, "written", log->written);
    dua_set_flag(object, "is_current", log->is_current);
    dua_set_text(dua->pool, object, "view",
                 apr_pstrcat(dua->pool, "device_logs?view=", dua_form_escape(dua->pool, log->id), NULL));
    dua_set_text(dua->pool, object, "download",
                 apr_pstrcat(dua->pool, "device_logs?download=", dua_form_escape(dua->pool, log->id), NULL));
    return object;
}
