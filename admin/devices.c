/*
 * Phones: the inventory, searched, filtered and sorted, a page at a time or as CSV; one phone; kinds of phones without a rule.
 */
#include "devices.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/templates/devices.h"
#include "du_text.h"

#define PAGE_PHONES   100
#define CSV_PHONES    2000 /* read at a time */
#define STRANGERS_MAX 500  /* kinds without a rule that are counted */
#define DAYS_MAX      3650
#define DAY           apr_time_from_sec(86400)
#define NO_SITE       "-" /* parameter site: at none */

/* What is asked for. */
typedef struct question_t {
    du_inventory_view_t view;
    du_inventory_filter_t filter;
    du_sort_e sort;
} question_t;

static apr_status_t read_words(dua_t *dua, question_t *question)
{
    const char *order = dua_value(dua, "sort");
    du_phone_state_e state;

    if (question->filter.state && !du_phone_state_parse(question->filter.state, &state)) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0970), "phones have no state \"%s\"",
                       du_text_for_log(dua->pool, question->filter.state));
    }
    question->sort = DU_SORT_SEEN;
    if (order && !du_sort_parse(order, &question->sort)) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0971), "phones cannot be sorted by \"%s\"",
                       du_text_for_log(dua->pool, order));
    }
    return APR_SUCCESS;
}

static apr_status_t read_question(dua_t *dua, question_t *question)
{
    const char *site = dua_value(dua, "site");
    apr_int64_t unseen;
    apr_status_t status = dua_form_number(dua->ctx, dua->form, "unseen", 1, DAYS_MAX, 0, &unseen);

    question->filter = (du_inventory_filter_t){.type = dua_value(dua, "type"),
                                               .brand = dua_value(dua, "brand"),
                                               .model = dua_value(dua, "model"),
                                               .revision = dua_value(dua, "revision"),
                                               .locale = dua_value(dua, "locale"),
                                               .version = dua_value(dua, "version"),
                                               .site = site && strcmp(site, NO_SITE) == 0 ? "" : site,
                                               .state = dua_value(dua, "state"),
                                               .text = dua_value(dua, "q")};
    if (status == APR_SUCCESS) {
        question->filter.seen_before = unseen ? du_now(dua->ctx) - unseen * DAY : 0;
        status = read_words(dua, question);
    }
    return status == APR_SUCCESS ? du_inventory_view(dua->ctx, dua->store, &question->view) : status;
}

/*
 * As a page
 */

static apr_status_t add_sites(dua_t *dua)
{
    const char *chosen = dua_value(dua, "site");
    json_t *list = json_array();
    apr_array_header_t *sites;
    apr_status_t status = du_store_sites(dua->ctx, dua->store, dua->pool, &sites);

    json_object_set_new(dua->data, "sites", list);
    for (int i = 0; status == APR_SUCCESS && i < sites->nelts; i++) {
        const char *name = APR_ARRAY_IDX(sites, i, du_site_t).name;
        json_t *site = json_object();

        dua_set_text(dua->pool, site, "site", name);
        dua_set_flag(site, "is_chosen", chosen && du_text_same(chosen, name));
        json_array_append_new(list, site);
    }
    dua_set_flag(dua->data, "is_without_site", chosen && strcmp(chosen, NO_SITE) == 0);
    return status;
}

/* 1 if not all phones are asked for. */
static int add_filter(dua_t *dua)
{
    static const char *const names[] = {"q",       "type", "brand", "model",  "revision", "locale",
                                        "version", "site", "state", "unseen", NULL};
    json_t *filter = json_object();
    int is_filtered = 0;

    for (const char *const *name = names; *name; name++) {
        const char *value = dua_value(dua, *name);

        dua_set_text(dua->pool, filter, *name, value);
        is_filtered |= value != NULL;
    }
    json_object_set_new(dua->data, "filter", filter);
    dua_set_flag(dua->data, "is_filtered", is_filtered);
    return is_filtered;
}

static void add_links(dua_t *dua, du_sort_e sort, const char *next)
{
    static const struct {
        du_sort_e sort;
        const char *link, *aria, *order;
    } columns[] = {{DU_SORT_SEEN, "by_seen", "sort_seen", "descending"},
                   {DU_SORT_MAC, "by_mac", "sort_mac", "ascending"},
                   {DU_SORT_MODEL, "by_model", "sort_model", "ascending"}};

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        dua_set_text(dua->pool, dua->data, columns[i].link,
                     dua_link(dua, "sort", du_sort_word(columns[i].sort), "after", NULL, NULL));
        dua_set_text(dua->pool, dua->data, columns[i].aria, columns[i].sort == sort ? columns[i].order : "none");
    }
    dua_set_text(dua->pool, dua->data, "sort", du_sort_word(sort));
    dua_set_text(dua->pool, dua->data, "first", dua_value(dua, "after") ? dua_link(dua, "after", NULL, NULL) : NULL);
    dua_set_text(dua->pool, dua->data, "next", next ? dua_link(dua, "after", next, NULL) : NULL);
    dua_set_text(dua->pool, dua->data, "csv", dua_link(dua, "after", NULL, "format", "csv", NULL));
}

