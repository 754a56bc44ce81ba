#include "ctl_device.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_text.h"
#include "dua_phone.h"

#define EVENTS_SHOWN 20

/*
 * Which phones are meant
 */

static const char *words_of_states(apr_pool_t *pool)
{
    const char *words = "";

    for (int i = 0; i < DU_PHONE_STATES; i++) {
        words = apr_pstrcat(pool, words, i ? ", " : "", du_phone_state_word((du_phone_state_e)i), NULL);
    }
    return words;
}

apr_status_t ctl_device_filter(ctl_t *ctl, du_inventory_filter_t *filter)
{
    du_phone_state_e state;

    *filter = (du_inventory_filter_t){.type = ctl->option[CTL_OPT_TYPE],
                                      .brand = ctl->option[CTL_OPT_BRAND],
                                      .model = ctl->option[CTL_OPT_MODEL],
                                      .revision = ctl->option[CTL_OPT_REVISION],
                                      .locale = ctl->option[CTL_OPT_LOCALE],
                                      .version = ctl->option[CTL_OPT_VERSION],
                                      .site = ctl->option[CTL_OPT_SITE],
                                      .state = ctl->option[CTL_OPT_PHONE_STATE]};
    if (filter->state && !du_phone_state_parse(filter->state, &state)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0820), "--state is one of %s, not \"%s\"",
                       words_of_states(ctl->pool), du_text_for_log(ctl->pool, filter->state));
    }
    return ctl_time_read(ctl, CTL_OPT_UNSEEN, &filter->seen_before);
}

/* What `device list` is asked for. */
typedef struct question_t {
    du_inventory_filter_t filter;
    du_sort_e sort;
    int limit;
} question_t;

static apr_status_t read_question(ctl_t *ctl, question_t *question)
{
    const char *order = ctl->option[CTL_OPT_SORT];
    apr_status_t status = ctl_device_filter(ctl, &question->filter);

    question->filter.text = ctl->argc ? ctl->argv[0] : NULL;
    question->sort = DU_SORT_SEEN;
    if (status == APR_SUCCESS && order && !du_sort_parse(order, &question->sort)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0821), "--sort is seen, mac or model, not \"%s\"",
                       du_text_for_log(ctl->pool, order));
    }
    return status == APR_SUCCESS ? ctl_limit_read(ctl, DU_INVENTORY_PAGE_MAX, &question->limit) : status;
}

apr_status_t ctl_device_list_check(ctl_t *ctl)
{
    question_t question;

    if (ctl->option[CTL_OPT_CSV] && (ctl->option[CTL_OPT_JSON] || ctl->option[CTL_OPT_LIMIT])) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0822),
                       "--csv prints all phones, and goes with neither --json nor --limit");
    }
    return read_question(ctl, &question);
}

/*
 * device list
 */

/* Page by page, so that memory does not depend on how many there are. */
static apr_status_t print_csv(ctl_t *ctl, const du_inventory_view_t *view, const question_t *question)
{
    const char *after = ctl->option[CTL_OPT_AFTER];
    apr_status_t status = APR_SUCCESS;
    apr_pool_t *pool;

    fputs(dua_csv_phone_titles(ctl->pool), stdout);
    apr_pool_create(&pool, ctl->pool);
    do {
        du_inventory_page_t page;

        status = du_inventory_page(ctl->ctx, ctl->store, view, &question->filter, question->sort, after, 1000, pool,
                                   &page);
        for (int i = 0; i < page.phones->nelts && status == APR_SUCCESS; i++) {
            fputs(dua_csv_phone(pool, &APR_ARRAY_IDX(page.phones, i, du_phone_t)), stdout);
        }
        after = page.next ? apr_pstrdup(ctl->pool, page.next) : NULL;
        apr_pool_clear(pool);
    } while (status == APR_SUCCESS && after);
    return status;
}

