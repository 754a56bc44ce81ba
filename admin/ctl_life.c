#include "ctl_life.h"

#include <apr_strings.h>

#include "du_text.h"

#define FILTER_OPTIONS                                                                                               \
    (CTL_BIT(CTL_OPT_TYPE) | CTL_BIT(CTL_OPT_BRAND) | CTL_BIT(CTL_OPT_MODEL) | CTL_BIT(CTL_OPT_REVISION) |           \
     CTL_BIT(CTL_OPT_LOCALE) | CTL_BIT(CTL_OPT_STATE))

/*
 * Which rules are meant
 */

static int has_filter(const ctl_t *ctl)
{
    for (int id = 0; id < CTL_OPTIONS; id++) {
        if ((FILTER_OPTIONS & CTL_BIT(id)) && ctl->option[id]) {
            return 1;
        }
    }
    return 0;
}

/* All of them must be asked for in so many words: a script whose list of numbers is empty changes nothing. */
static apr_status_t check_choice(ctl_t *ctl)
{
    int ways = (ctl->argc > 0) + (ctl->option[CTL_OPT_ALL] != NULL) + has_filter(ctl);

    if (ways != 1) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0811), "%s needs numbers of rules, or filters, or --all alone",
                       ctl->command->name);
    }
    return ctl_rule_list_check(ctl);
}

apr_status_t ctl_rule_pending_check(ctl_t *ctl)
{
    apr_status_t status = check_choice(ctl);

    return status == APR_SUCCESS ? ctl_args_ids_versions(ctl) : status;
}

apr_status_t ctl_rule_remove_check(ctl_t *ctl)
{
    apr_status_t status = check_choice(ctl);

    return status == APR_SUCCESS ? ctl_args_ids(ctl) : status;
}

apr_status_t ctl_rule_restore_check(ctl_t *ctl)
{
    const char *to = ctl->option[CTL_OPT_TO];

    if (to && (ctl->argc != 1 || !*to)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0855), "--to VERSION is for one rule, named by its number");
    }
    return ctl_rule_remove_check(ctl);
}

static int is_chosen(const apr_array_header_t *rules, apr_int64_t id)
{
    for (int i = 0; i < rules->nelts; i++) {
        if (APR_ARRAY_IDX(rules, i, ctl_life_rule_t).rule->id == id) {
            return 1;
        }
    }
    return 0;
}

/* What was shown to whoever decided is what must be there. */
static apr_status_t check_shown(ctl_t *ctl, const du_rule_t *rule, const char *version)
{
    if (!version || du_text_equal(rule->versions.slot[DU_PENDING], version)) {
        return APR_SUCCESS;
    }
    return du_fail(ctl->ctx, DU_E_CONFLICT, DUNO(0705),
                   "version %s of rule %" APR_INT64_T_FMT " is not pending any more, nothing was changed",
                   du_text_for_log(ctl->pool, version), rule->id);
}

