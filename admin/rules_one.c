#include "rules.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/templates/rules_one.h"
#include "du_hold.h"
#include "du_store_activity.h"
#include "du_text.h"
#include "dua_forecast.h"
#include "dua_phone.h"
#include "dua_place.h"

#define ACTIVITIES   50
#define VERSIONS_MAX 50 /* that phones run */

/*
 * What is stored
 */

static const char *place_of(const du_rule_t *rule, const char *version)
{
#define IS_SLOT(id, name)                                                                                            \
    if (du_text_equal(rule->versions.slot[id], version)) {                                                           \
        return #name;                                                                                                \
    }
    DU_SLOT_LIST(IS_SLOT)
#undef IS_SLOT
    return "none";
}

static apr_off_t size_of(const du_image_t *image)
{
    apr_off_t size = 0;

    for (int i = 0; i < image->nfiles; i++) {
        size += image->files[i].size + image->files[i].signature_size;
    }
    return size;
}

/* Every version that is not approved can be gone to; the pending one is approved instead. */
static const char *restore_link(dua_t *dua, const du_rule_t *rule, const char *version)
{
    const char *place = place_of(rule, version);

    return strcmp(place, "approved") == 0 || strcmp(place, "pending") == 0 || !dua_may(dua, DU_RIGHT_APPROVE, "")
               ? NULL
               : dua_link(dua, "confirm", "restore", "id", du_text_number(dua->pool, rule->id), "to", version, NULL);
}

static json_t *json_image(dua_t *dua, const du_rule_t *rule, const du_image_t *image)
{
    json_t *object = json_object();

    dua_set_text(dua->pool, object, "version", image->version);
    dua_set_text(dua->pool, object, "place", place_of(rule, image->version));
    dua_set_number(object, "bytes", size_of(image));
    dua_json_trust(dua->pool, object, image->trust, image->signer);
    dua_set_flag(object, "is_unverified", du_text_equal(image->trust, DU_TRUST_UNVERIFIED));
    json_object_set_new(object, "files", dua_json_files(dua->pool, image));
    rules_set_or_null(dua, object, "restore", restore_link(dua, rule, image->version));
    return object;
}

/* The newest first. */
static apr_status_t add_images(dua_t *dua, const du_rule_t *rule)
{
    json_t *list = json_array();
    apr_array_header_t *versions;
    apr_status_t status = du_store_versions(dua->ctx, dua->store, rule->id, dua->pool, &versions);

    json_object_set_new(dua->data, "images", list);
    for (int i = versions->nelts - 1; i >= 0 && status == APR_SUCCESS; i--) {
        const char *version = APR_ARRAY_IDX(versions, i, const char *);
        du_image_t *image;

        status = du_store_image(dua->ctx, dua->store, rule->id, version, dua->pool, &image);
        if (status == APR_SUCCESS) {
            json_array_append_new(list, json_image(dua, rule, image));
        } else if (status == DU_E_NOT_FOUND) {
            status = APR_SUCCESS; /* cleared since the versions were read */
        }
    }
    return status;
}

/*
 * Its phones
 */

static json_t *json_version(dua_t *dua, const du_rule_t *rule, const du_phone_count_t *count, apr_int64_t known)
{
    json_t *object = json_object();

    dua_set_text(dua->pool, object, "version", count->version);
    dua_set_text(dua->pool, object, "place", place_of(rule, count->version));
    dua_set_number(object, "phones", count->phones);
    dua_set_number(object, "percent", known ? count->phones * 100 / known : 0);
    dua_set_text(dua->pool, object, "href",
                 apr_pstrcat(dua->pool, "devices?type=", dua_form_escape(dua->pool, rule->key.type),
                             "&brand=", dua_form_escape(dua->pool, rule->key.brand),
                             "&model=", dua_form_escape(dua->pool, rule->key.model),
                             "&revision=", dua_form_escape(dua->pool, rule->key.revision),
                             "&locale=", dua_form_escape(dua->pool, rule->key.locale),
                             "&version=", dua_form_escape(dua->pool, count->version), NULL));
    return object;
}

/* How far the approved version has come: who runs what. */
static apr_status_t add_phones(dua_t *dua, const du_rule_t *rule)
{
    const du_inventory_view_t view = {0};
    const du_inventory_filter_t filter = {.type = rule->key.type,
                                          .brand = rule->key.brand,
                                          .model = rule->key.model,
                                          .revision = rule->key.revision,
                                          .locale = rule->key.locale};
    apr_array_header_t *counts;
    apr_int64_t known = 0, on_approved = 0;
    json_t *list = json_array();
    int is_filled = 0;
    apr_status_t status = du_inventory_is_filled(dua->ctx, dua->store, &is_filled);

    if (status == APR_SUCCESS) {
        status = du_inventory_on_version(dua->ctx, dua->store, &rule->key, rule->versions.slot[DU_APPROVED], &known,
                                         &on_approved);
    }
    if (status == APR_SUCCESS) {
        status = du_inventory_counts(dua->ctx, dua->store, &view, &filter, DU_BY_VERSION, VERSIONS_MAX, dua->pool,
                                     &counts);
    }
    for (int i = 0; status == APR_SUCCESS && i < counts->nelts; i++) {
        json_array_append_new(list, json_version(dua, rule, &APR_ARRAY_IDX(counts, i, du_phone_count_t), known));
    }
    json_object_set_new(dua->data, "versions", list);
    dua_set_flag(dua->data, "is_filled", is_filled);
    dua_set_number(dua->data, "known", known);
    dua_set_number(dua->data, "on_approved", *rule->versions.slot[DU_APPROVED] ? on_approved : 0);
    return status;
}

