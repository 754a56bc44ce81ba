#include "devices.h"
#include "dua_place.h"
#include "dua_why.h"

/* The time that is asked for; 0 = the last check. */
static apr_status_t read_time(dua_t *dua, apr_time_t *at)
{
    const char *text = dua_value(dua, "at");

    *at = 0;
    if (text && !dua_place_time(text, at)) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0985), "at is a time like 2026-11-22T20:15:35Z");
    }
    return APR_SUCCESS;
}

/* An event may outlive the audit file that it is from. */
apr_status_t devices_add_why(dua_t *dua, const du_phone_t *phone)
{
    du_why_phone_t why;
    apr_time_t at;
    apr_status_t status = read_time(dua, &at);

    if (status == APR_SUCCESS) {
        status = du_why_phone(dua->ctx, dua->store, dua->files, phone, at, dua->pool, &why);
    }
    json_object_set_new(dua->data, "why", status == APR_SUCCESS ? dua_json_why(dua->pool, &why) : json_null());
    json_object_set_new(dua->data, "at", at ? dua_json_time(dua->pool, at) : json_null());
    dua_set_text(dua->pool, dua->data, "why_last", dua_link(dua, "at", NULL, NULL));
    if (status == DU_E_NOT_FOUND) {
        dua->ctx->failure = (du_failure_t){0};
        return APR_SUCCESS;
    }
    return status;
}
