#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "ctl_device.h"
#include "du_csv.h"
#include "du_text.h"
#include "dua_phone.h"

#define DIMENSIONS 8
#define MOST       100000 /* rows */

/* What phones can be told apart by, in the order of the bits. */
static const struct {
    const char *word, *title;
} dimensions[DIMENSIONS] = {{"type", "TYPE"},     {"brand", "BRAND"},     {"model", "MODEL"}, {"revision", "REV"},
                            {"locale", "LOCALE"}, {"version", "VERSION"}, {"site", "SITE"},   {"state", "STATE"}};

static apr_status_t read_by(ctl_t *ctl, unsigned *by)
{
    char *words = apr_pstrdup(ctl->pool, ctl->option[CTL_OPT_BY] ? ctl->option[CTL_OPT_BY] : "model,version");
    char *state = NULL;

    *by = 0;
    for (const char *word = apr_strtok(words, ",", &state); word; word = apr_strtok(NULL, ",", &state)) {
        int i = 0;

        while (i < DIMENSIONS && !du_text_same(dimensions[i].word, word)) {
            i++;
        }
        if (i == DIMENSIONS) {
            return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0824),
                           "--by has type, brand, model, revision, locale, version, site and state, not \"%s\"",
                           du_text_for_log(ctl->pool, word));
        }
        *by |= 1U << i;
    }
    return APR_SUCCESS;
}

apr_status_t ctl_device_counts_check(ctl_t *ctl)
{
    du_inventory_filter_t filter;
    unsigned by;
    apr_status_t status = read_by(ctl, &by);

    return status == APR_SUCCESS ? ctl_device_filter(ctl, &filter) : status;
}

/* The cells of what they are told apart by, and how many; answers how many cells that are. */
static int cells_of(apr_pool_t *pool, const du_phone_count_t *count, unsigned by, const char **cells)
{
    const char *const values[DIMENSIONS] = {count->key.type,     count->key.brand,  count->key.model,
                                            count->key.revision, count->key.locale, count->version,
                                            count->site,         count->state};
    int n = 0;

    for (int i = 0; i < DIMENSIONS; i++) {
        if (by & (1U << i)) {
            cells[n++] = values[i];
        }
    }
    cells[n++] = du_text_number(pool, count->phones);
    return n;
}

static int titles_of(unsigned by, int is_csv, const char **titles)
{
    int n = 0;

    for (int i = 0; i < DIMENSIONS; i++) {
        if (by & (1U << i)) {
            titles[n++] = is_csv ? dimensions[i].word : dimensions[i].title;
        }
    }
    titles[n++] = is_csv ? "phones" : "PHONES";
    return n;
}

static void print_csv(ctl_t *ctl, const apr_array_header_t *counts, unsigned by)
{
    const char *cells[DIMENSIONS + 1];

    fputs(du_csv_line(ctl->pool, cells, titles_of(by, 1, cells)), stdout);
    for (int i = 0; i < counts->nelts; i++) {
        int n = cells_of(ctl->pool, &APR_ARRAY_IDX(counts, i, du_phone_count_t), by, cells);

        fputs(du_csv_line(ctl->pool, cells, n), stdout);
    }
}

