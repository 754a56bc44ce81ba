#include "ctl_life.h"

#include <stdio.h>

#include <apr_strings.h>

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
static const char *changes(ctl_t *ctl, const ctl_life_rule_t *chosen)
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

/* What ordinary phones are offered changes with the approved version only. */
static int touches_all(const ctl_life_rule_t *chosen)
{
    return !du_text_equal(chosen->before.slot[DU_APPROVED], chosen->after.slot[DU_APPROVED]);
}

static void print_phones(const ctl_life_rule_t *chosen, const du_census_t *census)
{
    const char *after = chosen->after.slot[DU_APPROVED];
    int known, others;

    du_census_count(census, &chosen->rule->key, after, &known, &others);
    printf("  %d known %s", known, known == 1 ? "phone" : "phones");
    if (!touches_all(chosen)) {
        printf(", of which only test devices are touched\n");
    } else if (*after) {
        printf(", %d of them with another version than the one approved then\n", others);
    } else {
        printf(", which are offered nothing then\n");
    }
}

static void print_rule(ctl_t *ctl, const ctl_life_t *life, const ctl_life_rule_t *chosen, const du_census_t *census)
{
    printf("rule %" APR_INT64_T_FMT " %s: ", chosen->rule->id,
           ctl_text(ctl->pool, du_key_path(ctl->pool, &chosen->rule->key)));
    if (!chosen->changes) {
        printf("%s\n", life->idle);
        return;
    }
    printf("%s; %s\n", ctl->option[CTL_OPT_DRY_RUN] ? life->would : life->done, changes(ctl, chosen));
    if (census) {
        print_phones(chosen, census);
    }
}

/* How far the numbers of phones can be trusted. */
static void print_census(ctl_t *ctl, const du_census_t *census)
{
    if (!census) {
        printf("Phones are not known: there are no audit files in %s.\n", ctl_text(ctl->pool, ctl->files));
        return;
    }
    if (du_census_bad_lines(census)) {
        printf("%" APR_INT64_T_FMT " lines of the audit files could not be read.\n", du_census_bad_lines(census));
    }
    if (du_census_dropped(census)) {
        printf("There are more than %d phones; the others are not counted.\n", DU_CENSUS_PHONES_MAX);
    }
}

static void print_as_text(ctl_t *ctl, const ctl_life_t *life, const apr_array_header_t *rules, int skipped,
                          const du_census_t *census)
{
    for (int i = 0; i < rules->nelts; i++) {
        print_rule(ctl, life, &APR_ARRAY_IDX(rules, i, ctl_life_rule_t), census);
    }
    if (rules->nelts == 0) {
        printf("Nothing to do: %s.\n", life->empty);
    } else if (skipped) {
        printf("%d %s nothing to do.\n", skipped, skipped == 1 ? "other rule has" : "other rules have");
    }
    if (ctl->option[CTL_OPT_DRY_RUN] && rules->nelts) {
        print_census(ctl, census);
    }
}

static json_t *json_phones(const ctl_life_rule_t *chosen, const du_census_t *census)
{
    int known, others;

    if (!census) {
        return json_null();
    }
    du_census_count(census, &chosen->rule->key, chosen->after.slot[DU_APPROVED], &known, &others);
    return json_pack("{s:i,s:i,s:b}", "known", known, "other_version", others, "test_devices_only",
                     !touches_all(chosen));
}

static json_t *json_rule(ctl_t *ctl, const ctl_life_t *life, const ctl_life_rule_t *chosen, const du_census_t *census)
{
    json_t *object = json_object(), *before = json_object(), *after = json_object();
    int is_dry = ctl->option[CTL_OPT_DRY_RUN] != NULL;

    dua_json_versions(ctl->pool, before, &chosen->before);
    dua_json_versions(ctl->pool, after, &chosen->after);
    json_object_set_new(object, "id", json_integer(chosen->rule->id));
    dua_json_key(ctl->pool, object, &chosen->rule->key, chosen->rule->update_type);
    json_object_set_new(object, "result", json_string(chosen->changes ? life->done : "nothing"));
    json_object_set_new(object, "dry_run", json_boolean(is_dry));
    json_object_set_new(object, "before", before);
    json_object_set_new(object, "after", after);
    if (is_dry) {
        json_object_set_new(object, "phones", json_phones(chosen, census));
    }
    return object;
}

void ctl_life_print(ctl_t *ctl, const ctl_life_t *life, const apr_array_header_t *rules, int skipped,
                    const du_census_t *census)
{
    json_t *array;

    if (!ctl->option[CTL_OPT_JSON]) {
        print_as_text(ctl, life, rules, skipped, census);
        return;
    }
    array = json_array();
    for (int i = 0; i < rules->nelts; i++) {
        json_array_append_new(array, json_rule(ctl, life, &APR_ARRAY_IDX(rules, i, ctl_life_rule_t), census));
    }
    ctl_json_print(array);
}
