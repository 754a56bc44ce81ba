#include "rules.h"

#include <stdlib.h>
#include <strings.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_inventory.h"
#include "du_text.h"

#define PAGE_RULES 100
#define PAGES_MAX  1000000
#define WORDS_MAX  200 /* that a filter offers */

/* What a rule is sorted by; the rule's number decides between equals. */
typedef struct sorted_t {
    const du_rule_t *rule;
    const du_rule_phones_t *phones; /* NULL = none */
    const char *text;
    apr_int64_t number;
} sorted_t;

/*
 * Columns. X(name, text of a rule or NULL, number)
 */
/* clang-format off */
#define COLUMNS(X)                                       \
    X(id,          NULL, 0)                              \
    X(type,        rule->key.type, 0)                    \
    X(brand,       rule->key.brand, 0)                   \
    X(model,       rule->key.model, 0)                   \
    X(revision,    rule->key.revision, 0)                \
    X(locale,      rule->key.locale, 0)                  \
    X(update_type, rule->update_type, 0)                 \
    X(pending,     rule->versions.slot[DU_PENDING], 0)   \
    X(approved,    rule->versions.slot[DU_APPROVED], 0)  \
    X(restore,     rule->versions.slot[DU_RESTORE], 0)   \
    X(phones,      NULL, phones ? phones->known : 0)
/* clang-format on */

static const char *const columns[] = {
#define COLUMN_NAME(name, text, number) #name,
    COLUMNS(COLUMN_NAME)
#undef COLUMN_NAME
        NULL};