static void print_table(ctl_t *ctl, const apr_array_header_t *counts, unsigned by)
{
    const char *cells[DIMENSIONS + 1];
    ctl_table_t *table = ctl_table_make(ctl->pool, "", titles_of(by, 0, cells), cells);

    for (int i = 0; i < counts->nelts; i++) {
        cells_of(ctl->pool, &APR_ARRAY_IDX(counts, i, du_phone_count_t), by, cells);
        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

static void print_json(ctl_t *ctl, const apr_array_header_t *counts, unsigned by)
{
    json_t *array = json_array();

    for (int i = 0; i < counts->nelts; i++) {
        json_array_append_new(array,
                              dua_json_phone_count(ctl->pool, &APR_ARRAY_IDX(counts, i, du_phone_count_t), by));
    }
    ctl_json_print(array);
}

apr_status_t ctl_device_counts(ctl_t *ctl)
{
    du_inventory_filter_t filter;
    du_inventory_view_t view;
    apr_array_header_t *counts;
    unsigned by;
    apr_status_t status = read_by(ctl, &by);

    if (status == APR_SUCCESS) {
        status = ctl_device_filter(ctl, &filter);
    }
    if (status == APR_SUCCESS) {
        status = du_inventory_view(ctl->ctx, ctl->store, &view);
    }
    if (status == APR_SUCCESS) {
        status = du_inventory_counts(ctl->ctx, ctl->store, &view, &filter, by, MOST, ctl->pool, &counts);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_json(ctl, counts, by);
    } else if (ctl->option[CTL_OPT_CSV]) {
        print_csv(ctl, counts, by);
    } else if (counts->nelts) {
        print_table(ctl, counts, by);
    } else {
        printf("No such phones.\n");
    }
    return APR_SUCCESS;
}

/*
 * device unknown
 */

#define STRANGER_COLUMNS 9

static void cells_of_stranger(ctl_t *ctl, const du_stranger_t *stranger, const char **cells)
{
    const char *const values[STRANGER_COLUMNS] = {stranger->key.type,
                                                  stranger->key.brand,
                                                  stranger->key.model,
                                                  stranger->key.revision,
                                                  stranger->key.locale,
                                                  du_text_number(ctl->pool, stranger->phones),
                                                  du_text_number(ctl->pool, stranger->checks),
                                                  ctl_time(ctl->pool, stranger->first_seen),
                                                  ctl_time(ctl->pool, stranger->last_seen)};

    memcpy(cells, values, sizeof(values));
}

static void print_strangers_csv(ctl_t *ctl, const apr_array_header_t *strangers)
{
    const char *cells[STRANGER_COLUMNS] = {"type",   "brand",  "model",      "revision", "locale",
                                           "phones", "checks", "first_seen", "last_seen"};

    fputs(du_csv_line(ctl->pool, cells, STRANGER_COLUMNS), stdout);
    for (int i = 0; i < strangers->nelts; i++) {
        cells_of_stranger(ctl, &APR_ARRAY_IDX(strangers, i, du_stranger_t), cells);
        fputs(du_csv_line(ctl->pool, cells, STRANGER_COLUMNS), stdout);
    }
}

static void print_strangers(ctl_t *ctl, const apr_array_header_t *strangers)
{
    static const char *const titles[] = {"TYPE",   "BRAND",  "MODEL",      "REV",      "LOCALE",
                                         "PHONES", "CHECKS", "FIRST SEEN", "LAST SEEN"};
    const char *cells[STRANGER_COLUMNS];
    ctl_table_t *table = ctl_table_make(ctl->pool, "", STRANGER_COLUMNS, titles);

    for (int i = 0; i < strangers->nelts; i++) {
        cells_of_stranger(ctl, &APR_ARRAY_IDX(strangers, i, du_stranger_t), cells);
        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

static void print_strangers_json(ctl_t *ctl, const apr_array_header_t *strangers)
{
    json_t *array = json_array();

    for (int i = 0; i < strangers->nelts; i++) {
        json_array_append_new(array, dua_json_stranger(ctl->pool, &APR_ARRAY_IDX(strangers, i, du_stranger_t)));
    }
    ctl_json_print(array);
}

apr_status_t ctl_device_unknown(ctl_t *ctl)
{
    apr_array_header_t *strangers;
    apr_status_t status = du_inventory_strangers(ctl->ctx, ctl->store, DU_INVENTORY_PAGE_MAX, ctl->pool, &strangers);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_strangers_json(ctl, strangers);
    } else if (ctl->option[CTL_OPT_CSV]) {
        print_strangers_csv(ctl, strangers);
    } else if (strangers->nelts) {
        print_strangers(ctl, strangers);
    } else {
        printf("Every phone that asked has a rule.\n");
    }
    return APR_SUCCESS;
}

/*
 * device sources
 */

apr_status_t ctl_device_sources_check(ctl_t *ctl)
{
    int limit;

    return ctl_limit_read(ctl, DU_INVENTORY_PAGE_MAX, &limit);
}

static void print_sources_json(ctl_t *ctl, const apr_array_header_t *sources)
{
    json_t *array = json_array();

    for (int i = 0; i < sources->nelts; i++) {
        json_array_append_new(array, dua_json_source(ctl->pool, &APR_ARRAY_IDX(sources, i, du_source_t)));
    }
    ctl_json_print(array);
}

/* As a table, or without one as CSV. */
static void print_sources(ctl_t *ctl, const apr_array_header_t *sources, ctl_table_t *table)
{
    for (int i = 0; i < sources->nelts; i++) {
        const du_source_t *source = &APR_ARRAY_IDX(sources, i, du_source_t);
        const char *cells[] = {source->address, du_text_number(ctl->pool, source->phones)};

        if (table) {
            ctl_table_row(table, cells);
        } else {
            fputs(du_csv_line(ctl->pool, cells, 2), stdout);
        }
    }
}

apr_status_t ctl_device_sources(ctl_t *ctl)
{
    static const char *const titles[] = {"ADDRESS", "PHONES"}, *const members[] = {"address", "phones"};
    apr_array_header_t *sources;
    ctl_table_t *table;
    int limit;
    apr_status_t status = ctl_limit_read(ctl, DU_INVENTORY_PAGE_MAX, &limit);

    if (status == APR_SUCCESS) {
        status = du_inventory_sources(ctl->ctx, ctl->store, limit, ctl->pool, &sources);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_sources_json(ctl, sources);
    } else if (ctl->option[CTL_OPT_CSV]) {
        fputs(du_csv_line(ctl->pool, members, 2), stdout);
        print_sources(ctl, sources, NULL);
    } else if (sources->nelts) {
        table = ctl_table_make(ctl->pool, "", 2, titles);
        print_sources(ctl, sources, table);
        ctl_table_print(table);
    } else {
        printf("No such phones.\n");
    }
    return APR_SUCCESS;
}
