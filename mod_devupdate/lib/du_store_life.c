#include "du_store_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_batch.h"
#include "du_text.h"

/* One action on its way through its transaction. */
typedef struct act_t {
    du_store_t *store;
    const du_actor_t *actor;
    const apr_array_header_t *rules; /* of du_rule_t * */
    du_action_e action;
    const char *version;
    du_versions_t *after;        /* of each rule */
    apr_array_header_t *changes; /* of du_change_t: of the rules that do not stay as they are */
    int at_once;                 /* of the changes: how many */
} act_t;

/* "pending=4.0.7577.4512 approved= restore=" */
static const char *show_versions(du_ctx_t *ctx, const du_versions_t *v)
{
#define SHOW(id, name) #name "=", v->slot[id], " ",
    char *text = apr_pstrcat(ctx->pool, DU_SLOT_LIST(SHOW) NULL);
#undef SHOW

    text[strlen(text) - 1] = '\0';
    return text;
}

/* The row is not as it was: somebody changed it or removed it. */
static apr_status_t fail_lost_race(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule)
{
    du_rule_t *now;
    apr_status_t rv = du_store_rule(ctx, store, rule->id, ctx->pool, &now);

    return rv == APR_SUCCESS
               ? du_fail(ctx, DU_E_CONFLICT, DUNO(0701),
                         "rule %" APR_INT64_T_FMT " (%s): somebody else was faster, nothing was changed", rule->id,
                         du_text_for_log(ctx->pool, du_key_path(ctx->pool, &rule->key)))
               : rv;
}

/* Statements about rules, one after the other; *changed is how many rules the last one changed. */
static apr_status_t update_rules(du_ctx_t *ctx, du_store_t *store, const du_change_t *changes, int count,
                                 int *changed)
{
    const du_batch_t rows = du_batch_make(ctx->pool, DU_SQL_RULE_VERSIONS, 1 + 2 * DU_SLOTS);

    for (int i = 0; i < count; i++) {
        const char *id = du_text_number(ctx->pool, changes[i].rule->id);

        du_batch_put(&rows, &id, 1);
        du_batch_put(&rows, changes[i].after.slot, DU_SLOTS);
        du_batch_put(&rows, changes[i].rule->versions.slot, DU_SLOTS);
    }
    return du_batch_write(ctx, store->db, &rows, changed);
}

/* The files of the images stay on disk, and are orphans that `file clear` finds. */
static apr_status_t delete_rules(du_ctx_t *ctx, du_store_t *store, const du_change_t *changes, int count,
                                 int *changed)
{
    const du_batch_t steps[] = {du_batch_make(ctx->pool, DU_SQL_RULE_FILES_DELETE, 1),
                                du_batch_make(ctx->pool, DU_SQL_RULE_IMAGES_DELETE, 1),
                                du_batch_make(ctx->pool, DU_SQL_RULE_FORECASTS_DELETE, 1),
                                du_batch_make(ctx->pool, DU_SQL_RULE_DELETE, 1 + DU_SLOTS)};
    const int nsteps = sizeof(steps) / sizeof(steps[0]), last = nsteps - 1;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < count; i++) {
        const char *id = du_text_number(ctx->pool, changes[i].rule->id);

        for (int step = 0; step < nsteps; step++) {
            du_batch_put(&steps[step], &id, 1);
        }
        du_batch_put(&steps[last], changes[i].rule->versions.slot, DU_SLOTS);
    }
    for (int step = 0; step < nsteps && rv == APR_SUCCESS; step++) {
        rv = du_batch_write(ctx, store->db, &steps[step], changed);
    }
    return rv;
}

static du_entry_t describe(du_ctx_t *ctx, du_action_e action, const du_change_t *change)
{
    const du_rule_t *rule = change->rule;
    du_entry_t entry = {.action = du_action_name(action),
                        .object = apr_pstrcat(ctx->pool, "rule ", du_text_number(ctx->pool, rule->id), NULL),
                        .before = show_versions(ctx, &rule->versions)};

    if (action == DU_ACTION_REMOVE) { /* its number will tell nobody what it was */
        entry.before = apr_pstrcat(ctx->pool, du_key_path(ctx->pool, &rule->key), " ", entry.before, NULL);
        entry.after = "";
    } else {
        entry.after = show_versions(ctx, &change->after);
    }
    return entry;
}

apr_status_t du_store_change_rules(du_ctx_t *ctx, du_store_t *store, du_action_e action, const du_change_t *changes,
                                   int count, apr_array_header_t *entries)
{
    int changed;
    apr_status_t rv = action == DU_ACTION_REMOVE ? delete_rules(ctx, store, changes, count, &changed)
                                                 : update_rules(ctx, store, changes, count, &changed);

    if (rv == APR_SUCCESS && changed != count) {
        return count == 1 ? fail_lost_race(ctx, store, changes[0].rule) : DU_E_CONFLICT;
    }
    for (int i = 0; i < count && rv == APR_SUCCESS; i++) {
        APR_ARRAY_PUSH(entries, du_entry_t) = describe(ctx, action, &changes[i]);
    }
    return rv;
}

