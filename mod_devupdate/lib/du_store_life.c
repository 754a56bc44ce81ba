#include "du_store_rows.h"

#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

/* One action on its way through its transaction. */
typedef struct act_t {
    du_store_t *store;
    const du_actor_t *actor;
    const apr_array_header_t *rules; /* of du_rule_t * */
    du_action_e action;
    const char *version;
    du_versions_t *after; /* of each rule */
    int *changes;         /* of each rule: it does not stay as it is */
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

static apr_status_t update_rule(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule, const du_versions_t *after,
                                int *changed)
{
    const du_versions_t *before = &rule->versions;
    const char *args[] = {after->slot[DU_PENDING],  after->slot[DU_APPROVED],
                          after->slot[DU_RESTORE],  du_text_number(ctx->pool, rule->id),
                          before->slot[DU_PENDING], before->slot[DU_APPROVED],
                          before->slot[DU_RESTORE], NULL};

    return du_db_execute(ctx, store->db, DU_SQL_RULE_VERSIONS, args, changed);
}

/* The files of the images stay on disk, and are orphans that `file clear` finds. */
static apr_status_t delete_rule(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule, int *changed)
{
    const du_versions_t *before = &rule->versions;
    const char *args[] = {du_text_number(ctx->pool, rule->id), before->slot[DU_PENDING], before->slot[DU_APPROVED],
                          before->slot[DU_RESTORE], NULL};
    const char *id[] = {args[0], NULL};
    apr_status_t rv = du_db_execute(ctx, store->db, DU_SQL_RULE_FILES_DELETE, id, NULL);

    if (rv == APR_SUCCESS) {
        rv = du_db_execute(ctx, store->db, DU_SQL_RULE_IMAGES_DELETE, id, NULL);
    }
    return rv == APR_SUCCESS ? du_db_execute(ctx, store->db, DU_SQL_RULE_DELETE, args, changed) : rv;
}

apr_status_t du_store_change_rule(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule, du_action_e action,
                                  const du_versions_t *after, du_entry_t *entry)
{
    int gone = action == DU_ACTION_REMOVE, changed;
    apr_status_t rv = gone ? delete_rule(ctx, store, rule, &changed) : update_rule(ctx, store, rule, after, &changed);

    if (rv == APR_SUCCESS && changed == 0) {
        return fail_lost_race(ctx, store, rule);
    }
    entry->action = du_action_name(action);
    entry->object = apr_pstrcat(ctx->pool, "rule ", du_text_number(ctx->pool, rule->id), NULL);
    entry->before = show_versions(ctx, &rule->versions);
    entry->after = gone ? "" : show_versions(ctx, after);
    if (gone) { /* its number will tell nobody what it was */
        entry->before = apr_pstrcat(ctx->pool, du_key_path(ctx->pool, &rule->key), " ", entry->before, NULL);
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

static apr_status_t act_on_rules(du_ctx_t *ctx, void *baton)
{
    const act_t *act = baton;
    apr_array_header_t *entries = apr_array_make(ctx->pool, act->rules->nelts, sizeof(du_entry_t));
    apr_int64_t generation;
    apr_status_t rv = du_store_raise(ctx, act->store, "generation", &generation);

    for (int i = 0; i < act->rules->nelts && rv == APR_SUCCESS; i++) {
        const du_rule_t *rule = APR_ARRAY_IDX(act->rules, i, du_rule_t *);

        if (act->version) {
            rv = need_image(ctx, act, rule);
        }
        if (rv == APR_SUCCESS && act->changes[i]) {
            rv = du_store_change_rule(ctx, act->store, rule, act->action, &act->after[i], apr_array_push(entries));
        }
    }
    return rv == APR_SUCCESS ? du_store_record_all(ctx, act->store, act->actor, entries) : rv;
}

/* What the action makes of each rule; how many of them change. */
static int plan(act_t *act)
{
    int changing = 0;

    for (int i = 0; i < act->rules->nelts; i++) {
        const du_rule_t *rule = APR_ARRAY_IDX(act->rules, i, du_rule_t *);

        act->changes[i] =
            du_lifecycle_apply(act->action, &rule->versions, act->version, &act->after[i]) == APR_SUCCESS;
        changing += act->changes[i];
    }
    return changing;
}

apr_status_t du_store_act(du_ctx_t *ctx, du_store_t *store, const apr_array_header_t *rules, du_action_e action,
                          const char *version, const du_actor_t *actor, int *changed)
{
    act_t act = {.store = store, .actor = actor, .rules = rules, .action = action, .version = version};
    apr_size_t count = (apr_size_t)rules->nelts + 1;
    apr_status_t rv;
    int changing;

    act.after = apr_palloc(ctx->pool, count * sizeof(*act.after));
    act.changes = apr_palloc(ctx->pool, count * sizeof(*act.changes));
    changing = plan(&act);
    if (changed) {
        *changed = changing;
    }
    if (changing == 0) {
        return DU_E_NOTHING;
    }
    rv = du_db_transaction(ctx, store->db, act_on_rules, &act);
    for (int i = 0; i < rules->nelts && rv == APR_SUCCESS; i++) {
        APR_ARRAY_IDX(rules, i, du_rule_t *)->versions = act.after[i];
    }
    return rv;
}
