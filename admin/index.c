/*
 * Overview: what needs attention first.
 */
#include <apr_strings.h>

#include "admin/templates/index.h"
#include "devices.h"
#include "du_job.h"
#include "du_logs.h"
#include "du_store_activity.h"
#include "du_store_node.h"
#include "du_text.h"
#include "index_charts.h"

#define LAST_ROWS  100 /* of changes and refused attempts that are looked at */
#define QUOTA_WARN 90  /* percent of the quota of logs */

static apr_status_t add_rules(dua_t *dua)
{
    apr_array_header_t *rules;
    int pending = 0, idle = 0;
    apr_status_t status = du_store_rules(dua->ctx, dua->store, dua->pool, &rules);

    for (int i = 0; status == APR_SUCCESS && i < rules->nelts; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(rules, i, du_rule_t);
        int is_pending = *rule->versions.slot[DU_PENDING] != '\0';

        pending += is_pending;
        idle += !is_pending && *rule->versions.slot[DU_APPROVED] == '\0';
    }
    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "rules", rules->nelts);
        dua_set_number(dua->data, "rules_pending", pending);
        dua_set_number(dua->data, "rules_without_version", idle);
    }
    return status;
}

/* The vendor advises to look for new packages every three months (administration.md 1.1). */
static apr_status_t add_packages(dua_t *dua)
{
    const apr_time_t quarter = apr_time_from_sec(92 * 86400);
    apr_array_header_t *packages;
    apr_time_t last = 0;
    apr_status_t status = du_store_packages(dua->ctx, dua->store, dua->pool, &packages);

    for (int i = 0; status == APR_SUCCESS && i < packages->nelts; i++) {
        const du_package_t *package = &APR_ARRAY_IDX(packages, i, du_package_t);

        last = package->imported > last ? package->imported : last;
    }
    if (status == APR_SUCCESS) {
        json_object_set_new(dua->data, "last_package", last ? dua_json_time(dua->pool, last) : json_null());
        dua_set_flag(dua->data, "package_is_old", last > 0 && du_now(dua->ctx) - last > quarter);
    }
    return status;
}

/* Imports that came to nothing, as long as they can be looked at. */
static apr_status_t add_imports(dua_t *dua)
{
    apr_array_header_t *jobs;
    int failed = 0;
    apr_status_t status = du_job_list(dua->ctx, dua->files, dua->pool, &jobs);

    for (int i = 0; status == APR_SUCCESS && i < jobs->nelts; i++) {
        apr_int64_t end = APR_ARRAY_IDX(jobs, i, du_job_t).end;

        failed += end == DU_JOB_FAILED || end == DU_JOB_INTERRUPTED;
    }
    dua_set_number(dua->data, "imports_failed", failed);
    return status;
}

static json_t *json_node(dua_t *dua, const du_node_word_t *word, du_node_state_e state)
{
    json_t *object = json_object();

    dua_set_text(dua->pool, object, "node", word->name);
    dua_set_text(dua->pool, object, "state", du_node_state_word(state));
    dua_set_time(dua->pool, object, "seen", word->seen);
    dua_set_number(object, "generation", word->generation);
    json_object_set_new(object, "compiled", word->compiled ? dua_json_time(dua->pool, word->compiled) : json_null());
    json_object_set_new(object, "behind_since",
                        word->behind_since ? dua_json_time(dua->pool, word->behind_since) : json_null());
    return object;
}

/* All nodes, and once more by themselves those that somebody should look at. */
static apr_status_t add_nodes(dua_t *dua)
{
    json_t *all = json_array(), *behind = json_array(), *silent = json_array();
    apr_array_header_t *nodes;
    apr_status_t status = du_store_nodes(dua->ctx, dua->store, dua->pool, &nodes);

    for (int i = 0; status == APR_SUCCESS && i < nodes->nelts; i++) {
        const du_node_word_t *word = &APR_ARRAY_IDX(nodes, i, du_node_word_t);
        du_node_state_e state = du_node_state(word, du_now(dua->ctx));
        json_t *object = json_node(dua, word, state);

        json_array_append_new(all, object);
        if (state != DU_NODE_FOLLOWS) {
            json_array_append(state == DU_NODE_BEHIND ? behind : silent, object);
        }
    }
    json_object_set_new(dua->data, "nodes", all);
    json_object_set_new(dua->data, "nodes_behind", behind);
    json_object_set_new(dua->data, "nodes_silent", silent);
    return status;
}

