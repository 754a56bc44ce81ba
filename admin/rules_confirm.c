#include "rules.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_plan_phones.h"
#include "du_text.h"

#define CONFIRM_MAX 4000 /* rules of one change: as many parameters as a form may have, and some for the rest */

/* What a change makes of the rules, model by model. */
typedef struct summary_t {
    const char *model;
    apr_int64_t rules, phones;
} summary_t;

static summary_t *summary_of(apr_array_header_t *summaries, const char *model)
{
    summary_t *made;

    for (int i = 0; i < summaries->nelts; i++) {
        if (du_text_same(APR_ARRAY_IDX(summaries, i, summary_t).model, model)) {
            return &APR_ARRAY_IDX(summaries, i, summary_t);
        }
    }
    made = apr_array_push(summaries);
    *made = (summary_t){.model = model};
    return made;
}

static apr_int64_t known_phones(const json_t *row)
{
    return json_integer_value(json_object_get(json_object_get(row, "phones"), "known"));
}

/* The version that phones are offered afterwards and were not before is one that nobody signed. */
static int brings_unverified(dua_t *dua, const du_planned_t *planned, apr_hash_t *unverified)
{
    const char *after = planned->after.slot[DU_APPROVED];

    return *after && !du_text_equal(after, planned->before.slot[DU_APPROVED]) &&
           apr_hash_get(unverified, du_store_version_key(dua->pool, planned->rule->id, after), APR_HASH_KEY_STRING);
}

static apr_status_t add_row(dua_t *dua, json_t *rows, const du_planned_t *planned, const char *word,
                            const du_plan_phones_t *phones, apr_hash_t *unverified, apr_array_header_t *summaries)
{
    json_t *row = dua_json_planned(dua->pool, planned, word);
    summary_t *summary = summary_of(summaries, planned->rule->key.model);
    apr_status_t status = dua_json_phones(dua->ctx, row, planned, phones);

    json_array_append_new(rows, row);
    dua_set_text(dua->pool, row, "choice", du_choice_text(dua->pool, planned->rule));
    dua_set_text(dua->pool, row, "key", du_key_path(dua->pool, &planned->rule->key));
    dua_set_flag(row, "is_unverified", brings_unverified(dua, planned, unverified));
    dua_set_flag(row, "knows_phones", phones != NULL);
    summary->rules++;
    summary->phones += known_phones(row);
    return status;
}

static void add_summaries(dua_t *dua, const apr_array_header_t *summaries)
{
    json_t *list = json_array();
    apr_int64_t phones = 0;

    for (int i = 0; i < summaries->nelts; i++) {
        const summary_t *summary = &APR_ARRAY_IDX(summaries, i, summary_t);
        json_t *row = json_object();

        dua_set_text(dua->pool, row, "model", summary->model);
        dua_set_number(row, "rules", summary->rules);
        dua_set_number(row, "phones", summary->phones);
        json_array_append_new(list, row);
        phones += summary->phones;
    }
    json_object_set_new(dua->data, "models", list);
    dua_set_flag(dua->data, "has_models", summaries->nelts > 1);
    dua_set_number(dua->data, "phones_touched", phones);
}

/* Rules with something to do and those without. */
static apr_status_t add_rows(dua_t *dua, const du_plan_t *plan, const char *word, const du_plan_phones_t *phones,
                             apr_hash_t *unverified)
{
    apr_array_header_t *summaries = apr_array_make(dua->pool, 8, sizeof(summary_t));
    json_t *rows = json_array(), *idle = json_array();
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < plan->rules->nelts && status == APR_SUCCESS; i++) {
        const du_planned_t *planned = &APR_ARRAY_IDX(plan->rules, i, du_planned_t);

        if (planned->changes) {
            status = add_row(dua, rows, planned, word, phones, unverified, summaries);
        } else {
            json_t *row = dua_json_planned(dua->pool, planned, word);

            dua_set_text(dua->pool, row, "key", du_key_path(dua->pool, &planned->rule->key));
            json_array_append_new(idle, row);
        }
    }
    dua_set_number(dua->data, "count", (apr_int64_t)json_array_size(rows));
    dua_set_number(dua->data, "idle_count", (apr_int64_t)json_array_size(idle));
    json_object_set_new(dua->data, "rules", rows);
    json_object_set_new(dua->data, "idle", idle);
    add_summaries(dua, summaries);
    return status;
}

static apr_status_t check_number(dua_t *dua, const apr_array_header_t *rules)
{
    return rules->nelts <= CONFIRM_MAX ? APR_SUCCESS
                                       : du_fail(dua->ctx, DU_E_TOO_LARGE, DUNO(0718),
                                                 "at most %d rules can be changed at once on this page, these are "
                                                 "%d: use filters, or devupdatectl",
                                                 CONFIRM_MAX, rules->nelts);
}

apr_status_t rules_show_confirmation(dua_t *dua, const rules_action_t *action)
{
    const char *to = dua_value(dua, "to");
    du_plan_phones_t *phones = NULL;
    apr_hash_t *unverified = NULL;
    apr_array_header_t *rules;
    du_plan_t *plan = NULL;
    apr_status_t status = rules_choose(dua, &rules);

    if (status == APR_SUCCESS) {
        status = check_number(dua, rules);
    }
    if (status == APR_SUCCESS) {
        plan = du_plan_make(action->action, to, rules, dua->pool);
        status = du_plan_check(dua->ctx, dua->store, plan);
    }
    if (status == APR_SUCCESS) {
        status = du_plan_phones_read(dua->ctx, dua->store, NULL, dua->pool, &phones);
    }
    if (status == APR_SUCCESS) {
        status = du_store_unverified(dua->ctx, dua->store, dua->pool, &unverified);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    dua_set_text(dua->pool, dua->data, "view", "confirm");
    dua_set_text(dua->pool, dua->data, "action", action->word);
    dua_set_text(dua->pool, dua->data, "to", to);
    dua_set_flag(dua->data, "may_do", dua_may(dua, action->right, ""));
    dua_set_flag(dua->data, "is_danger", action->action == DU_ACTION_REMOVE);
    dua_set_flag(dua->data, "knows_phones", phones != NULL);
    return add_rows(dua, plan, action->word, phones, unverified);
}
