#include "devices.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/templates/device.h"
#include "admin/templates/device_kinds.h"
#include "du_hold.h"
#include "du_text.h"
#include "du_upload_usage.h"

#define EVENTS    50  /* of a phone's history, on a page */
#define KINDS_MAX 500 /* without a rule */

/*
 * One phone
 */

/* A log that it sent, as device_logs knows it; NULL if that is none, or not for whoever asks. */
static const char *log_link(dua_t *dua, const du_phone_t *phone, const du_phone_event_t *event)
{
    const char *site = du_text_or_null(phone->site);

    if (strcmp(event->kind, "upload") != 0 || !du_text_begins(event->file, DU_UPLOAD_DIR "/") ||
        !dua_may(dua, DU_RIGHT_LOG_READ, site)) {
        return NULL;
    }
    return apr_pstrcat(
        dua->pool, "device_logs?view=", dua_form_escape(dua->pool, event->file + strlen(DU_UPLOAD_DIR "/")), NULL);
}

static void set_or_null(dua_t *dua, json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, text ? dua_json_text(dua->pool, text) : json_null());
}

static apr_status_t add_events(dua_t *dua, const du_phone_t *phone)
{
    json_t *list = json_array();
    apr_array_header_t *events;
    apr_int64_t before, last = 0;
    apr_status_t status = dua_form_number(dua->ctx, dua->form, "before", 1, APR_INT64_MAX, 0, &before);

    json_object_set_new(dua->data, "events", list);
    if (status == APR_SUCCESS) {
        status = du_inventory_events(dua->ctx, dua->store, phone->id, before, EVENTS, dua->pool, &events);
    }
    for (int i = 0; status == APR_SUCCESS && i < events->nelts; i++) {
        const du_phone_event_t *event = &APR_ARRAY_IDX(events, i, du_phone_event_t);
        json_t *object = dua_json_phone_event(dua->pool, event);

        set_or_null(dua, object, "log", log_link(dua, phone, event));
        json_array_append_new(list, object);
        last = event->number;
    }
    set_or_null(dua, dua->data, "first", before ? dua_link(dua, "before", NULL, NULL) : NULL);
    set_or_null(dua, dua->data, "next",
                json_array_size(list) == EVENTS && last > 1
                    ? dua_link(dua, "before", du_text_number(dua->pool, last), NULL)
                    : NULL);
    return status;
}

/* The rule of its kind: what it has for this phone. */
static apr_status_t add_rule(dua_t *dua, const du_phone_t *phone)
{
    du_rule_t *rule;
    apr_status_t status = du_store_rule_by_key(dua->ctx, dua->store, &phone->key, dua->pool, &rule);

    json_object_set_new(dua->data, "rule", status == APR_SUCCESS ? dua_json_rule(dua->pool, rule) : json_null());
    if (status == DU_E_NOT_FOUND) {
        dua->ctx->failure = (du_failure_t){0};
        return APR_SUCCESS;
    }
    return status;
}

static int is_test_device(const du_phone_t *phone, const du_test_device_t *device)
{
    const char *identifier = device->kind == DU_TEST_MAC ? phone->mac : phone->serial;

    return *identifier && du_text_same(identifier, device->identifier) &&
           (!*device->site || du_text_same(device->site, phone->site));
}

static apr_status_t add_test_device(dua_t *dua, const du_phone_t *phone)
{
    apr_array_header_t *devices;
    const char *name = NULL, *scope = NULL;
    apr_status_t status = du_store_test_devices(dua->ctx, dua->store, dua->pool, &devices);

    for (int i = 0; status == APR_SUCCESS && i < devices->nelts && !name; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(devices, i, du_test_device_t);

        if (is_test_device(phone, device)) {
            name = device->name;
            scope = device->site;
        }
    }
    set_or_null(dua, dua->data, "test_device", name);
    set_or_null(dua, dua->data, "test_device_site", scope);
    return status;
}

/* The phone of the parameter id. */
static apr_status_t find_phone(dua_t *dua, du_phone_t **phone)
{
    du_inventory_view_t view;
    apr_int64_t id;
    apr_status_t status = dua_form_number(dua->ctx, dua->form, "id", 1, APR_INT64_MAX, 0, &id);

    if (status == APR_SUCCESS) {
        status = du_inventory_view(dua->ctx, dua->store, &view);
    }
    return status == APR_SUCCESS ? du_inventory_phone(dua->ctx, dua->store, &view, id, dua->pool, phone) : status;
}

