#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_text.h"

static int has(const du_rule_t *rule, du_slot_e slot)
{
    return *rule->versions.slot[slot] != '\0';
}

static int is_in_state(const du_rule_t *rule, const char *state)
{
    if (du_text_same(state, "pending")) {
        return has(rule, DU_PENDING);
    }
    if (du_text_same(state, "approved")) {
        return has(rule, DU_APPROVED);
    }
    return !has(rule, DU_PENDING) && !has(rule, DU_APPROVED);
}

apr_status_t ctl_rule_list_check(ctl_t *ctl)
{
    const char *state = ctl->option[CTL_OPT_STATE];

    if (!state || du_text_same(state, "pending") || du_text_same(state, "approved") || du_text_same(state, "none")) {
        return APR_SUCCESS;
    }
    return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0810), "--state is pending, approved or none, not \"%s\"",
                   du_text_for_log(ctl->pool, state));
}

static int is_wanted(const ctl_t *ctl, const du_rule_t *rule)
{
    const char *state = ctl->option[CTL_OPT_STATE];
    const struct {
        ctl_option_e option;
        const char *part;
    } filters[] = {{CTL_OPT_TYPE, rule->key.type},
                   {CTL_OPT_BRAND, rule->key.brand},
                   {CTL_OPT_MODEL, rule->key.model},
                   {CTL_OPT_REVISION, rule->key.revision},
                   {CTL_OPT_LOCALE, rule->key.locale}};

    for (apr_size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        const char *wanted = ctl->option[filters[i].option];

        if (wanted && !du_text_same(wanted, filters[i].part)) {
            return 0;
        }
    }
    return !state || is_in_state(rule, state);
}

