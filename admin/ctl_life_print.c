#include "ctl_life.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_census.h"
#include "du_text.h"

static const char *const slots[] = {
#define SLOT_NAME(id, name) #name,
    DU_SLOT_LIST(SLOT_NAME)
#undef SLOT_NAME
};

static const char *version(ctl_t *ctl, const du_versions_t *versions, int slot)
{
    const char *text = du_text_or_null(versions->slot[slot]);

    return text ? ctl_text(ctl->pool, text) : "none";
}

/* "pending 2 -> none, approved 1 -> 2, restore none -> 1": what changes. */
static const char *changes(ctl_t *ctl, const du_planned_t *chosen)
{
    const char *text = "";

    for (int slot = 0; slot < DU_SLOTS; slot++) {
        if (!du_text_equal(chosen->before.slot[slot], chosen->after.slot[slot])) {
            text = apr_pstrcat(ctl->pool, text, *text ? ", " : "", slots[slot], " ",
                               version(ctl, &chosen->before, slot), " -> ", version(ctl, &chosen->after, slot), NULL);
        }
    }
    return *text ? text : "it had no version";
}

static apr_status_t print_phones(ctl_t *ctl, const du_planned_t *chosen, const du_plan_phones_t *phones)
{
    du_rule_count_t count;
    apr_status_t status = du_plan_phones_count(ctl->ctx, phones, chosen, &count);

    if (status != APR_SUCCESS) {
        return status;
    }
    printf("  %" APR_INT64_T_FMT " known %s", count.known, count.known == 1 ? "phone" : "phones");
    if (count.test_devices_only) {
        printf(", of which only test devices are touched\n");
    } else if (*chosen->after.slot[DU_APPROVED]) {
        printf(", %" APR_INT64_T_FMT " of them with another version than the one approved then\n", count.others);
    } else {
        printf(", which are offered nothing then\n");
    }
    return APR_SUCCESS;
}

static apr_status_t print_rule(ctl_t *ctl, const ctl_life_t *life, const du_planned_t *chosen,
                               const du_plan_phones_t *phones)
{
    printf("rule %" APR_INT64_T_FMT " %s: ", chosen->rule->id,
           ctl_text(ctl->pool, du_key_path(ctl->pool, &chosen->rule->key)));
    if (!chosen->changes) {
        printf("%s\n", life->idle);
        return APR_SUCCESS;
    }
    printf("%s; %s\n", ctl->option[CTL_OPT_DRY_RUN] ? life->would : life->done, changes(ctl, chosen));
    return phones ? print_phones(ctl, chosen, phones) : APR_SUCCESS;
}

/* How far the numbers of phones can be trusted. */
static void print_doubts(ctl_t *ctl, const du_plan_phones_t *phones)
{
    if (!phones) {
        printf("Phones are not known: there are no audit files in %s.\n", ctl_text(ctl->pool, ctl->files));
        return;
    }
    if (du_plan_phones_bad_lines(phones)) {
        printf("%" APR_INT64_T_FMT " lines of the audit files could not be read.\n",
               du_plan_phones_bad_lines(phones));
    }
    if (du_plan_phones_dropped(phones)) {
        printf("There are more than %d phones; the others are not counted.\n", DU_CENSUS_PHONES_MAX);
    }
}

static apr_status_t print_as_text(ctl_t *ctl, const ctl_life_t *life, const du_plan_t *plan, int skipped,
                                  const du_plan_phones_t *phones)
{
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < plan->rules->nelts && status == APR_SUCCESS; i++) {
        status = print_rule(ctl, life, &APR_ARRAY_IDX(plan->rules, i, du_planned_t), phones);
    }
    if (plan->rules->nelts == 0) {
        printf("Nothing to do: %s.\n", life->empty);
    } else if (skipped) {
        printf("%d %s nothing to do.\n", skipped, skipped == 1 ? "other rule has" : "other rules have");
    }
    if (ctl->option[CTL_OPT_DRY_RUN] && plan->rules->nelts && status == APR_SUCCESS) {
        print_doubts(ctl, phones);
    }
    return status;
}

static apr_status_t json_rule(ctl_t *ctl, const ctl_life_t *life, const du_planned_t *chosen,
                              const du_plan_phones_t *phones, json_t **object)
{
    int is_dry = ctl->option[CTL_OPT_DRY_RUN] != NULL;

    *object = dua_json_planned(ctl->pool, chosen, life->done);
    dua_set_flag(*object, "dry_run", is_dry);
    return is_dry ? dua_json_phones(ctl->ctx, *object, chosen, phones) : APR_SUCCESS;
}

static apr_status_t print_as_json(ctl_t *ctl, const ctl_life_t *life, const du_plan_t *plan,
                                  const du_plan_phones_t *phones)
{
    json_t *array = json_array();
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < plan->rules->nelts && status == APR_SUCCESS; i++) {
        json_t *object;

        status = json_rule(ctl, life, &APR_ARRAY_IDX(plan->rules, i, du_planned_t), phones, &object);
        json_array_append_new(array, object);
    }
    if (status != APR_SUCCESS) {
        json_decref(array);
        return status;
    }
    ctl_json_print(array);
    return APR_SUCCESS;
}

apr_status_t ctl_life_print(ctl_t *ctl, const ctl_life_t *life, const du_plan_t *plan, int skipped,
                            const du_plan_phones_t *phones)
{
    return ctl->option[CTL_OPT_JSON] ? print_as_json(ctl, life, plan, phones)
                                     : print_as_text(ctl, life, plan, skipped, phones);
}
