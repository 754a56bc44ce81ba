#include "rules.h"

#include <apr_strings.h>

#include "du_inventory.h"
#include "du_text.h"
#include "dua_place.h"

#define ACTIVITIES 20
#define VERSIONS   100 /* that phones of a rule run */

/* One of the rule's three versions with its files; *image is NULL if it has none. */
static apr_status_t add_image(dua_t *dua, json_t *images, const du_rule_t *rule, du_slot_e slot)
{
#define SLOT_WORD(id, name) #name,
    static const char *const words[] = {DU_SLOT_LIST(SLOT_WORD)};
#undef SLOT_WORD
    const char *version = rule->versions.slot[slot];
    json_t *object;
    du_image_t *image;
    apr_status_t status;

    if (!*version) {
        return APR_SUCCESS;
    }
    status = du_store_image(dua->ctx, dua->store, rule->id, version, dua->pool, &image);
    if (status != APR_SUCCESS) {
        return status;
    }
    object = json_object();
    dua_set_text(dua->pool, object, "slot", words[slot]);
    dua_set_text(dua->pool, object, "version", version);
    dua_json_trust(dua->pool, object, image->trust, image->signer);
    json_object_set_new(object, "files", dua_json_files(dua->pool, image));
    json_array_append_new(images, object);
    return APR_SUCCESS;
}

/* Stored versions, and how to go back to each. */
static apr_status_t add_stored(dua_t *dua, const du_rule_t *rule)
{
    json_t *list = json_array();
    apr_array_header_t *versions;
    apr_status_t status = du_store_versions(dua->ctx, dua->store, rule->id, dua->pool, &versions);

    json_object_set_new(dua->data, "stored", list);
    for (int i = 0; status == APR_SUCCESS && i < versions->nelts; i++) {
        const char *version = APR_ARRAY_IDX(versions, i, const char *);
        json_t *row = json_object();

        dua_set_text(dua->pool, row, "version", version);
        dua_set_flag(row, "is_approved", du_text_equal(version, rule->versions.slot[DU_APPROVED]));
        dua_set_text(dua->pool, row, "href",
                     apr_psprintf(dua->pool, "rules?confirm=restore&id=%" APR_INT64_T_FMT "&to=%s", rule->id,
                                  dua_form_escape(dua->pool, version)));
        json_array_append_new(list, row);
    }
    return status;
}

static apr_status_t add_activities(dua_t *dua, const du_rule_t *rule)
{
    const char *object = apr_psprintf(dua->pool, "rule %" APR_INT64_T_FMT, rule->id);
    json_t *list = json_array();
    apr_array_header_t *rows;
    apr_status_t status = du_store_activities_of(dua->ctx, dua->store, object, ACTIVITIES, dua->pool, &rows);

    json_object_set_new(dua->data, "activities", list);
    for (int i = 0; status == APR_SUCCESS && i < rows->nelts; i++) {
        json_array_append_new(list, dua_json_activity(dua->pool, &APR_ARRAY_IDX(rows, i, du_activity_t)));
    }
    return status;
}

/* What the known phones of the rule run. */
static apr_status_t add_phones(dua_t *dua, const du_rule_t *rule)
{
    const du_inventory_filter_t filter = {.type = rule->key.type,
                                          .brand = rule->key.brand,
                                          .model = rule->key.model,
                                          .revision = rule->key.revision,
                                          .locale = rule->key.locale};
    json_t *list = json_array();
    apr_array_header_t *counts;
    du_inventory_view_t view;
    apr_status_t status = du_inventory_view(dua->ctx, dua->store, &view);

    json_object_set_new(dua->data, "versions", list);
    if (status == APR_SUCCESS) {
        status =
            du_inventory_counts(dua->ctx, dua->store, &view, &filter, DU_BY_VERSION, VERSIONS, dua->pool, &counts);
    }
    for (int i = 0; status == APR_SUCCESS && i < counts->nelts; i++) {
        const du_phone_count_t *count = &APR_ARRAY_IDX(counts, i, du_phone_count_t);
        json_t *row = json_object();

        dua_set_text(dua->pool, row, "version", count->version);
        dua_set_number(row, "phones", count->phones);
        json_array_append_new(list, row);
    }
    return status;
}

apr_status_t rules_show_one(dua_t *dua, const char *id)
{
    json_t *images = json_array();
    du_choice_t choice;
    du_rule_t *rule;
    apr_status_t status;

    json_object_set_new(dua->data, "images", images);
    if (!du_choice_parse(id, &choice)) {
        return du_fail(dua->ctx, DU_E_NOT_FOUND, DUNO(0719), "there is no rule \"%s\"",
                       du_text_for_log(dua->pool, id));
    }
    status = du_store_rule(dua->ctx, dua->store, choice.id, dua->pool, &rule);
    if (status != APR_SUCCESS) {
        return status;
    }
    dua_set_text(dua->pool, dua->data, "view", "rule");
    json_object_set_new(dua->data, "rule", dua_json_rule(dua->pool, rule));
    dua_set_text(dua->pool, dua->data, "key", du_key_path(dua->pool, &rule->key));
    for (int slot = 0; slot < DU_SLOTS && status == APR_SUCCESS; slot++) {
        status = add_image(dua, images, rule, (du_slot_e)slot);
    }
    if (status == APR_SUCCESS) {
        status = add_stored(dua, rule);
    }
    if (status == APR_SUCCESS) {
        status = add_phones(dua, rule);
    }
    return status == APR_SUCCESS ? add_activities(dua, rule) : status;
}
