#include "rules.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "admin/templates/rules_confirm.h"
#include "du_text.h"

#define FEW    10  /* rules that need no summary */
#define MANY   200 /* rules that a page shows with one line each: a tree of elements is large */
#define MODELS 20  /* of a summary, above the button */

/* What is added up, for all rules or for those of one model. */
typedef struct sum_t {
    const du_key_t *key; /* brand and model count */
    apr_int64_t rules, known, touched, unverified, withdrawn;
} sum_t;

/* Where plans are shown. */
typedef struct showing_t {
    dua_t *dua;
    const rules_wish_t *wish;
    const char *list;         /* that it came from */
    du_plan_phones_t *phones; /* NULL if none are known */
    apr_hash_t *unverified;
    int is_brief;   /* many of them for somebody's eyes */
    du_slot_e slot; /* that the action is about */
    sum_t all;
    apr_hash_t *models;           /* "brand/model" -> sum_t */
    apr_array_header_t *in_order; /* of sum_t * */
} showing_t;

static sum_t *sum_of_model(showing_t *showing, const du_key_t *key)
{
    apr_pool_t *pool = showing->dua->pool;
    const char *name = du_text_fold(pool, apr_pstrcat(pool, key->brand, "/", key->model, NULL));
    sum_t *sum = apr_hash_get(showing->models, name, APR_HASH_KEY_STRING);

    if (!sum) {
        sum = apr_pcalloc(pool, sizeof(*sum));
        sum->key = key;
        apr_hash_set(showing->models, name, APR_HASH_KEY_STRING, sum);
        APR_ARRAY_PUSH(showing->in_order, sum_t *) = sum;
    }
    return sum;
}

/* What phones will be offered that is not proven to come from the vendor. */
static int is_unverified(showing_t *showing, const du_planned_t *planned)
{
    const char *after = planned->after.slot[DU_APPROVED];

    return *after && !du_text_equal(planned->before.slot[DU_APPROVED], after) &&
           apr_hash_get(showing->unverified, du_store_version_key(showing->dua->pool, planned->rule->id, after),
                        APR_HASH_KEY_STRING) != NULL;
}

static int is_withdrawn(const du_planned_t *planned)
{
    return *planned->before.slot[DU_APPROVED] && !*planned->after.slot[DU_APPROVED];
}

/* Phones that are offered something else than before. */
static apr_int64_t touched(const du_rule_count_t *count)
{
    return count->test_devices_only ? 0 : count->others;
}

static void add_to(sum_t *sum, const du_planned_t *planned, const du_rule_count_t *count, int unverified)
{
    sum->rules++;
    sum->known += count->known;
    sum->touched += touched(count);
    sum->unverified += unverified;
    sum->withdrawn += is_withdrawn(planned);
}