/* States that somebody should look at, by themselves: "phones_stuck". */
static void name_states(dua_t *dua)
{
    const json_t *states = json_object_get(dua->data, "states");

    for (size_t i = 0; i < json_array_size(states); i++) {
        const json_t *state = json_array_get(states, i);

        json_object_set(dua->data,
                        apr_pstrcat(dua->pool, "phones_", json_string_value(json_object_get(state, "state")), NULL),
                        json_object_get(state, "phones"));
    }
}

static apr_status_t add_phones(dua_t *dua)
{
    du_inventory_view_t view;
    apr_array_header_t *strangers;
    apr_int64_t held;
    int is_filled;
    apr_status_t status = du_inventory_view(dua->ctx, dua->store, &view);

    if (status == APR_SUCCESS) {
        status = devices_add_counts(dua, &view, 1);
    }
    if (status == APR_SUCCESS) {
        name_states(dua);
        index_add_versions(dua);
        status = du_inventory_strangers(dua->ctx, dua->store, DU_INVENTORY_FEW, dua->pool, &strangers);
    }
    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "unknown_kinds", strangers->nelts);
        status = du_inventory_is_filled(dua->ctx, dua->store, &is_filled);
    }
    if (status == APR_SUCCESS) {
        dua_set_flag(dua->data, "is_filled", is_filled);
        status = du_held_count(dua->ctx, dua->store, &held);
    }
    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "phones_held", held);
        status = index_add_hours(dua);
    }
    return status == APR_SUCCESS ? index_add_rollouts(dua) : status;
}

/* Only where there is a quota: otherwise nobody waits for a look at half a million files. */
static apr_status_t add_logs(dua_t *dua)
{
    const du_logs_filter_t all = {0};
    du_settings_t settings = {0};
    du_logs_page_t page = {.bytes = 0};
    apr_int64_t quota = 0;
    apr_status_t status = du_store_settings(dua->ctx, dua->store, "", dua->pool, &settings);

    if (status == APR_SUCCESS) {
        quota = du_setting_number(&settings, DU_SET_LOG_QUOTA);
    }
    if (quota > 0) {
        status = du_logs_page(dua->ctx, dua->files, &all, DU_LOGS_NEWEST, NULL, 1, dua->pool, &page);
    }
    dua_set_number(dua->data, "log_quota", quota);
    dua_set_number(dua->data, "log_bytes", page.bytes);
    dua_set_flag(dua->data, "logs_are_many", quota > 0 && page.bytes / QUOTA_WARN >= quota / 100);
    return status;
}

/* The last change; refused attempts are on record, too, and none. */
static apr_status_t add_last_change(dua_t *dua)
{
    const du_activity_filter_t some = {.limit = LAST_ROWS};
    apr_array_header_t *rows;
    const du_activity_t *last = NULL;
    apr_status_t status = du_store_activities(dua->ctx, dua->store, &some, dua->pool, &rows);

    for (int i = 0; status == APR_SUCCESS && i < rows->nelts && !last; i++) {
        const du_activity_t *row = &APR_ARRAY_IDX(rows, i, du_activity_t);

        last = du_text_equal(row->action, DU_REFUSAL_ACTION) ? NULL : row;
    }
    json_object_set_new(dua->data, "last_change", last ? dua_json_time(dua->pool, last->time) : json_null());
    dua_set_text(dua->pool, dua->data, "last_actor", last ? last->actor : "");
    return status;
}

static apr_status_t show(dua_t *dua)
{
    static apr_status_t (*const parts[])(dua_t * dua) = {add_rules,  add_packages, add_imports,    add_nodes,
                                                         add_phones, add_logs,     add_last_change};
    apr_status_t status = APR_SUCCESS;

    for (size_t i = 0; status == APR_SUCCESS && i < sizeof(parts) / sizeof(parts[0]); i++) {
        status = parts[i](dua);
    }
    return status;
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {NULL};
    static const dua_page_t page = {
        .name = "index", .tmpl = HTML_index, .parameters = parameters, .right = DU_RIGHT_VIEW, .show = show};

    return dua_main(argc, argv, &page);
}