/* Phones that are not offered a version of it, because somebody said so or it led nowhere. */
static apr_status_t add_held(dua_t *dua, const du_rule_t *rule)
{
    apr_array_header_t *held;
    json_t *list;
    apr_status_t status = du_held_rules(dua->ctx, dua->store, rule->id, dua->pool, &held);

    if (status != APR_SUCCESS) {
        return status;
    }
    list = dua_json_held(dua->pool, held);
    for (size_t i = 0; i < json_array_size(list); i++) {
        dua_set_flag(json_array_get(list, i), "is_all",
                     du_text_equal(APR_ARRAY_IDX(held, (int)i, du_held_rule_t).version, DU_HELD_ALL));
    }
    json_object_set_new(dua->data, "held", list);
    return APR_SUCCESS;
}

/* What approving the pending version would do. Somebody may have decided about it since the rule was read. */
static apr_status_t add_forecast(dua_t *dua, const du_rule_t *rule)
{
    const char *pending = rule->versions.slot[DU_PENDING];
    du_forecast_t forecast;
    du_inventory_view_t view;
    json_t *object = json_null();
    apr_status_t status = du_inventory_view(dua->ctx, dua->store, &view);

    if (status == APR_SUCCESS && *pending) {
        status = du_forecast_make(dua->ctx, dua->store, &view, rule, pending, dua->pool, &forecast);
        if (status == APR_SUCCESS) {
            object = dua_json_forecast(dua->pool, &forecast);
        } else if (status == DU_E_NOT_FOUND) {
            dua->ctx->failure = (du_failure_t){0};
            status = APR_SUCCESS;
        }
    }
    json_object_set_new(dua->data, "forecast", object);
    return status;
}

/* What came of the approved one. */
static apr_status_t add_outcome(dua_t *dua, const du_rule_t *rule)
{
    du_outcome_t outcome;
    apr_status_t status = du_forecast_outcome(dua->ctx, dua->store, rule, dua->pool, &outcome);

    json_object_set_new(dua->data, "outcome",
                        status == APR_SUCCESS ? dua_json_outcome(dua->pool, &outcome) : json_null());
    return status == DU_E_NOT_FOUND ? APR_SUCCESS : status;
}

/*
 * The page
 */

static apr_status_t add_activities(dua_t *dua, const du_rule_t *rule)
{
    const char *object = apr_pstrcat(dua->pool, "rule ", du_text_number(dua->pool, rule->id), NULL);
    json_t *list = json_array();
    apr_array_header_t *rows;
    apr_status_t status = du_store_activities_of(dua->ctx, dua->store, object, ACTIVITIES, dua->pool, &rows);

    json_object_set_new(dua->data, "activities", list);
    for (int i = 0; status == APR_SUCCESS && i < rows->nelts; i++) {
        json_array_append_new(list, dua_json_activity(dua->pool, &APR_ARRAY_IDX(rows, i, du_activity_t)));
    }
    return status;
}

/* What can be done with it by whoever asks. */
static void add_actions(dua_t *dua, const du_rule_t *rule)
{
    json_t *list = json_array();

    for (const rules_action_t *action = rules_actions(); action->word; action++) {
        if (rules_can(action, rule) && dua_may(dua, action->right, "")) {
            json_t *object = json_object();

            dua_set_text(dua->pool, object, "action", action->word);
            dua_set_text(dua->pool, object, "class",
                         action->action == DU_ACTION_APPROVE  ? "main"
                         : action->action == DU_ACTION_REMOVE ? "danger"
                                                              : "");
            json_array_append_new(list, object);
        }
    }
    json_object_set_new(dua->data, "actions", list);
}

apr_status_t rules_show_one(dua_t *dua, const char *id)
{
    du_choice_t choice;
    du_rule_t *rule;
    apr_status_t status;

    if (!du_choice_parse(id, &choice) || choice.shown) {
        return rules_bad_value(dua, "id", "a rule is named by its number");
    }
    status = du_store_rule(dua->ctx, dua->store, choice.id, dua->pool, &rule);
    if (status == APR_SUCCESS) {
        json_object_set_new(dua->data, "rule", dua_json_rule(dua->pool, rule));
        add_actions(dua, rule);
        status = add_images(dua, rule);
    }
    if (status == APR_SUCCESS) {
        status = add_phones(dua, rule);
    }
    if (status == APR_SUCCESS) {
        status = add_held(dua, rule);
    }
    if (status == APR_SUCCESS) {
        status = add_forecast(dua, rule);
    }
    if (status == APR_SUCCESS) {
        status = add_outcome(dua, rule);
    }
    dua_set_text(dua->pool, dua->data, "back", rules_list_link(dua));
    dua->tmpl = HTML_rules_one;
    return status == APR_SUCCESS ? add_activities(dua, rule) : status;
}