static sorted_t sorted_by(const char *column, const du_rule_t *rule, const du_rule_phones_t *phones)
{
#define COLUMN_VALUE(name, text, number)                                                                             \
    if (du_text_equal(column, #name)) {                                                                              \
        return (sorted_t){rule, phones, text, number};                                                               \
    }
    COLUMNS(COLUMN_VALUE)
#undef COLUMN_VALUE
    return (sorted_t){rule, phones, NULL, 0};
}

static int in_order(const void *a, const void *b)
{
    const sorted_t *left = a, *right = b;
    int order = left->text ? strcasecmp(left->text, right->text) : 0;

    if (order == 0 && left->number != right->number) {
        order = left->number < right->number ? -1 : 1;
    }
    return order != 0 ? order : (left->rule->id > right->rule->id) - (left->rule->id < right->rule->id);
}

/* What the list is sorted by. */
typedef struct order_t {
    const char *column;
    int is_descending;
} order_t;

static apr_status_t read_order(dua_t *dua, order_t *order)
{
    const char *column = dua_value(dua, "sort"), *direction = dua_value(dua, "order");
    const char *const *known = columns;

    while (column && *known && !du_text_equal(*known, column)) {
        known++;
    }
    if (!*known) {
        return rules_bad_value(dua, "sort", "there is no such column");
    }
    if (direction && !du_text_equal(direction, "descending") && !du_text_equal(direction, "ascending")) {
        return rules_bad_value(dua, "order", "an order is ascending or descending");
    }
    *order = (order_t){*known, du_text_equal(direction, "descending")};
    return APR_SUCCESS;
}

static void add_columns(dua_t *dua, const order_t *order)
{
    json_t *list = json_array();

    for (const char *const *name = columns; *name; name++) {
        json_t *column = json_object();
        int is_order = du_text_equal(*name, order->column);
        const char *next = is_order && !order->is_descending ? "descending" : NULL;

        dua_set_text(dua->pool, column, "column", *name);
        dua_set_text(dua->pool, column, "href",
                     dua_link(dua, RULES_WITHOUT_VIEW, "sort", *name, "order", next, "page", NULL, NULL));
        dua_set_text(dua->pool, column, "sort",
                     !is_order              ? "none"
                     : order->is_descending ? "descending"
                                            : "ascending");
        dua_set_text(dua->pool, column, "class", du_text_equal(*name, "phones") ? "number" : "");
        json_array_append_new(list, column);
    }
    json_object_set_new(dua->data, "columns", list);
    dua_set_text(dua->pool, dua->data, "sort", order->column);
    dua_set_text(dua->pool, dua->data, "order", order->is_descending ? "descending" : "ascending");
}

/*
 * What filters offer
 */

/* Texts that occur, each once. */
typedef struct words_t {
    apr_hash_t *known;
    json_t *list;
} words_t;

static void add_word(dua_t *dua, words_t *words, const char *text)
{
    const char *key = du_text_fold(dua->pool, text);

    if (*text && json_array_size(words->list) < WORDS_MAX && !apr_hash_get(words->known, key, APR_HASH_KEY_STRING)) {
        apr_hash_set(words->known, key, APR_HASH_KEY_STRING, key);
        json_array_append_new(words->list, dua_json_text(dua->pool, text));
    }
}

static void add_choices(dua_t *dua, const apr_array_header_t *rules)
{
    static const char *const states[] = {
#define STATE_WORD(id, word) #word,
        DU_RULE_STATE_LIST(STATE_WORD)
#undef STATE_WORD
            NULL};
    json_t *list = json_array();

#define ADD_WORDS(part)                                                                                              \
    {                                                                                                                \
        words_t words = {apr_hash_make(dua->pool), json_array()};                                                    \
        for (int i = 0; i < rules->nelts; i++) {                                                                     \
            add_word(dua, &words, APR_ARRAY_IDX(rules, i, du_rule_t).key.part);                                      \
        }                                                                                                            \
        json_object_set_new(dua->data, #part "s", words.list);                                                       \
    }
    DU_KEY_PARTS(ADD_WORDS)
#undef ADD_WORDS
    for (const char *const *state = states; *state; state++) {
        json_t *choice = json_object();

        dua_set_text(dua->pool, choice, "state", *state);
        dua_set_flag(choice, "is_chosen", du_text_same(*state, dua_value(dua, "state")));
        json_array_append_new(list, choice);
    }
    json_object_set_new(dua->data, "states", list);
}

/*
 * Rows
 */

/* What can be done with it: "approve reset remove". */
static const char *abilities(dua_t *dua, const du_rule_t *rule)
{
    const char *text = "";

    for (const rules_action_t *action = rules_actions(); action->word; action++) {
        if (rules_can(action, rule)) {
            text = apr_pstrcat(dua->pool, text, *text ? " " : "", action->word, NULL);
        }
    }
    return text;
}

/* What is listed. */
typedef struct listing_t {
    dua_t *dua;
    du_rule_filter_t filter;
    order_t order;
    apr_int64_t page;
    const char *link;           /* to this list */
    apr_array_header_t *rules;  /* all there are: of du_rule_t */
    apr_array_header_t *phones; /* of du_rule_phones_t, by rule; NULL = nothing was ever read of phones */
    apr_hash_t *chosen;         /* rules that were chosen for what was refused, by number */
} listing_t;

/* phones: how many are known, and how many of these run the approved version. */
static void add_phones(json_t *row, const listing_t *listing, const du_rule_phones_t *phones)
{
    int is_known = listing->phones != NULL;

    json_object_set_new(row, "phones", is_known ? json_integer(phones ? phones->known : 0) : json_null());
    json_object_set_new(row, "on_approved",
                        is_known ? json_integer(phones ? phones->on[DU_APPROVED] : 0) : json_null());
}

static json_t *json_row(const listing_t *listing, const sorted_t *sorted)
{
    dua_t *dua = listing->dua;
    const du_rule_t *rule = sorted->rule;
    json_t *row = dua_json_rule(dua->pool, rule);

    dua_set_text(dua->pool, row, "href", rules_link(dua, listing->link, rule->id));
    dua_set_text(dua->pool, row, "can", abilities(dua, rule));
    dua_set_flag(row, "is_chosen", apr_hash_get(listing->chosen, &rule->id, sizeof(rule->id)) != NULL);
    add_phones(row, listing, sorted->phones);
    return row;
}

static const char *page_link(dua_t *dua, int page)
{
    return dua_link(dua, RULES_WITHOUT_VIEW, "page", apr_psprintf(dua->pool, "%d", page), NULL);
}

static void add_page_links(dua_t *dua, int page, int pages)
{
    dua_set_number(dua->data, "page", page);
    dua_set_number(dua->data, "pages", pages);
    rules_set_or_null(dua, dua->data, "previous", page > 1 ? page_link(dua, page - 1) : NULL);
    rules_set_or_null(dua, dua->data, "next", page < pages ? page_link(dua, page + 1) : NULL);
}

/* Behind the last page is the last one: rules may have gone since the link was made. */
static void add_rows(const listing_t *listing, const apr_array_header_t *found)
{
    int pages = (found->nelts + PAGE_RULES - 1) / PAGE_RULES;
    int page = listing->page <= pages ? (int)listing->page : pages > 0 ? pages : 1;
    json_t *rows = json_array();

    for (int i = (page - 1) * PAGE_RULES; i < page * PAGE_RULES && i < found->nelts; i++) {
        int at = listing->order.is_descending ? found->nelts - 1 - i : i;

        json_array_append_new(rows, json_row(listing, &APR_ARRAY_IDX(found, at, sorted_t)));
    }
    json_object_set_new(listing->dua->data, "rules", rows);
    dua_set_number(listing->dua->data, "count", found->nelts);
    add_page_links(listing->dua, page, pages);
}

/*
 * The list
 */

static int by_rule(const void *a, const void *b)
{
    apr_int64_t left = ((const du_rule_phones_t *)a)->rule_id, right = ((const du_rule_phones_t *)b)->rule_id;

    return (left > right) - (left < right);
}

static const du_rule_phones_t *phones_of(const listing_t *listing, const du_rule_t *rule)
{
    const apr_array_header_t *phones = listing->phones;
    const du_rule_phones_t wanted = {.rule_id = rule->id};

    return phones ? bsearch(&wanted, phones->elts, (size_t)phones->nelts, sizeof(wanted), by_rule) : NULL;
}

static apr_array_header_t *find_rules(const listing_t *listing)
{
    const apr_array_header_t *rules = listing->rules;
    apr_array_header_t *found = apr_array_make(listing->dua->pool, rules->nelts + 1, sizeof(sorted_t));

    for (int i = 0; i < rules->nelts; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(rules, i, du_rule_t);

        if (du_rule_filter_matches(&listing->filter, rule)) {
            APR_ARRAY_PUSH(found, sorted_t) = sorted_by(listing->order.column, rule, phones_of(listing, rule));
        }
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(sorted_t), in_order);
    return found;
}

static apr_status_t read_chosen(listing_t *listing)
{
    apr_array_header_t *choices;
    apr_status_t status = rules_read_choices(listing->dua, &choices);

    listing->chosen = apr_hash_make(listing->dua->pool);
    for (int i = 0; status == APR_SUCCESS && i < choices->nelts; i++) {
        const du_choice_t *choice = &APR_ARRAY_IDX(choices, i, du_choice_t);

        apr_hash_set(listing->chosen, &choice->id, sizeof(choice->id), choice);
    }
    return status;
}

static apr_status_t read_listing(dua_t *dua, listing_t *listing)
{
    apr_status_t status = rules_read_filter(dua, &listing->filter);

    listing->dua = dua;
    listing->link = rules_list_link(dua);
    if (status == APR_SUCCESS) {
        status = read_order(dua, &listing->order);
    }
    if (status == APR_SUCCESS) {
        status = dua_form_number(dua->ctx, dua->form, "page", 1, PAGES_MAX, 1, &listing->page);
    }
    return status == APR_SUCCESS ? read_chosen(listing) : status;
}

static apr_status_t read_phones(listing_t *listing)
{
    dua_t *dua = listing->dua;
    int is_filled;
    apr_status_t status = du_inventory_is_filled(dua->ctx, dua->store, &is_filled);

    return status == APR_SUCCESS && is_filled ? du_inventory_rules(dua->ctx, dua->store, dua->pool, &listing->phones)
                                              : status;
}

apr_status_t rules_show_list(dua_t *dua)
{
    listing_t listing = {0};
    apr_status_t status = read_listing(dua, &listing);

    if (status == APR_SUCCESS) {
        status = du_store_rules(dua->ctx, dua->store, dua->pool, &listing.rules);
    }
    if (status == APR_SUCCESS) {
        status = read_phones(&listing);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    dua_set_number(dua->data, "total", listing.rules->nelts);
    dua_set_flag(dua->data, "is_filled", listing.phones != NULL);
    add_rows(&listing, find_rules(&listing));
    add_columns(dua, &listing.order);
    add_choices(dua, listing.rules);
    return APR_SUCCESS;
}