/* What whoever asks may do with it. */
static void add_rights(dua_t *dua, const du_phone_t *phone)
{
    const char *known_by = *phone->serial ? phone->serial : phone->mac, *site = du_text_or_null(phone->site);

    set_or_null(dua, dua->data, "logs",
                *known_by && dua_may(dua, DU_RIGHT_LOG_READ, site)
                    ? apr_pstrcat(dua->pool, "device_logs?device=", dua_form_escape(dua->pool, known_by), NULL)
                    : NULL);
    dua_set_flag(dua->data, "may_hold", *known_by && dua_may(dua, DU_RIGHT_DEVICE_HOLD, site));
}

apr_status_t devices_show_one(dua_t *dua)
{
    du_phone_t *phone;
    apr_status_t status = find_phone(dua, &phone);

    if (status != APR_SUCCESS) {
        return status;
    }
    json_object_set_new(dua->data, "phone", dua_json_phone(dua->pool, phone));
    dua_set_flag(dua->data, "is_held_wholly", du_text_equal(phone->held, DU_HELD_ALL));
    add_rights(dua, phone);
    status = add_events(dua, phone);
    if (status == APR_SUCCESS) {
        status = add_rule(dua, phone);
    }
    dua->tmpl = HTML_device;
    return status == APR_SUCCESS ? add_test_device(dua, phone) : status;
}

static apr_status_t release(dua_t *dua, const du_phone_t *phone)
{
    apr_array_header_t *ids = apr_array_make(dua->pool, 1, sizeof(apr_int64_t));

    APR_ARRAY_PUSH(ids, apr_int64_t) = phone->id;
    return du_release(dua->ctx, dua->store, ids, &dua->actor, NULL);
}

apr_status_t devices_change_one(dua_t *dua)
{
    const char *action = dua_value(dua, "action"), *version = dua_value(dua, "version");
    int is_hold = du_text_equal(action, "hold");
    du_phone_t *phone;
    apr_status_t status = find_phone(dua, &phone);

    if (status == APR_SUCCESS) {
        status = dua_must(dua, DU_RIGHT_DEVICE_HOLD, du_text_or_null(phone->site));
    }
    if (status != APR_SUCCESS || (!is_hold && !du_text_equal(action, "release"))) {
        return status == APR_SUCCESS ? dua_no_action(dua) : status;
    }
    status = is_hold ? du_hold(dua->ctx, dua->store, phone->id, version ? version : DU_HELD_ALL, &dua->actor)
                     : release(dua, phone);
    return status == APR_SUCCESS ? dua_done(dua, is_hold ? "devices.held" : "devices.released", 1,
                                            apr_psprintf(dua->pool, "devices?id=%" APR_INT64_T_FMT, phone->id))
                                 : status;
}

/*
 * Kinds of phones without a rule
 */

static const char *link_to_kind(apr_pool_t *pool, const du_key_t *key)
{
    return apr_pstrcat(pool, "devices?type=", dua_form_escape(pool, key->type),
                       "&brand=", dua_form_escape(pool, key->brand), "&model=", dua_form_escape(pool, key->model),
                       "&revision=", dua_form_escape(pool, key->revision),
                       "&locale=", dua_form_escape(pool, key->locale), NULL);
}

apr_status_t devices_show_kinds(dua_t *dua)
{
    json_t *list = json_array();
    apr_array_header_t *strangers;
    apr_status_t status = du_inventory_strangers(dua->ctx, dua->store, KINDS_MAX, dua->pool, &strangers);

    json_object_set_new(dua->data, "kinds", list);
    for (int i = 0; status == APR_SUCCESS && i < strangers->nelts; i++) {
        const du_stranger_t *stranger = &APR_ARRAY_IDX(strangers, i, du_stranger_t);
        json_t *object = dua_json_stranger(dua->pool, stranger);

        dua_set_text(dua->pool, object, "href", link_to_kind(dua->pool, &stranger->key));
        json_array_append_new(list, object);
    }
    dua->tmpl = HTML_device_kinds;
    return status;
}
