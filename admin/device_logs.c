/*
 * Device logs and the service's own records: looking for them, reading, downloading and removing them.
 *
 * Whoever is limited to a site sees the logs of phones of that site: a log's name says which phone sent it, and the inventory
 * where that one is. Records of checks, downloads and uploads are of all phones, so they are nobody's in particular.
 */
#include <string.h>

#include <apr_strings.h>

#include "admin/templates/device_log.h"
#include "admin/templates/device_logs.h"
#include "device_logs.h"
#include "du_text.h"
#include "dua_place.h"

#define PAGE_LOGS    100          /* rows of a page */
#define LIMITED_LOGS 500          /* logs whose phone is looked up for a page of somebody limited to a site */
#define VIEW_BYTES   (256 * 1024) /* of a log that are shown */
#define PIECE_BYTES  65536        /* of a download */
#define DAY          apr_time_from_sec(86400)
#define DAY_LENGTH   10 /* of its text */

/*
 * The list
 */

/* Who is limited to a site is told nothing of what others have. */
static void add_types(dua_t *dua, const apr_array_header_t *types, int is_limited)
{
    const char *chosen = dua_value(dua, "type");
    json_t *list = json_array();

    for (int i = 0; i < types->nelts; i++) {
        const du_logs_type_t *type = &APR_ARRAY_IDX(types, i, du_logs_type_t);
        json_t *object = json_object();

        dua_set_text(dua->pool, object, "type", type->type);
        json_object_set_new(object, "files", is_limited ? json_null() : json_integer(type->files));
        json_object_set_new(object, "bytes", is_limited ? json_null() : json_integer(type->bytes));
        dua_set_flag(object, "is_chosen", chosen && du_text_same(chosen, type->type));
        json_array_append_new(list, object);
    }
    json_object_set_new(dua->data, "types", list);
}

/* "2026-11-23" to the two ends of that day. */
static apr_status_t read_day(dua_t *dua, du_logs_filter_t *filter)
{
    const char *text = dua_value(dua, "day");

    if (!text) {
        return APR_SUCCESS;
    }
    if (strlen(text) == DAY_LENGTH && dua_place_time(text, &filter->since)) {
        filter->before = filter->since + DAY;
        return APR_SUCCESS;
    }
    return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0964), "\"%s\" is no day, as 2026-11-23 is one",
                   du_text_for_log(dua->pool, text));
}

static apr_status_t read_filter(dua_t *dua, du_logs_filter_t *filter, du_logs_sort_e *sort)
{
    const char *order = dua_value(dua, "sort");

    *filter = (du_logs_filter_t){.type = dua_value(dua, "type"), .device = dua_value(dua, "device")};
    *sort = DU_LOGS_NEWEST;
    if (order && !du_logs_sort_parse(order, sort)) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0965), "logs cannot be sorted by \"%s\"",
                       du_text_for_log(dua->pool, order));
    }
    return read_day(dua, filter);
}

/* Adds the logs that may be read; *next is where the next page begins. */
static apr_status_t add_logs(dua_t *dua, const du_logs_page_t *page, du_logs_sort_e sort, const char **next)
{
    json_t *list = json_array();
    apr_status_t status = APR_SUCCESS;

    json_object_set_new(dua->data, "logs", list);
    *next = page->next;
    for (int i = 0; status == APR_SUCCESS && i < page->logs->nelts; i++) {
        const du_log_t *log = &APR_ARRAY_IDX(page->logs, i, du_log_t);
        int may;

        if (json_array_size(list) == PAGE_LOGS) {
            *next = du_logs_place(dua->pool, &APR_ARRAY_IDX(page->logs, i - 1, du_log_t), sort);
            break;
        }
        status = device_log_may(dua, DU_RIGHT_LOG_READ, log, &may);
        if (status == APR_SUCCESS && may) {
            json_array_append_new(list, device_log_json(dua, log));
        }
    }
    return status;
}

static void add_filter(dua_t *dua, du_logs_sort_e sort)
{
    json_t *filter = json_object();

    dua_set_text(dua->pool, filter, "type", dua_value(dua, "type"));
    dua_set_text(dua->pool, filter, "device", dua_value(dua, "device"));
    dua_set_text(dua->pool, filter, "day", dua_value(dua, "day"));
    dua_set_text(dua->pool, filter, "sort", sort == DU_LOGS_LARGEST ? "largest" : "newest");
    json_object_set_new(dua->data, "filter", filter);
    dua_set_flag(dua->data, "is_filtered",
                 dua_value(dua, "type") || dua_value(dua, "device") || dua_value(dua, "day"));
    dua_set_text(dua->pool, dua->data, "sort_written", sort == DU_LOGS_NEWEST ? "descending" : "none");
    dua_set_text(dua->pool, dua->data, "sort_size", sort == DU_LOGS_LARGEST ? "descending" : "none");
    dua_set_text(dua->pool, dua->data, "by_written", dua_link(dua, "sort", NULL, "after", NULL, NULL));
    dua_set_text(dua->pool, dua->data, "by_size", dua_link(dua, "sort", "largest", "after", NULL, NULL));
    dua_set_text(dua->pool, dua->data, "first", dua_value(dua, "after") ? dua_link(dua, "after", NULL, NULL) : NULL);
}

