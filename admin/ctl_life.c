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

static apr_status_t choose(ctl_t *ctl, apr_array_header_t **rules)
{
    apr_array_header_t *choices = apr_array_make(ctl->pool, ctl->argc + 1, sizeof(du_choice_t));
    const du_rule_filter_t filter = ctl_rule_filter(ctl);

    for (int i = 0; i < ctl->argc; i++) {
        APR_ARRAY_PUSH(choices, du_choice_t) = (du_choice_t){ctl->ids[i], ctl->versions[i]};
    }
    return ctl->argc ? du_plan_choose(ctl->ctx, ctl->store, choices, ctl->pool, rules)
                     : du_plan_filter(ctl->ctx, ctl->store, &filter, ctl->pool, rules);
}

/*
 * What becomes of them
 */

/* A dry run refuses what would be refused, and counts the phones. */
static apr_status_t try(ctl_t *ctl, const du_plan_t *plan, du_plan_phones_t **phones)
{
    apr_status_t status = du_plan_check(ctl->ctx, ctl->store, plan);

    return status == APR_SUCCESS ? du_plan_phones_read(ctl->ctx, ctl->store, ctl->files, ctl->pool, phones) : status;
}

static apr_status_t act(ctl_t *ctl, const du_plan_t *plan)
{
    apr_status_t status = du_plan_run(ctl->ctx, ctl->store, plan, &ctl->actor);

    return status == DU_E_NOTHING ? APR_SUCCESS : status;
}

static apr_status_t run(ctl_t *ctl, const ctl_life_t *life)
{
    du_plan_phones_t *phones = NULL;
    apr_array_header_t *rules;
    du_plan_t *plan;
    apr_status_t status = choose(ctl, &rules);

    if (status != APR_SUCCESS) {
        return status;
    }
    plan = du_plan_make(life->action, ctl->option[CTL_OPT_TO], rules, ctl->pool);
    if (rules->nelts == 1 && ctl->argc && life->must_change && !APR_ARRAY_IDX(plan->rules, 0, du_planned_t).changes) {
        return du_fail(ctl->ctx, DU_E_CONFLICT, DUNO(0706), "rule %" APR_INT64_T_FMT ": %s, nothing was changed",
                       APR_ARRAY_IDX(rules, 0, du_rule_t *)->id, life->idle);
    }
    plan = ctl->argc ? plan : du_plan_changing(plan, ctl->pool);
    status = ctl->option[CTL_OPT_DRY_RUN] ? try(ctl, plan, &phones) : act(ctl, plan);
    return status == APR_SUCCESS ? ctl_life_print(ctl, life, plan, rules->nelts - plan->rules->nelts, phones)
                                 : status;
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