static void print_table(ctl_t *ctl, const apr_array_header_t *phones)
{
    static const char *const titles[] = {"PHONE",   "BRAND", "MODEL", "REV",      "LOCALE",
                                         "VERSION", "SITE",  "STATE", "LAST SEEN"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 9, titles);

    for (int i = 0; i < phones->nelts; i++) {
        const du_phone_t *phone = &APR_ARRAY_IDX(phones, i, du_phone_t);
        const char *cells[] = {du_phone_name(phone),
                               phone->key.brand,
                               phone->key.model,
                               phone->key.revision,
                               phone->key.locale,
                               phone->version,
                               phone->site,
                               du_phone_state_word(phone->state),
                               ctl_time(ctl->pool, phone->last_seen)};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

static json_t *json_phones(apr_pool_t *pool, const apr_array_header_t *phones)
{
    json_t *array = json_array();

    for (int i = 0; i < phones->nelts; i++) {
        json_array_append_new(array, dua_json_phone(pool, &APR_ARRAY_IDX(phones, i, du_phone_t)));
    }
    return array;
}

/* Counted are all that match, if that is quickly done. */
static void print_page(ctl_t *ctl, const du_inventory_page_t *page, apr_int64_t count, int is_counted)
{
    const char *all = is_counted ? du_text_number(ctl->pool, count) : "many";
    json_t *document;

    if (ctl->option[CTL_OPT_JSON]) {
        document = json_object();
        json_object_set_new(document, "phones", json_phones(ctl->pool, page->phones));
        json_object_set_new(document, "count", is_counted ? json_integer(count) : json_null());
        json_object_set_new(document, "next", page->next ? json_string(page->next) : json_null());
        ctl_json_print(document);
        return;
    }
    if (page->phones->nelts == 0) {
        printf("No such phones.\n");
        return;
    }
    print_table(ctl, page->phones);
    if (page->next) {
        printf("%d of %s; go on with --after %s\n", page->phones->nelts, all, page->next);
    }
}

apr_status_t ctl_device_list(ctl_t *ctl)
{
    question_t question;
    du_inventory_view_t view;
    du_inventory_page_t page;
    apr_int64_t count = 0;
    int is_counted = 0;
    apr_status_t status = read_question(ctl, &question);

    if (status == APR_SUCCESS) {
        status = du_inventory_view(ctl->ctx, ctl->store, &view);
    }
    if (status == APR_SUCCESS && ctl->option[CTL_OPT_CSV]) {
        return print_csv(ctl, &view, &question);
    }
    if (status == APR_SUCCESS) {
        status = du_inventory_page(ctl->ctx, ctl->store, &view, &question.filter, question.sort,
                                   ctl->option[CTL_OPT_AFTER], question.limit, ctl->pool, &page);
    }
    if (status == APR_SUCCESS) {
        status = du_inventory_count(ctl->ctx, ctl->store, &view, &question.filter, &count, &is_counted);
    }
    if (status == APR_SUCCESS) {
        print_page(ctl, &page, count, is_counted);
    }
    return status;
}

/*
 * device show
 */

static const char *versions_text(apr_pool_t *pool, const du_phone_t *phone)
{
    if (!*phone->version_before) {
        return phone->version;
    }
    return apr_psprintf(pool, "%s (%s before %s)", phone->version, phone->version_before,
                        ctl_time(pool, phone->version_time));
}

static void print_phone(ctl_t *ctl, const du_phone_t *phone)
{
    apr_pool_t *pool = ctl->pool;
    const struct {
        const char *name, *value;
    } fields[] = {
        {"Phone", du_phone_name(phone)},
        {"MAC address", phone->mac},
        {"Serial number", phone->serial},
        {"Address", phone->address},
        {"Site", phone->site},
        {"User", phone->user},
        {"Kind", du_key_path(pool, &phone->key)},
        {"Version", versions_text(pool, phone)},
        {"State", apr_psprintf(pool, "%s: %s", du_phone_state_word(phone->state), du_phone_explain(pool, phone))},
        {"Held", phone->held},
        {"First seen", ctl_time(pool, phone->first_seen)},
        {"Last seen",
         apr_psprintf(pool, "%s by %s (%s)", ctl_time(pool, phone->last_seen), phone->node, phone->endpoint)},
        {"Checks", du_text_number(pool, phone->checks)},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        ctl_field_print(pool, fields[i].name, fields[i].value);
    }
}

static void print_events(ctl_t *ctl, const apr_array_header_t *events)
{
    static const char *const titles[] = {"TIME",    "WHAT",   "NODE",   "ADDRESS", "VERSION",
                                         "OFFERED", "RESULT", "REASON", "FILE",    "BYTES"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "  ", 10, titles);

    for (int i = 0; i < events->nelts; i++) {
        const du_phone_event_t *event = &APR_ARRAY_IDX(events, i, du_phone_event_t);
        const char *cells[] = {ctl_time(ctl->pool, event->time),
                               event->kind,
                               event->node,
                               event->address,
                               event->version,
                               event->offered,
                               event->result,
                               event->reason,
                               event->file,
                               event->bytes ? du_text_number(ctl->pool, event->bytes) : ""};

        ctl_table_row(table, cells);
    }
    if (events->nelts) {
        ctl_table_print(table);
    }
}

static json_t *json_with_events(apr_pool_t *pool, const du_phone_t *phone, const apr_array_header_t *events)
{
    json_t *object = dua_json_phone(pool, phone), *array = json_array();

    for (int i = 0; i < events->nelts; i++) {
        json_array_append_new(array, dua_json_phone_event(pool, &APR_ARRAY_IDX(events, i, du_phone_event_t)));
    }
    json_object_set_new(object, "events", array);
    return object;
}

static apr_status_t show_all(ctl_t *ctl, const apr_array_header_t *phones)
{
    json_t *array = json_array();
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < phones->nelts && status == APR_SUCCESS; i++) {
        const du_phone_t *phone = &APR_ARRAY_IDX(phones, i, du_phone_t);
        apr_array_header_t *events;

        status = du_inventory_events(ctl->ctx, ctl->store, phone->id, 0, EVENTS_SHOWN, ctl->pool, &events);
        if (status != APR_SUCCESS) {
            break;
        }
        if (ctl->option[CTL_OPT_JSON]) {
            json_array_append_new(array, json_with_events(ctl->pool, phone, events));
        } else {
            print_phone(ctl, phone);
            print_events(ctl, events);
        }
    }
    if (status == APR_SUCCESS && ctl->option[CTL_OPT_JSON]) {
        ctl_json_print(array);
    } else {
        json_decref(array);
    }
    return status;
}

apr_status_t ctl_device_find(ctl_t *ctl, const char *name, apr_array_header_t **phones)
{
    du_inventory_view_t view;
    apr_status_t status = du_inventory_view(ctl->ctx, ctl->store, &view);

    if (status == APR_SUCCESS) {
        status = du_inventory_find(ctl->ctx, ctl->store, &view, name, ctl->pool, phones);
    }
    if (status == APR_SUCCESS && (*phones)->nelts == 0) {
        status = du_fail(ctl->ctx, DU_E_NOT_FOUND, DUNO(0823),
                         "no phone has the MAC address or serial number \"%s\", or is known by that address",
                         du_text_for_log(ctl->pool, name));
    }
    return status;
}

/* Several phones may have one serial number, one MAC address, or one address: all of them are shown. */
apr_status_t ctl_device_show(ctl_t *ctl)
{
    apr_array_header_t *phones;
    apr_status_t status = ctl_device_find(ctl, ctl->argv[0], &phones);

    return status == APR_SUCCESS ? show_all(ctl, phones) : status;
}