/* What of it changes, one flag a version: a thousand rows have no room for more. */
static void add_changes(json_t *object, const du_planned_t *planned)
{
#define ADD_CHANGE(id, name)                                                                                         \
    dua_set_flag(object, #name "_changes", !du_text_equal(planned->before.slot[id], planned->after.slot[id]));
    DU_SLOT_LIST(ADD_CHANGE)
#undef ADD_CHANGE
}

/* Whom it touches, as a word. */
static const char *touch_of(const showing_t *showing, const du_planned_t *planned, const du_rule_count_t *count)
{
    if (!showing->phones) {
        return "unknown";
    }
    if (count->known == 0) {
        return "nobody";
    }
    if (count->test_devices_only) {
        return "test";
    }
    return is_withdrawn(planned) ? "all" : "others";
}

static json_t *json_planned(showing_t *showing, const du_planned_t *planned, const du_rule_count_t *count)
{
    apr_pool_t *pool = showing->dua->pool;
    json_t *object = dua_json_planned(pool, planned, showing->wish->action->word);

    dua_set_text(pool, object, "href", rules_link(showing->dua, showing->list, planned->rule->id));
    dua_set_text(pool, object, "key", du_key_path(pool, &planned->rule->key));
    dua_set_text(pool, object, "shown", du_choice_text(pool, planned->rule));
    dua_set_text(pool, object, "touches", touch_of(showing, planned, count));
    dua_set_flag(object, "is_unverified", is_unverified(showing, planned));
    add_changes(object, planned);
    return object;
}

static const char *or_dash(const char *version)
{
    return *version ? version : "\xE2\x80\x93";
}

/* The version that the action is about, before and after. */
static json_t *json_line(showing_t *showing, const du_planned_t *planned, const du_rule_count_t *count)
{
    apr_pool_t *pool = showing->dua->pool;
    du_slot_e slot = showing->slot;
    json_t *object = json_object();

    dua_set_text(pool, object, "shown", du_choice_text(pool, planned->rule));
    dua_set_text(pool, object, "name",
                 apr_pstrcat(pool, du_text_number(pool, planned->rule->id), " ",
                             du_key_path(pool, &planned->rule->key), NULL));
    dua_set_text(pool, object, "change",
                 apr_pstrcat(pool, or_dash(planned->before.slot[slot]), " \xE2\x86\x92 ",
                             or_dash(planned->after.slot[slot]), NULL));
    json_object_set_new(object, "touched", showing->phones ? json_integer(touched(count)) : json_null());
    return object;
}

static apr_status_t add_planned(showing_t *showing, const du_planned_t *planned, json_t *rules, json_t *lines)
{
    dua_t *dua = showing->dua;
    int unverified = is_unverified(showing, planned);
    du_rule_count_t count = {0};
    apr_status_t status = APR_SUCCESS;

    if (showing->phones) {
        status = du_plan_phones_count(dua->ctx, showing->phones, planned, &count);
    }
    add_to(&showing->all, planned, &count, unverified);
    add_to(sum_of_model(showing, &planned->rule->key), planned, &count, unverified);
    if (showing->is_brief) {
        json_array_append_new(lines, json_line(showing, planned, &count));
    } else {
        json_array_append_new(rules, json_planned(showing, planned, &count));
    }
    return status == APR_SUCCESS && !showing->is_brief
               ? dua_json_phones(dua->ctx, json_array_get(rules, json_array_size(rules) - 1), planned,
                                 showing->phones)
               : status;
}

static void add_sum(json_t *object, const sum_t *sum, int is_known)
{
    dua_set_number(object, "count", sum->rules);
    dua_set_number(object, "unverified", sum->unverified);
    dua_set_number(object, "withdrawn", sum->withdrawn);
    json_object_set_new(object, "known", is_known ? json_integer(sum->known) : json_null());
    json_object_set_new(object, "touched", is_known ? json_integer(sum->touched) : json_null());
}

/* Those with the most phones that are touched first, then those with the most rules. */
static int by_weight(const void *a, const void *b)
{
    const sum_t *left = *(const sum_t *const *)a, *right = *(const sum_t *const *)b;

    if (left->touched != right->touched) {
        return left->touched < right->touched ? 1 : -1;
    }
    return (left->rules < right->rules) - (left->rules > right->rules);
}

static void add_models(showing_t *showing)
{
    dua_t *dua = showing->dua;
    json_t *models = json_array();
    int count = showing->in_order->nelts;
    int shown = showing->all.rules <= FEW ? 0 : count < MODELS ? count : MODELS;

    qsort(showing->in_order->elts, (size_t)count, sizeof(sum_t *), by_weight);
    for (int i = 0; i < shown; i++) {
        const sum_t *sum = APR_ARRAY_IDX(showing->in_order, i, sum_t *);
        json_t *model = json_object();

        dua_set_text(dua->pool, model, "brand", sum->key->brand);
        dua_set_text(dua->pool, model, "model", sum->key->model);
        add_sum(model, sum, showing->phones != NULL);
        json_array_append_new(models, model);
    }
    json_object_set_new(dua->data, "models", models);
    dua_set_number(dua->data, "more_models", shown ? count - shown : 0);
}

static void add_idle(showing_t *showing)
{
    dua_t *dua = showing->dua;
    const apr_array_header_t *idle = showing->wish->idle;
    json_t *list = json_array();

    for (int i = 0; i < idle->nelts; i++) {
        const du_rule_t *rule = APR_ARRAY_IDX(idle, i, du_rule_t *);
        json_t *object = dua_json_rule(dua->pool, rule);

        dua_set_text(dua->pool, object, "href", rules_link(dua, showing->list, rule->id));
        json_array_append_new(list, object);
    }
    json_object_set_new(dua->data, "idle", list);
}

/* If more match the filter than were marked: all of these can be meant, too. */
static apr_status_t add_all(dua_t *dua, const rules_wish_t *wish)
{
    const char *link = NULL;
    int count = 0;
    apr_status_t status = wish->is_all || wish->to ? APR_SUCCESS : rules_count_matching(dua, wish->action, &count);

    if (count > wish->plan->rules->nelts) {
        link = dua_link(dua, "id", NULL, "all", "yes", "confirm", wish->action->word, NULL);
    }
    dua_set_number(dua->data, "all_count", link ? count : 0);
    rules_set_or_null(dua, dua->data, "all", link);
    return status;
}

static apr_status_t show_rules(showing_t *showing)
{
    dua_t *dua = showing->dua;
    const apr_array_header_t *rules = showing->wish->plan->rules;
    json_t *list = json_array(), *lines = json_array();
    apr_status_t status = du_plan_phones_read(dua->ctx, dua->store, NULL, dua->pool, &showing->phones);

    showing->is_brief = rules->nelts > MANY && !dua->wants_json;
    showing->slot = showing->wish->plan->action == DU_ACTION_RESET ? DU_PENDING : DU_APPROVED;
    json_object_set_new(dua->data, "rules", list);
    json_object_set_new(dua->data, "lines", lines);
    dua_set_text(dua->pool, dua->data, "slot", showing->slot == DU_PENDING ? "pending" : "approved");
    if (status == APR_SUCCESS) {
        status = du_store_unverified(dua->ctx, dua->store, dua->pool, &showing->unverified);
    }
    for (int i = 0; i < rules->nelts && status == APR_SUCCESS; i++) {
        status = add_planned(showing, &APR_ARRAY_IDX(rules, i, du_planned_t), list, lines);
    }
    add_sum(dua->data, &showing->all, showing->phones != NULL);
    dua_set_flag(dua->data, "is_filled", showing->phones != NULL);
    add_models(showing);
    return status;
}

apr_status_t rules_show_confirmation(dua_t *dua, const char *named)
{
    rules_wish_t wish;
    showing_t showing = {.dua = dua,
                         .wish = &wish,
                         .list = rules_list_link(dua),
                         .models = apr_hash_make(dua->pool),
                         .in_order = apr_array_make(dua->pool, 16, sizeof(sum_t *))};
    apr_status_t status = rules_read_wish(dua, named, 0, &wish);

    if (status == APR_SUCCESS) {
        status = show_rules(&showing);
    }
    if (status == APR_SUCCESS) {
        status = add_all(dua, &wish);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    add_idle(&showing);
    dua_set_text(dua->pool, dua->data, "confirm", wish.action->word);
    rules_set_or_null(dua, dua->data, "to", wish.to);
    dua_set_text(dua->pool, dua->data, "back", showing.list);
    dua->tmpl = HTML_rules_confirm;
    return APR_SUCCESS;
}