/* Every rule is read before one is changed: a mistyped number changes nothing. */
static apr_status_t choose_given(ctl_t *ctl, apr_array_header_t *rules)
{
    for (int i = 0; i < ctl->argc; i++) {
        du_rule_t *rule;
        apr_status_t status = du_store_rule(ctl->ctx, ctl->store, ctl->ids[i], ctl->pool, &rule);

        if (status == APR_SUCCESS) {
            status = check_shown(ctl, rule, ctl->versions[i]);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
        if (!is_chosen(rules, rule->id)) {
            APR_ARRAY_PUSH(rules, ctl_life_rule_t) = (ctl_life_rule_t){.rule = rule};
        }
    }
    return APR_SUCCESS;
}

static apr_status_t choose_filtered(ctl_t *ctl, apr_array_header_t *rules)
{
    apr_array_header_t *all;
    apr_status_t status = du_store_rules(ctl->ctx, ctl->store, ctl->pool, &all);

    for (int i = 0; status == APR_SUCCESS && i < all->nelts; i++) {
        du_rule_t *rule = &APR_ARRAY_IDX(all, i, du_rule_t);

        if (ctl_rule_is_wanted(ctl, rule)) {
            APR_ARRAY_PUSH(rules, ctl_life_rule_t) = (ctl_life_rule_t){.rule = rule};
        }
    }
    return status;
}

/*
 * What becomes of them
 */

static void plan(ctl_t *ctl, const ctl_life_t *life, apr_array_header_t *rules)
{
    for (int i = 0; i < rules->nelts; i++) {
        ctl_life_rule_t *chosen = &APR_ARRAY_IDX(rules, i, ctl_life_rule_t);

        chosen->before = chosen->rule->versions;
        chosen->changes =
            du_lifecycle_apply(life->action, &chosen->before, ctl->option[CTL_OPT_TO], &chosen->after) == APR_SUCCESS;
    }
}

/* Without those that have nothing to do. */
static apr_array_header_t *changing(ctl_t *ctl, const apr_array_header_t *rules)
{
    apr_array_header_t *some = apr_array_make(ctl->pool, rules->nelts + 1, sizeof(ctl_life_rule_t));

    for (int i = 0; i < rules->nelts; i++) {
        if (APR_ARRAY_IDX(rules, i, ctl_life_rule_t).changes) {
            APR_ARRAY_PUSH(some, ctl_life_rule_t) = APR_ARRAY_IDX(rules, i, ctl_life_rule_t);
        }
    }
    return some;
}

static apr_status_t act(ctl_t *ctl, const ctl_life_t *life, const apr_array_header_t *rules)
{
    apr_array_header_t *some = apr_array_make(ctl->pool, rules->nelts + 1, sizeof(du_rule_t *));
    apr_status_t status;

    for (int i = 0; i < rules->nelts; i++) {
        APR_ARRAY_PUSH(some, du_rule_t *) = APR_ARRAY_IDX(rules, i, ctl_life_rule_t).rule;
    }
    status = du_store_act(ctl->ctx, ctl->store, some, life->action, ctl->option[CTL_OPT_TO], &ctl->actor, NULL);
    return status == DU_E_NOTHING ? APR_SUCCESS : status;
}

/* A dry run refuses what would be refused, and counts the phones. *census stays NULL if none are known. */
static apr_status_t try(ctl_t *ctl, const apr_array_header_t *rules, du_census_t **census)
{
    const char *to = ctl->option[CTL_OPT_TO];
    du_image_t *image;
    apr_status_t status = APR_SUCCESS;

    if (to) {
        const du_rule_t *rule = APR_ARRAY_IDX(rules, 0, ctl_life_rule_t).rule;

        status = du_store_image(ctl->ctx, ctl->store, rule->id, to, ctl->pool, &image);
        if (status == DU_E_NOT_FOUND) {
            return du_fail(ctl->ctx, status, DUNO(0856), "version %s of rule %" APR_INT64_T_FMT " is not stored",
                           du_text_for_log(ctl->pool, to), rule->id);
        }
    }
    if (status == APR_SUCCESS) {
        status = du_census_take(ctl->ctx, ctl->files, ctl->pool, census);
    }
    return APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status;
}

static apr_status_t run(ctl_t *ctl, const ctl_life_t *life)
{
    apr_array_header_t *rules = apr_array_make(ctl->pool, 16, sizeof(ctl_life_rule_t));
    du_census_t *census = NULL;
    int chosen;
    apr_status_t status = ctl->argc ? choose_given(ctl, rules) : choose_filtered(ctl, rules);

    if (status != APR_SUCCESS) {
        return status;
    }
    plan(ctl, life, rules);
    chosen = rules->nelts;
    if (chosen == 1 && ctl->argc && life->must_change && !APR_ARRAY_IDX(rules, 0, ctl_life_rule_t).changes) {
        return du_fail(ctl->ctx, DU_E_CONFLICT, DUNO(0706), "rule %" APR_INT64_T_FMT ": %s, nothing was changed",
                       APR_ARRAY_IDX(rules, 0, ctl_life_rule_t).rule->id, life->idle);
    }
    rules = ctl->argc ? rules : changing(ctl, rules);
    status = ctl->option[CTL_OPT_DRY_RUN] ? try(ctl, rules, &census) : act(ctl, life, rules);
    if (status == APR_SUCCESS) {
        ctl_life_print(ctl, life, rules, chosen - rules->nelts, census);
    }
    return status;
}

apr_status_t ctl_rule_approve(ctl_t *ctl)
{
    static const ctl_life_t life = {
        DU_ACTION_APPROVE, "approved", "would approve", "nothing pending", "no rule has a pending version", 0};

    return run(ctl, &life);
}

apr_status_t ctl_rule_reset(ctl_t *ctl)
{
    static const ctl_life_t life = {
        DU_ACTION_RESET, "reset", "would reset", "nothing pending", "no rule has a pending version", 1};

    return run(ctl, &life);
}

apr_status_t ctl_rule_restore(ctl_t *ctl)
{
    static const ctl_life_t life = {
        DU_ACTION_RESTORE, "restored", "would restore", "nothing approved", "no rule has an approved version", 1};
    static const ctl_life_t to = {DU_ACTION_RESTORE, "restored", "would restore", "approved already", "", 0};

    return run(ctl, ctl->option[CTL_OPT_TO] ? &to : &life);
}

apr_status_t ctl_rule_remove(ctl_t *ctl)
{
    static const ctl_life_t life = {DU_ACTION_REMOVE, "removed", "would remove", "gone", "no such rule", 1};

    return run(ctl, &life);
}