static apr_status_t add_phones(dua_t *dua, const question_t *question)
{
    json_t *list = json_array();
    du_inventory_page_t page;
    apr_int64_t count;
    int is_counted;
    apr_status_t status = du_inventory_page(dua->ctx, dua->store, &question->view, &question->filter, question->sort,
                                            dua_value(dua, "after"), PAGE_PHONES, dua->pool, &page);

    json_object_set_new(dua->data, "phones", list);
    for (int i = 0; status == APR_SUCCESS && i < page.phones->nelts; i++) {
        const du_phone_t *phone = &APR_ARRAY_IDX(page.phones, i, du_phone_t);
        json_t *object = dua_json_phone(dua->pool, phone);

        dua_set_text(dua->pool, object, "href",
                     apr_pstrcat(dua->pool, "devices?id=", du_text_number(dua->pool, phone->id), NULL));
        json_array_append_new(list, object);
    }
    if (status == APR_SUCCESS) {
        add_links(dua, question->sort, page.next);
        status = du_inventory_count(dua->ctx, dua->store, &question->view, &question->filter, &count, &is_counted);
    }
    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "count", is_counted ? count : DU_INVENTORY_FEW);
        dua_set_flag(dua->data, "is_more", !is_counted);
    }
    return status;
}

static apr_status_t add_strangers(dua_t *dua)
{
    apr_array_header_t *strangers;
    int is_filled = 0;
    apr_status_t status = du_inventory_strangers(dua->ctx, dua->store, STRANGERS_MAX, dua->pool, &strangers);

    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "unknown_kinds", strangers->nelts);
        status = du_inventory_is_filled(dua->ctx, dua->store, &is_filled);
    }
    dua_set_flag(dua->data, "is_filled", is_filled);
    return status;
}

static apr_status_t show_list(dua_t *dua, const question_t *question)
{
    int is_filtered = add_filter(dua);
    apr_status_t status = add_phones(dua, question);

    if (status == APR_SUCCESS) {
        status = devices_add_counts(dua, &question->view, !is_filtered && !dua_value(dua, "after"));
    }
    if (status == APR_SUCCESS) {
        status = add_sites(dua);
    }
    return status == APR_SUCCESS ? add_strangers(dua) : status;
}

/*
 * As CSV: read and sent some at a time
 */

static apr_status_t send_text(dua_t *dua, const char *text)
{
    return dua_response_write(&dua->response, text, strlen(text));
}

static apr_status_t send_some(dua_t *dua, const du_inventory_page_t *page, apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; status == APR_SUCCESS && i < page->phones->nelts; i++) {
        const char *line = dua_csv_phone(pool, &APR_ARRAY_IDX(page->phones, i, du_phone_t));
        apr_size_t len = strlen(line);

        status = send_text(dua, du_text_is_utf8(line, len) ? line : du_text_visible_lines(pool, line, len));
    }
    return status;
}

static apr_status_t send_phones(dua_t *dua, const question_t *question)
{
    du_inventory_page_t page = {.next = NULL};
    apr_pool_t *pool, *outer = dua->ctx->pool;
    char after[4096] = "";
    apr_status_t status;

    apr_pool_create(&pool, dua->pool);
    dua->ctx->pool = pool; /* what the library allocates for itself goes, too */
    do {
        apr_pool_clear(pool);
        status = du_inventory_page(dua->ctx, dua->store, &question->view, &question->filter, question->sort,
                                   *after ? after : NULL, CSV_PHONES, pool, &page);
        if (status == APR_SUCCESS) {
            status = send_some(dua, &page, pool);
            apr_cpystrn(after, du_text_or_empty(page.next), sizeof(after));
        }
    } while (status == APR_SUCCESS && *after);
    du_report(dua->ctx, DU_LOG_WARNING);
    dua->ctx->pool = outer;
    apr_pool_destroy(pool);
    return status;
}

static apr_status_t send_csv(dua_t *dua, const question_t *question)
{
    apr_status_t status = dua_download(dua, "text/csv; charset=utf-8", "phones.csv");

    if (status == APR_SUCCESS) {
        status = send_text(dua, dua_csv_phone_titles(dua->pool));
    }
    if (status == APR_SUCCESS) {
        status = send_phones(dua, question);
        if (status != APR_SUCCESS) { /* the status line has gone long ago */
            (void)send_text(dua, "This list is not complete: the store did not answer\n");
        }
    }
    return status;
}

static apr_status_t show(dua_t *dua)
{
    const char *format = dua_value(dua, "format");
    question_t question;
    apr_status_t status;

    if (dua_value(dua, "id")) {
        return devices_show_one(dua);
    }
    if (dua_value(dua, "kinds")) {
        return devices_show_kinds(dua);
    }
    if (format && strcmp(format, "csv") != 0) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0972), "there is no list of phones in the format \"%s\"",
                       du_text_for_log(dua->pool, format));
    }
    status = read_question(dua, &question);
    if (status != APR_SUCCESS) {
        return status;
    }
    return format ? send_csv(dua, &question) : show_list(dua, &question);
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"q",       "type", "brand",  "model",  "revision", "locale",
                                             "version", "site", "state",  "unseen", "sort",     "after",
                                             "format",  "id",   "before", "kinds",  "action",   NULL};
    static const char *const changing[] = {"action", NULL};
    static const dua_page_t page = {.name = "devices",
                                    .tmpl = HTML_devices,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = devices_change_one,
                                    .changing = changing};

    return dua_main(argc, argv, &page);
}