/* What a rule is restored to must be there: its rows come and go with its files. */
static apr_status_t need_image(du_ctx_t *ctx, const act_t *act, const du_rule_t *rule)
{
    du_image_t *image;
    apr_status_t rv = du_store_image(ctx, act->store, rule->id, act->version, ctx->pool, &image);

    return rv == DU_E_NOT_FOUND ? du_fail(ctx, rv, DUNO(0702), "rule %" APR_INT64_T_FMT " has no stored version %s",
                                          rule->id, du_text_for_log(ctx->pool, act->version))
                                : rv;
}

static apr_status_t need_images(du_ctx_t *ctx, const act_t *act)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; act->version && i < act->rules->nelts && rv == APR_SUCCESS; i++) {
        rv = need_image(ctx, act, APR_ARRAY_IDX(act->rules, i, du_rule_t *));
    }
    return rv;
}

/* What is known of the phones of rules that have another approved version now, to compare what becomes of them with. */
static apr_status_t keep_forecasts(du_ctx_t *ctx, const act_t *act)
{
    const du_batch_t rows = du_batch_make(ctx->pool, DU_SQL_FORECAST_KEEP, 2);
    const char *now = du_text_number(ctx->pool, du_now(ctx));

    for (int i = 0; act->action != DU_ACTION_REMOVE && i < act->changes->nelts; i++) {
        const du_change_t *change = &APR_ARRAY_IDX(act->changes, i, du_change_t);

        if (!du_text_equal(change->after.slot[DU_APPROVED], change->rule->versions.slot[DU_APPROVED])) {
            const char *row[] = {du_text_number(ctx->pool, change->rule->id), now};

            du_batch_put(&rows, row, 2);
        }
    }
    return du_batch_write(ctx, act->store->db, &rows, NULL);
}

static apr_status_t act_on_rules(du_ctx_t *ctx, void *baton)
{
    const act_t *act = baton;
    apr_array_header_t *entries = apr_array_make(ctx->pool, act->changes->nelts, sizeof(du_entry_t));
    apr_int64_t generation;
    apr_status_t rv = du_store_raise(ctx, act->store, "generation", &generation);

    if (rv == APR_SUCCESS) {
        rv = need_images(ctx, act);
    }
    for (int i = 0; i < act->changes->nelts && rv == APR_SUCCESS; i += act->at_once) {
        rv = du_store_change_rules(ctx, act->store, act->action, &APR_ARRAY_IDX(act->changes, i, du_change_t),
                                   act->at_once, entries);
    }
    if (rv == APR_SUCCESS) {
        rv = keep_forecasts(ctx, act);
    }
    return rv == APR_SUCCESS ? du_store_record_all(ctx, act->store, act->actor, entries) : rv;
}

/* What the action makes of each rule. */
static void plan(du_ctx_t *ctx, act_t *act)
{
    act->after = apr_palloc(ctx->pool, ((apr_size_t)act->rules->nelts + 1) * sizeof(*act->after));
    act->changes = apr_array_make(ctx->pool, act->rules->nelts + 1, sizeof(du_change_t));
    for (int i = 0; i < act->rules->nelts; i++) {
        const du_rule_t *rule = APR_ARRAY_IDX(act->rules, i, du_rule_t *);

        if (du_lifecycle_apply(act->action, &rule->versions, act->version, &act->after[i]) == APR_SUCCESS) {
            APR_ARRAY_PUSH(act->changes, du_change_t) = (du_change_t){rule, act->after[i]};
        }
    }
}

/* All together first; if one of them is not as it was, all that is taken back, and rule by rule it shows which. */
static apr_status_t transact(du_ctx_t *ctx, act_t *act)
{
    apr_status_t rv;

    act->at_once = act->changes->nelts;
    rv = du_db_transaction(ctx, act->store->db, act_on_rules, act);
    if (rv == DU_E_CONFLICT && act->at_once > 1) {
        act->at_once = 1;
        rv = du_db_transaction(ctx, act->store->db, act_on_rules, act);
    }
    return rv;
}

apr_status_t du_store_act(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *rules, du_action_e action,
                          const char *version, const du_actor_t *actor, int *changed)
{
    act_t act = {.store = store, .actor = actor, .rules = rules, .action = action, .version = version};
    apr_status_t rv;

    plan(ctx, &act);
    if (changed) {
        *changed = act.changes->nelts;
    }
    if (act.changes->nelts == 0) {
        return DU_E_NOTHING;
    }
    rv = transact(ctx, &act);
    for (int i = 0; i < rules->nelts && rv == APR_SUCCESS; i++) {
        APR_ARRAY_IDX(rules, i, du_rule_t *)->versions = act.after[i];
    }
    return rv;
}
