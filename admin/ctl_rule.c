#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"
#include "dua_phone.h"

static int has(const du_rule_t *rule, du_slot_e slot)
{
    return *rule->versions.slot[slot] != '\0';
}

/* The options that a rule is chosen by, and the part of its key that each is about. */
#define FILTERS(X)                                                                                                   \
    X(CTL_OPT_TYPE, type)                                                                                            \
    X(CTL_OPT_BRAND, brand)                                                                                          \
    X(CTL_OPT_MODEL, model)                                                                                          \
    X(CTL_OPT_REVISION, revision)                                                                                    \
    X(CTL_OPT_LOCALE, locale)

static apr_status_t check_filter(ctl_t *ctl, ctl_option_e option)
{
    const char *value = ctl->option[option];

    if (!value || du_rule_pattern_is_valid(value)) {
        return APR_SUCCESS;
    }
    return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0854), "--%s %s: a * stands for the rest and so at the end only",
                   ctl_option_name(option), du_text_for_log(ctl->pool, value));
}

apr_status_t ctl_rule_list_check(ctl_t *ctl)
{
    const char *state = ctl->option[CTL_OPT_STATE];
    apr_status_t status = APR_SUCCESS;
    du_rule_state_e found;

#define CHECK_FILTER(id, part)                                                                                       \
    if (status == APR_SUCCESS) {                                                                                     \
        status = check_filter(ctl, id);                                                                              \
    }
    FILTERS(CHECK_FILTER)
#undef CHECK_FILTER
    if (status != APR_SUCCESS || !state || du_rule_state_find(state, &found)) {
        return status;
    }
    return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0810), "--state is pending, approved or none, not \"%s\"",
                   du_text_for_log(ctl->pool, state));
}

du_rule_filter_t ctl_rule_filter(const ctl_t *ctl)
{
    du_rule_filter_t filter = {.state = DU_RULE_STATES};

#define TAKE_FILTER(id, part) filter.key.part = ctl->option[id];
    FILTERS(TAKE_FILTER)
#undef TAKE_FILTER
    du_rule_state_find(ctl->option[CTL_OPT_STATE], &filter.state);
    return filter;
}

static void print_rules(ctl_t *ctl, const apr_array_header_t *rules)
{
    static const char *const titles[] = {"ID",     "TYPE",   "BRAND",   "MODEL",    "REVISION",
                                         "LOCALE", "UPDATE", "PENDING", "APPROVED", "RESTORE"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 10, titles);
    const du_rule_filter_t filter = ctl_rule_filter(ctl);
    int shown = 0;

    for (int i = 0; i < rules->nelts; i++) {
        const du_rule_t *r = &APR_ARRAY_IDX(rules, i, du_rule_t);
        const char *cells[] = {du_text_number(ctl->pool, r->id),
                               r->key.type,
                               r->key.brand,
                               r->key.model,
                               r->key.revision,
                               r->key.locale,
                               r->update_type,
                               r->versions.slot[DU_PENDING],
                               r->versions.slot[DU_APPROVED],
                               r->versions.slot[DU_RESTORE]};

        if (du_rule_filter_matches(&filter, r)) {
            ctl_table_row(table, cells);
            shown++;
        }
    }
    if (shown) {
        ctl_table_print(table);
    } else {
        printf(rules->nelts ? "No such rules.\n" : "No rules.\n");
    }
}

apr_status_t ctl_rule_list(ctl_t *ctl)
{
    const du_rule_filter_t filter = ctl_rule_filter(ctl);
    apr_array_header_t *rules;
    json_t *array;
    apr_status_t status = du_store_rules(ctl->ctx, ctl->store, ctl->pool, &rules);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (!ctl->option[CTL_OPT_JSON]) {
        print_rules(ctl, rules);
        return APR_SUCCESS;
    }
    array = json_array();
    for (int i = 0; i < rules->nelts; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(rules, i, du_rule_t);

        if (du_rule_filter_matches(&filter, rule)) {
            json_array_append_new(array, dua_json_rule(ctl->pool, rule));
        }
    }
    ctl_json_print(array);
    return APR_SUCCESS;
}

/* The files of each version the rule has. */
static apr_status_t read_images(ctl_t *ctl, const du_rule_t *rule, du_image_t **images)
{
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        apr_status_t status = APR_SUCCESS;

        images[slot] = NULL;
        if (has(rule, slot)) {
            status =
                du_store_image(ctl->ctx, ctl->store, rule->id, rule->versions.slot[slot], ctl->pool, &images[slot]);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

static void show_as_json(ctl_t *ctl, const du_rule_t *rule, du_image_t *const *images, const apr_array_header_t *held)
{
    json_t *object = dua_json_rule(ctl->pool, rule);
    json_t *array = json_array();

    for (int slot = 0; slot < DU_SLOTS; slot++) {
        if (images[slot]) {
            json_t *image = json_object();

            json_object_set_new(image, "version", dua_json_text(ctl->pool, images[slot]->version));
            json_object_set_new(image, "files", dua_json_files(ctl->pool, images[slot]));
            json_array_append_new(array, image);
        }
    }
    json_object_set_new(object, "images", array);
    json_object_set_new(object, "held", dua_json_held(ctl->pool, held));
    ctl_json_print(object);
}

/* "4.0.7577.4463: 12 phones" */
static const char *held_text(apr_pool_t *pool, const apr_array_header_t *held)
{
    const char *text = "";

    for (int i = 0; i < held->nelts; i++) {
        const du_held_rule_t *one = &APR_ARRAY_IDX(held, i, du_held_rule_t);

        text = apr_psprintf(pool, "%s%s%s: %" APR_INT64_T_FMT " phone%s", text, i ? ", " : "", one->version,
                            one->phones, one->phones == 1 ? "" : "s");
    }
    return text;
}

static void show_as_text(ctl_t *ctl, const du_rule_t *rule, du_image_t *const *images, const apr_array_header_t *held)
{
    static const char *const titles[] = {"Pending version", "Approved version", "Restore version"};
    apr_pool_t *pool = ctl->pool;

    printf("Rule %" APR_INT64_T_FMT "\n", rule->id);
    ctl_field_print(pool, "Device type", rule->key.type);
    ctl_field_print(pool, "Brand", rule->key.brand);
    ctl_field_print(pool, "Model", rule->key.model);
    ctl_field_print(pool, "Revision", rule->key.revision);
    ctl_field_print(pool, "Locale", rule->key.locale);
    ctl_field_print(pool, "Update type", rule->update_type);
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        ctl_field_print(pool, titles[slot], rule->versions.slot[slot]);
    }
    if (held->nelts) {
        ctl_field_print(pool, "Not offered to", held_text(pool, held));
    }
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        if (images[slot]) {
            printf("\n  %s %s\n", titles[slot], ctl_text(pool, images[slot]->version));
            ctl_files_print(pool, images[slot]);
        }
    }
}

apr_status_t ctl_rule_show(ctl_t *ctl)
{
    du_rule_t *rule;
    du_image_t *images[DU_SLOTS];
    apr_array_header_t *held;
    apr_status_t status = du_store_rule(ctl->ctx, ctl->store, ctl->ids[0], ctl->pool, &rule);

    if (status == APR_SUCCESS) {
        status = read_images(ctl, rule, images);
    }
    if (status == APR_SUCCESS) {
        status = du_held_rules(ctl->ctx, ctl->store, rule->id, ctl->pool, &held);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        show_as_json(ctl, rule, images, held);
    } else {
        show_as_text(ctl, rule, images, held);
    }
    return APR_SUCCESS;
}