static void add_totals(dua_t *dua, const du_logs_page_t *page, int is_limited)
{
    dua_set_flag(dua->data, "is_limited", is_limited);
    dua_set_number(dua->data, "files",
                   is_limited ? (apr_int64_t)json_array_size(json_object_get(dua->data, "logs")) : page->files);
    dua_set_number(dua->data, "bytes", is_limited ? 0 : page->bytes);
    dua_set_number(dua->data, "strange", is_limited ? 0 : page->strange);
    dua_set_flag(dua->data, "may_remove", dua_may_somewhere(dua, DU_RIGHT_LOG_CLEAR));
    dua_set_flag(dua->data, "may_clear", dua_may(dua, DU_RIGHT_LOG_CLEAR, NULL));
}

static apr_status_t show_list(dua_t *dua)
{
    int is_limited = !dua_may(dua, DU_RIGHT_LOG_READ, NULL);
    du_logs_filter_t filter;
    du_logs_sort_e sort;
    du_logs_page_t page;
    const char *next;
    apr_status_t status = read_filter(dua, &filter, &sort);

    if (status == APR_SUCCESS) {
        status = du_logs_page(dua->ctx, dua->files, &filter, sort, dua_value(dua, "after"),
                              is_limited ? LIMITED_LOGS : PAGE_LOGS, dua->pool, &page);
    }
    if (status == APR_SUCCESS) {
        status = add_logs(dua, &page, sort, &next);
    }
    if (status == APR_SUCCESS) {
        add_types(dua, page.types, is_limited);
        add_filter(dua, sort);
        add_totals(dua, &page, is_limited);
        dua_set_text(dua->pool, dua->data, "next", next ? dua_link(dua, "after", next, NULL) : NULL);
    }
    return status;
}

/*
 * One log
 */

static apr_status_t open_log(dua_t *dua, const char *id, du_log_t **log, du_log_reader_t **reader)
{
    apr_status_t status = du_log_open(dua->ctx, dua->files, id, dua->pool, log, reader);

    return status == APR_SUCCESS ? device_log_must(dua, DU_RIGHT_LOG_READ, *log) : status;
}

static apr_status_t read_beginning(du_log_reader_t *reader, char *bytes, apr_size_t *len)
{
    apr_size_t n = 1, used = 0;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && n > 0 && used < *len) {
        n = *len - used;
        status = du_log_read(reader, bytes + used, &n);
        used += n;
    }
    *len = used;
    return status;
}

static apr_status_t show_log(dua_t *dua, const char *id)
{
    char *bytes = apr_palloc(dua->pool, VIEW_BYTES);
    apr_size_t len = VIEW_BYTES;
    du_log_t *log;
    du_log_reader_t *reader;
    int is_binary;
    apr_status_t status = open_log(dua, id, &log, &reader);

    if (status == APR_SUCCESS) {
        status = read_beginning(reader, bytes, &len);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    is_binary = du_text_is_binary(dua->pool, bytes, len);
    json_object_set_new(dua->data, "log", device_log_json(dua, log));
    dua_set_flag(dua->data, "is_binary", is_binary);
    dua_set_flag(dua->data, "is_cut", log->size > (apr_off_t)len);
    dua_set_number(dua->data, "shown", (apr_int64_t)len);
    dua_set_text(dua->pool, dua->data, "text",
                 is_binary ? du_text_dump(dua->pool, bytes, len) : du_text_visible_lines(dua->pool, bytes, len));
    dua->tmpl = HTML_device_log;
    return APR_SUCCESS;
}

/* As much as there was when the header was sent: one that is written to grows meanwhile. */
static apr_status_t send_log(dua_t *dua, du_log_reader_t *reader, apr_off_t size)
{
    char bytes[PIECE_BYTES];
    apr_size_t len = 1;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && size > 0 && len > 0) {
        len = size < (apr_off_t)sizeof(bytes) ? (apr_size_t)size : sizeof(bytes);
        status = du_log_read(reader, bytes, &len);
        size -= (apr_off_t)len;
        if (status == APR_SUCCESS) {
            status = dua_response_write(&dua->response, bytes, len);
        }
    }
    return status;
}

static apr_status_t download(dua_t *dua, const char *id)
{
    du_log_t *log;
    du_log_reader_t *reader;
    apr_status_t status = open_log(dua, id, &log, &reader);

    if (status == APR_SUCCESS) {
        status = dua_download(
            dua, log->kind == DU_LOGS_CLIENT ? "application/octet-stream" : "text/plain; charset=utf-8", log->name);
    }
    return status == APR_SUCCESS ? send_log(dua, reader, log->size) : status;
}

static apr_status_t show(dua_t *dua)
{
    const char *view = dua_value(dua, "view"), *wanted = dua_value(dua, "download");

    if (dua_value(dua, "confirm")) {
        return device_logs_ask_old(dua);
    }
    return view ? show_log(dua, view) : wanted ? download(dua, wanted) : show_list(dua);
}

static apr_status_t change(dua_t *dua)
{
    static const struct {
        const char *action;
        apr_status_t (*run)(dua_t *dua);
    } actions[] = {
        {"ask", device_logs_ask_chosen}, {"remove", device_logs_remove_chosen}, {"clear", device_logs_remove_old}};
    const char *action = du_text_or_empty(dua_value(dua, "action"));

    for (apr_size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].action, action) == 0) {
            return actions[i].run(dua);
        }
    }
    return dua_no_action(dua);
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"type",     "device",  "day",  "sort",   "after", "view",
                                             "download", "confirm", "days", "action", "id",    NULL};
    static const dua_page_t page = {.name = "device_logs",
                                    .tmpl = HTML_device_logs,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_LOG_READ,
                                    .show = show,
                                    .change = change};

    return dua_main(argc, argv, &page);
}
