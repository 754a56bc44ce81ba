#include "rules.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "du_inventory.h"
#include "du_text.h"

#define PAGE     100 /* rules */
#define PAGE_MAX 10000

/* The columns, in their order: X(name, text of a rule r to sort by). The number sorts by itself. */
#define COLUMN_LIST(X)                                                                                               \
    X(type, r->key.type)                                                                                             \
    X(brand, r->key.brand)                                                                                           \
    X(model, r->key.model)                                                                                           \
    X(revision, r->key.revision)                                                                                     \
    X(locale, r->key.locale)                                                                                         \
    X(update_type, r->update_type)                                                                                   \
    X(pending, r->versions.slot[DU_PENDING])                                                                         \
    X(approved, r->versions.slot[DU_APPROVED])                                                                       \
    X(restore, r->versions.slot[DU_RESTORE])

typedef enum {
    COLUMN_ID,
#define COLUMN_ENUM(name, text) COLUMN_##name,
    COLUMN_LIST(COLUMN_ENUM)
#undef COLUMN_ENUM
        COLUMNS
} column_e;

static const char *const columns[] = {"id",
#define COLUMN_NAME(name, text) #name,
                                      COLUMN_LIST(COLUMN_NAME)
#undef COLUMN_NAME
};

/*
 * Order
 */

typedef struct sorted_t {
    du_rule_t *rule;
    const char *text; /* NULL: by number */
} sorted_t;

static const char *text_of(const du_rule_t *r, column_e column)
{
    switch (column) {
#define COLUMN_TEXT(name, text)                                                                                      \
    case COLUMN_##name:                                                                                              \
        return text;
        COLUMN_LIST(COLUMN_TEXT)
#undef COLUMN_TEXT
    default:
        return NULL;
    }
}

static int by_text(const void *one, const void *other)
{
    const sorted_t *a = one, *b = other;
    int order = a->text ? strcasecmp(a->text, b->text) : 0;

    return order ? order : (a->rule->id > b->rule->id) - (a->rule->id < b->rule->id);
}

static apr_status_t read_order(dua_t *dua, column_e *column, int *is_falling)
{
    const char *sort = dua_value(dua, "sort"), *order = dua_value(dua, "order");

    *is_falling = du_text_equal(order, "falling");
    for (*column = COLUMN_ID; *column < COLUMNS; (*column)++) {
        if (!sort || strcmp(sort, columns[*column]) == 0) {
            return APR_SUCCESS;
        }
    }
    return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0717), "there is no column \"%s\"",
                   du_text_for_log(dua->pool, sort));
}

static void sort_rules(apr_array_header_t *rules, column_e column, int is_falling, apr_pool_t *pool)
{
    int n = rules->nelts;
    sorted_t *list = apr_palloc(pool, sizeof(*list) * (apr_size_t)(n + 1));

    for (int i = 0; i < n; i++) {
        list[i].rule = APR_ARRAY_IDX(rules, i, du_rule_t *);
        list[i].text = text_of(list[i].rule, column);
    }
    qsort(list, (size_t)n, sizeof(*list), by_text);
    for (int i = 0; i < n; i++) {
        APR_ARRAY_IDX(rules, i, du_rule_t *) = list[is_falling ? n - 1 - i : i].rule;
    }
}

/*
 * What the page says
 */

/* Phones of one rule; lists are by rule. */
static void add_phones(json_t *row, const apr_array_header_t *phones, const du_rule_t *rule)
{
    const du_rule_phones_t *found = NULL;

    for (int low = 0, high = phones ? phones->nelts : 0; low < high && !found;) {
        int middle = low + (high - low) / 2;
        const du_rule_phones_t *at = &APR_ARRAY_IDX(phones, middle, du_rule_phones_t);

        found = at->rule_id == rule->id ? at : NULL;
        low = at->rule_id < rule->id ? middle + 1 : low;
        high = at->rule_id > rule->id ? middle : high;
    }
    json_object_set_new(row, "phones", phones ? json_integer(found ? found->known : 0) : json_null());
    json_object_set_new(row, "phones_current",
                        phones ? json_integer(found ? found->on[DU_APPROVED] : 0) : json_null());
}

/* What can be done with a rule in this state, for the script that enables buttons. */
static const char *what_can(apr_pool_t *pool, const du_rule_t *rule)
{
    return apr_pstrcat(pool, *rule->versions.slot[DU_PENDING] ? "pending " : "",
                       *rule->versions.slot[DU_RESTORE] ? "restore " : "", NULL);
}

