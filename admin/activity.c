/*
 * Activity: who changed what, when and why (administration.md 6, 18).
 */
#include <string.h>

#include <apr_strings.h>

#include "admin/templates/activity.h"
#include "du_csv.h"
#include "du_store_activity.h"
#include "du_text.h"
#include "dua.h"
#include "dua_place.h"

#define PAGE_ROWS  100
#define PIECE_ROWS 1000 /* of the CSV: what is in memory at a time */

static apr_status_t read_time(dua_t *dua, const char *name, apr_time_t *time)
{
    const char *text = dua_value(dua, name);

    return !text || dua_place_time(text, time)
               ? APR_SUCCESS
               : du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0741),
                         "%s is a time like 2026-11-22 or 2026-11-22T20:15:35Z (UTC), not \"%s\"", name,
                         du_text_for_log(dua->pool, text));
}

static apr_status_t read_filter(dua_t *dua, du_activity_filter_t *filter)
{
    apr_status_t status;

    *filter = (du_activity_filter_t){.actor = dua_value(dua, "actor"),
                                     .action = dua_value(dua, "action"),
                                     .object = dua_value(dua, "object"),
                                     .limit = PAGE_ROWS + 1};
    status = dua_form_number(dua->ctx, dua->form, "before", 1, APR_INT64_MAX, 0, &filter->before);
    if (status == APR_SUCCESS) {
        status = read_time(dua, "since", &filter->since);
    }
    return status == APR_SUCCESS ? read_time(dua, "until", &filter->until) : status;
}

/*
 * The page
 */

static const char *const filters[] = {"actor", "action", "object", "since", "until"};

static void add_filters(dua_t *dua)
{
    json_t *object = json_object();
    int is_any = 0;

    for (apr_size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        const char *value = dua_value(dua, filters[i]);

        is_any |= value != NULL;
        dua_set_text(dua->pool, object, filters[i], value);
    }
    json_object_set_new(dua->data, "filter", object);
    dua_set_flag(dua->data, "is_filtered", is_any);
}

static void set_link(dua_t *dua, const char *name, const char *link)
{
    json_object_set_new(dua->data, name, link ? dua_json_text(dua->pool, link) : json_null());
}

/* One row more than a page has was asked for: whether there is a next one. */
static void add_rows(dua_t *dua, const apr_array_header_t *found)
{
    json_t *rows = json_array();
    int shown = found->nelts < PAGE_ROWS ? found->nelts : PAGE_ROWS;
    const char *next = NULL;

    for (int i = 0; i < shown; i++) {
        json_array_append_new(rows, dua_json_activity(dua->pool, &APR_ARRAY_IDX(found, i, du_activity_t)));
    }
    if (found->nelts > PAGE_ROWS) {
        next = du_text_number(dua->pool, APR_ARRAY_IDX(found, PAGE_ROWS - 1, du_activity_t).id);
    }
    json_object_set_new(dua->data, "rows", rows);
    set_link(dua, "next", next ? dua_link(dua, "before", next, "verify", NULL, NULL) : NULL);
    set_link(dua, "newest", dua_value(dua, "before") ? dua_link(dua, "before", NULL, "verify", NULL, NULL) : NULL);
    set_link(dua, "csv", dua_link(dua, "format", "csv", "before", NULL, "verify", NULL, NULL));
    set_link(dua, "verify", dua_link(dua, "verify", "yes", NULL));
}

/* Only when it is asked for: it reads every row there is. */
static apr_status_t add_proof(dua_t *dua)
{
    du_proof_t chain;
    apr_status_t status;

    if (!dua_value(dua, "verify")) {
        json_object_set_new(dua->data, "chain", json_null());
        return APR_SUCCESS;
    }
    status = du_store_verify(dua->ctx, dua->store, dua->pool, &chain);
    if (status == APR_SUCCESS) {
        json_object_set_new(dua->data, "chain", dua_json_chain(dua->pool, &chain));
    }
    return status;
}

static apr_status_t show_page(dua_t *dua, const du_activity_filter_t *filter)
{
    apr_array_header_t *rows;
    apr_status_t status = du_store_activities(dua->ctx, dua->store, filter, dua->pool, &rows);

    if (status == APR_SUCCESS) {
        add_filters(dua);
        add_rows(dua, rows);
        status = add_proof(dua);
    }
    return status;
}

/*
 * The same rows as CSV, without an end
 */

static apr_status_t write_line(dua_t *dua, const char *line)
{
    return dua_response_write(&dua->response, line, strlen(line));
}

static const char *csv_line(apr_pool_t *pool, const du_activity_t *row)
{
    json_t *time = dua_json_time(pool, row->time);
#define CELL(name) row->name,
    const char *cells[] = {du_text_number(pool, row->id), json_string_value(time),
                           DU_ACTIVITY_TEXTS(CELL) row->digest};
#undef CELL
    const char *line = du_csv_line(pool, cells, sizeof(cells) / sizeof(cells[0]));

    json_decref(time);
    return line;
}

/* One piece; the filter goes on to the next. *count is how many rows it had. */
static apr_status_t write_piece(dua_t *dua, du_activity_filter_t *filter, apr_pool_t *pool, int *count)
{
    apr_array_header_t *rows;
    apr_status_t status = du_store_activities(dua->ctx, dua->store, filter, pool, &rows);

    *count = rows->nelts;
    for (int i = 0; i < rows->nelts && status == APR_SUCCESS; i++) {
        const du_activity_t *row = &APR_ARRAY_IDX(rows, i, du_activity_t);

        status = write_line(dua, csv_line(pool, row));
        filter->before = row->id;
    }
    return status;
}

static apr_status_t show_csv(dua_t *dua, du_activity_filter_t *filter)
{
    apr_pool_t *pool;
    int count;
    apr_status_t status = dua_download(dua, "text/csv; charset=utf-8", "activity.csv");

    if (status == APR_SUCCESS) {
#define TITLE(name) "," #name
        status = write_line(dua, "id,time" DU_ACTIVITY_TEXTS(TITLE) ",digest\n");
#undef TITLE
    }
    filter->limit = PIECE_ROWS;
    apr_pool_create(&pool, dua->pool);
    for (count = PIECE_ROWS; count == PIECE_ROWS && status == APR_SUCCESS; apr_pool_clear(pool)) {
        status = write_piece(dua, filter, pool, &count);
    }
    apr_pool_destroy(pool);
    return status;
}

static apr_status_t show(dua_t *dua)
{
    const char *format = dua_value(dua, "format");
    du_activity_filter_t filter;
    apr_status_t status = read_filter(dua, &filter);

    if (status == APR_SUCCESS && format && !du_text_equal(format, "csv")) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0742), "the format is csv, not \"%s\"",
                       du_text_for_log(dua->pool, format));
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    return format ? show_csv(dua, &filter) : show_page(dua, &filter);
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"actor",  "action", "object", "since", "until",
                                             "before", "verify", "format", NULL};
    static const dua_page_t page = {.name = "activity",
                                    .tmpl = HTML_activity,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_ACTIVITY,
                                    .show = show};

    return dua_main(argc, argv, &page);
}