static void print_rules(ctl_t *ctl, const apr_array_header_t *rules)
{
    static const char *const titles[] = {"ID",     "TYPE",   "BRAND",   "MODEL",    "REVISION",
                                         "LOCALE", "UPDATE", "PENDING", "APPROVED", "RESTORE"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 10, titles);
    int shown = 0;

    for (int i = 0; i < rules->nelts; i++) {
        const du_rule_t *r = &APR_ARRAY_IDX(rules, i, du_rule_t);
        const char *cells[] = {apr_psprintf(ctl->pool, "%" APR_INT64_T_FMT, r->id),
                               r->key.type,
                               r->key.brand,
                               r->key.model,
                               r->key.revision,
                               r->key.locale,
                               r->update_type,
                               r->versions.slot[DU_PENDING],
                               r->versions.slot[DU_APPROVED],
                               r->versions.slot[DU_RESTORE]};

        if (is_wanted(ctl, r)) {
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

        if (is_wanted(ctl, rule)) {
            json_array_append_new(array, ctl_json_rule(ctl->pool, rule));
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

static void show_as_json(ctl_t *ctl, const du_rule_t *rule, du_image_t *const *images)
{
    json_t *object = ctl_json_rule(ctl->pool, rule);
    json_t *array = json_array();

    for (int slot = 0; slot < DU_SLOTS; slot++) {
        if (images[slot]) {
            json_t *image = json_object();

            json_object_set_new(image, "version", ctl_json_text(ctl->pool, images[slot]->version));
            json_object_set_new(image, "files", ctl_json_files(ctl->pool, images[slot]));
            json_array_append_new(array, image);
        }
    }
    json_object_set_new(object, "images", array);
    ctl_json_print(object);
}

static void show_as_text(ctl_t *ctl, const du_rule_t *rule, du_image_t *const *images)
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
    apr_status_t status = du_store_rule(ctl->ctx, ctl->store, ctl->ids[0], ctl->pool, &rule);

    if (status == APR_SUCCESS) {
        status = read_images(ctl, rule, images);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        show_as_json(ctl, rule, images);
    } else {
        show_as_text(ctl, rule, images);
    }
    return APR_SUCCESS;
}

/* What became of one rule. */
static void print_outcome(ctl_t *ctl, const du_rule_t *rule, const du_versions_t *before, apr_status_t status)
{
    printf("rule %" APR_INT64_T_FMT " %s: ", rule->id, ctl_text(ctl->pool, du_key_path(ctl->pool, &rule->key)));
    if (status == APR_SUCCESS) {
        const char *old = du_text_or_null(before->slot[DU_APPROVED]);

        printf("%s %s (before: %s)\n", ctl->option[CTL_OPT_DRY_RUN] ? "would approve" : "approved",
               ctl_text(ctl->pool, rule->versions.slot[DU_APPROVED]), old ? ctl_text(ctl->pool, old) : "none");
    } else {
        printf("%s\n", status == DU_E_NOTHING ? "nothing pending" : "not changed");
    }
}

static json_t *json_outcome(ctl_t *ctl, const du_rule_t *rule, const du_versions_t *before, apr_status_t status)
{
    json_t *object = json_object(), *old = json_object(), *new = json_object();
    const char *result = status == APR_SUCCESS ? "approved" : status == DU_E_NOTHING ? "nothing" : "conflict";

    ctl_json_versions(ctl->pool, old, before);
    ctl_json_versions(ctl->pool, new, &rule->versions);
    json_object_set_new(object, "id", json_integer(rule->id));
    json_object_set_new(object, "result", json_string(result));
    json_object_set_new(object, "dry_run", json_boolean(ctl->option[CTL_OPT_DRY_RUN] != NULL));
    json_object_set_new(object, "before", old);
    json_object_set_new(object, "after", new);
    return object;
}

/* Only the store can say that somebody else was faster, so a dry run knows success and nothing to
 * do. */
static apr_status_t approve(ctl_t *ctl, du_rule_t *rule)
{
    du_versions_t before = rule->versions;
    apr_status_t status;

    if (ctl->option[CTL_OPT_DRY_RUN]) {
        return du_lifecycle_apply(DU_ACTION_APPROVE, &before, NULL, &rule->versions);
    }
    status = du_store_act(ctl->ctx, ctl->store, rule, DU_ACTION_APPROVE, &ctl->actor);
    if (status == DU_E_CONFLICT) {
        du_report(ctl->ctx, DU_LOG_ERROR);
        ctl->reported = 1;
    }
    return status;
}

/* Goes on behind a conflict, for the other rules are as they were asked for, and ends at everything
 * else. */
static apr_status_t approve_all(ctl_t *ctl, const apr_array_header_t *rules)
{
    json_t *array = json_array();
    apr_status_t result = APR_SUCCESS;

    for (int i = 0; i < rules->nelts; i++) {
        du_rule_t *rule = APR_ARRAY_IDX(rules, i, du_rule_t *);
        du_versions_t before = rule->versions;
        apr_status_t status = approve(ctl, rule);

        if (status != APR_SUCCESS && status != DU_E_NOTHING) {
            result = status;
        }
        if (result != APR_SUCCESS && result != DU_E_CONFLICT) {
            break;
        }
        if (ctl->option[CTL_OPT_JSON]) {
            json_array_append_new(array, json_outcome(ctl, rule, &before, status));
        } else {
            print_outcome(ctl, rule, &before, status);
        }
    }
    if (ctl->option[CTL_OPT_JSON]) {
        ctl_json_print(array);
    } else {
        json_decref(array);
    }
    return result;
}

static int is_listed(const apr_array_header_t *rules, apr_int64_t id)
{
    for (int i = 0; i < rules->nelts; i++) {
        if (APR_ARRAY_IDX(rules, i, du_rule_t *)->id == id) {
            return 1;
        }
    }
    return 0;
}

/* Every rule is read before one is changed: a mistyped number changes nothing. */
static apr_status_t rules_given(ctl_t *ctl, apr_array_header_t *rules)
{
    for (int i = 0; i < ctl->argc; i++) {
        du_rule_t *rule;
        apr_status_t status = du_store_rule(ctl->ctx, ctl->store, ctl->ids[i], ctl->pool, &rule);

        if (status != APR_SUCCESS) {
            return status;
        }
        if (!is_listed(rules, rule->id)) {
            APR_ARRAY_PUSH(rules, du_rule_t *) = rule;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t rules_pending(ctl_t *ctl, apr_array_header_t *rules)
{
    apr_array_header_t *all;
    apr_status_t status = du_store_rules(ctl->ctx, ctl->store, ctl->pool, &all);

    for (int i = 0; status == APR_SUCCESS && i < all->nelts; i++) {
        du_rule_t *rule = &APR_ARRAY_IDX(all, i, du_rule_t);

        if (has(rule, DU_PENDING)) {
            APR_ARRAY_PUSH(rules, du_rule_t *) = rule;
        }
    }
    return status;
}

apr_status_t ctl_rule_approve_check(ctl_t *ctl)
{
    if ((ctl->option[CTL_OPT_ALL] != NULL) == (ctl->argc > 0)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0811), "rule approve needs numbers of rules, or --all alone");
    }
    return ctl_args_ids(ctl);
}

apr_status_t ctl_rule_approve(ctl_t *ctl)
{
    apr_array_header_t *rules = apr_array_make(ctl->pool, 16, sizeof(du_rule_t *));
    apr_status_t status = ctl->option[CTL_OPT_ALL] ? rules_pending(ctl, rules) : rules_given(ctl, rules);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (rules->nelts == 0 && !ctl->option[CTL_OPT_JSON]) {
        printf("Nothing to do: no rule has a pending version.\n");
        return APR_SUCCESS;
    }
    return approve_all(ctl, rules);
}