static json_t *json_row(dua_t *dua, const du_rule_t *rule, const apr_array_header_t *phones)
{
    json_t *row = dua_json_rule(dua->pool, rule);

    add_phones(row, phones, rule);
    dua_set_text(dua->pool, row, "can", what_can(dua->pool, rule));
    dua_set_text(dua->pool, row, "key", du_key_path(dua->pool, &rule->key));
    dua_set_text(dua->pool, row, "href", apr_psprintf(dua->pool, "rules?id=%" APR_INT64_T_FMT, rule->id));
    return row;
}

static void add_columns(dua_t *dua, column_e sorted, int is_falling)
{
    json_t *list = json_array();

    for (int i = 0; i < COLUMNS; i++) {
        json_t *column = json_object();
        int is_sorted = i == (int)sorted;

        dua_set_text(dua->pool, column, "name", columns[i]);
        dua_set_text(dua->pool, column, "sorted", is_sorted ? (is_falling ? "descending" : "ascending") : "");
        dua_set_text(dua->pool, column, "href",
                     dua_link(dua, "sort", columns[i], "order", is_sorted && !is_falling ? "falling" : NULL, "page",
                              NULL, NULL));
        json_array_append_new(list, column);
    }
    json_object_set_new(dua->data, "columns", list);
}

/* What was asked for, for the form. */
static void add_filter(dua_t *dua)
{
    static const char *const names[] = {"q",      "type",  "brand", "model", "revision",
                                        "locale", "state", "sort",  "order"};
    static const char *const states[] = {"pending", "approved", "none"};
    json_t *filter = json_object(), *choices = json_array();

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        dua_set_text(dua->pool, filter, names[i], dua_value(dua, names[i]));
    }
    for (apr_size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        json_t *choice = json_object();

        dua_set_text(dua->pool, choice, "state", states[i]);
        dua_set_flag(choice, "is_chosen", du_text_equal(states[i], dua_value(dua, "state")));
        json_array_append_new(choices, choice);
    }
    json_object_set_new(dua->data, "filter", filter);
    json_object_set_new(dua->data, "states", choices);
}

static void add_pages(dua_t *dua, apr_int64_t page, int count)
{
    apr_int64_t pages = count > 0 ? (count + PAGE - 1) / PAGE : 1;
    const char *next = du_text_number(dua->pool, page + 1), *previous = du_text_number(dua->pool, page - 1);

    dua_set_number(dua->data, "count", count);
    dua_set_number(dua->data, "page", page);
    dua_set_number(dua->data, "pages", pages);
    dua_set_flag(dua->data, "has_pages", pages > 1);
    dua_set_text(dua->pool, dua->data, "next", page < pages ? dua_link(dua, "page", next, NULL) : "");
    dua_set_text(dua->pool, dua->data, "previous", page > 1 ? dua_link(dua, "page", previous, NULL) : "");
}

static apr_status_t read_phones(dua_t *dua, apr_array_header_t **phones)
{
    int is_filled;
    apr_status_t status = du_inventory_is_filled(dua->ctx, dua->store, &is_filled);

    *phones = NULL;
    return status == APR_SUCCESS && is_filled ? du_inventory_rules(dua->ctx, dua->store, dua->pool, phones) : status;
}

apr_status_t rules_show_list(dua_t *dua)
{
    apr_array_header_t *rules = NULL, *phones = NULL;
    json_t *rows = json_array();
    du_rule_filter_t filter;
    column_e column = COLUMN_ID;
    apr_int64_t page = 1;
    int is_falling = 0;
    apr_status_t status = rules_filter(dua, &filter);

    json_object_set_new(dua->data, "rules", rows);
    if (status == APR_SUCCESS) {
        status = read_order(dua, &column, &is_falling);
    }
    if (status == APR_SUCCESS) {
        status = dua_form_number(dua->ctx, dua->form, "page", 1, PAGE_MAX, 1, &page);
    }
    if (status == APR_SUCCESS) {
        status = du_plan_filter(dua->ctx, dua->store, &filter, dua->pool, &rules);
    }
    if (status == APR_SUCCESS) {
        status = read_phones(dua, &phones);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    sort_rules(rules, column, is_falling, dua->pool);
    for (int i = (int)(page - 1) * PAGE; i < rules->nelts && i < (int)page * PAGE; i++) {
        json_array_append_new(rows, json_row(dua, APR_ARRAY_IDX(rules, i, du_rule_t *), phones));
    }
    dua_set_text(dua->pool, dua->data, "view", "list");
    dua_set_flag(dua->data, "may_any", dua_may(dua, DU_RIGHT_CANCEL, ""));
    dua_set_flag(dua->data, "knows_phones", phones != NULL);
    add_filter(dua);
    add_columns(dua, column, is_falling);
    add_pages(dua, page, rules->nelts);
    return APR_SUCCESS;
}
