#include "index_charts.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "dua_phone.h"

#define BAR_LEFT   180 /* the labels stand before it */
#define BAR_WIDTH  510
#define BAR_STEP   26
#define BAR_HEIGHT 18
#define HOURS      48
#define HOUR_LEFT  50
#define HOUR_STEP  13
#define HOUR_TOP   10
#define HOUR_HIGH  140
#define ROLLOUTS   4
#define DAYS       14
#define LINE_WIDTH 680
#define LINE_HIGH  100
#define HOUR       apr_time_from_sec(3600)

static json_t *rectangle(apr_int64_t x, apr_int64_t y, apr_int64_t width, apr_int64_t height)
{
    json_t *object = json_object();

    dua_set_number(object, "x", x);
    dua_set_number(object, "y", y);
    dua_set_number(object, "width", width);
    dua_set_number(object, "height", height);
    return object;
}

/*
 * Models and versions
 */

static apr_int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* One part of a bar. *before is how many phones stand left of it. */
static void add_part(json_t *bars, apr_int64_t phones, apr_int64_t most, apr_int64_t row, int colour,
                     apr_int64_t *before)
{
    apr_int64_t from = *before * BAR_WIDTH / most, to = (*before + phones) * BAR_WIDTH / most;
    json_t *bar;

    if (phones > 0) {
        bar = rectangle(BAR_LEFT + from, row * BAR_STEP, to - from, BAR_HEIGHT);
        dua_set_number(bar, "colour", colour);
        json_array_append_new(bars, bar);
        *before += phones;
    }
}

static json_t *bar_row(const json_t *model, apr_int64_t most, apr_int64_t row)
{
    const json_t *cells = json_object_get(model, "cells");
    json_t *object = json_object(), *bars = json_array();
    apr_int64_t before = 0;

    for (size_t i = 0; i < json_array_size(cells); i++) {
        add_part(bars, number_of(json_array_get(cells, i), "phones"), most, row, (int)i, &before);
    }
    add_part(bars, number_of(model, "other_versions"), most, row, (int)json_array_size(cells), &before);
    json_object_set(object, "brand", json_object_get(model, "brand"));
    json_object_set(object, "model", json_object_get(model, "model"));
    dua_set_number(object, "baseline", row * BAR_STEP + BAR_HEIGHT - 4);
    json_object_set_new(object, "bars", bars);
    return object;
}

void index_add_versions(dua_t *dua)
{
    const json_t *models = json_object_get(dua->data, "models");
    json_t *chart = json_object(), *rows = json_array();
    apr_int64_t most = 1;

    for (size_t i = 0; i < json_array_size(models); i++) {
        apr_int64_t phones = number_of(json_array_get(models, i), "phones");

        most = phones > most ? phones : most;
    }
    for (size_t i = 0; i < json_array_size(models); i++) {
        json_array_append_new(rows, bar_row(json_array_get(models, i), most, (apr_int64_t)i));
    }
    dua_set_text(dua->pool, chart, "box",
                 apr_psprintf(dua->pool, "0 0 700 %d", (int)json_array_size(models) * BAR_STEP + 1));
    json_object_set_new(chart, "rows", rows);
    json_object_set_new(dua->data, "version_chart", chart);
}

/*
 * Hours
 */

static json_t *hour_bar(dua_t *dua, const du_traffic_t *hour, apr_time_t since, apr_int64_t most)
{
    apr_int64_t number = (hour->hour - since) / HOUR, height = hour->checks * HOUR_HIGH / most;
    json_t *bar = rectangle(HOUR_LEFT + number * HOUR_STEP, HOUR_TOP + HOUR_HIGH - height, HOUR_STEP - 2, height);

    dua_set_time(dua->pool, bar, "hour", hour->hour);
    dua_set_number(bar, "checks", hour->checks);
    dua_set_number(bar, "offers", hour->offers);
    dua_set_number(bar, "refused", hour->refused);
    dua_set_number(bar, "downloads", hour->downloads);
    dua_set_number(bar, "bytes", hour->bytes);
    return bar;
}

apr_status_t index_add_hours(dua_t *dua)
{
    apr_time_t now = du_now(dua->ctx), since = now - now % HOUR - (HOURS - 1) * HOUR;
    json_t *chart = json_object(), *bars = json_array();
    apr_array_header_t *hours;
    apr_int64_t most = 1;
    apr_status_t status = du_inventory_traffic(dua->ctx, dua->store, since, now + 1, dua->pool, &hours);

    for (int i = 0; status == APR_SUCCESS && i < hours->nelts; i++) {
        apr_int64_t checks = APR_ARRAY_IDX(hours, i, du_traffic_t).checks;

        most = checks > most ? checks : most;
    }
    for (int i = 0; status == APR_SUCCESS && i < hours->nelts; i++) {
        json_array_append_new(bars, hour_bar(dua, &APR_ARRAY_IDX(hours, i, du_traffic_t), since, most));
    }
    dua_set_number(chart, "most", most);
    dua_set_time(dua->pool, chart, "since", since);
    json_object_set_new(chart, "hours", bars);
    json_object_set_new(dua->data, "hour_chart", chart);
    return status;
}

/*
 * Rules
 */

static apr_int64_t still_to_come(const du_rule_phones_t *rule)
{
    return rule->known - rule->on[DU_APPROVED];
}

static int by_still_to_come(const void *a, const void *b)
{
    apr_int64_t one = still_to_come(a), other = still_to_come(b);

    return (one < other) - (one > other);
}

/* "x,y x,y": the share of the phones that are there, over time. */
static const char *line_of(dua_t *dua, const apr_array_header_t *points, apr_time_t since, json_t *table)
{
    apr_time_t length = du_now(dua->ctx) - since + 1;
    const char *line = "";

    for (int i = 0; i < points->nelts; i++) {
        const du_rollout_t *point = &APR_ARRAY_IDX(points, i, du_rollout_t);
        apr_int64_t share = point->phones ? point->current * LINE_HIGH / point->phones : 0;

        line = apr_psprintf(dua->pool, "%s%s%d,%d", line, i ? " " : "",
                            (int)((point->hour - since) * LINE_WIDTH / length) + 10,
                            LINE_HIGH + 5 - (int)(share > LINE_HIGH ? LINE_HIGH : share));
        if (i % 24 == 0 || i == points->nelts - 1) { /* a row a day is enough to read */
            json_t *row = json_object();

            dua_set_time(dua->pool, row, "hour", point->hour);
            dua_set_number(row, "current", point->current);
            dua_set_number(row, "phones", point->phones);
            json_array_append_new(table, row);
        }
    }
    return line;
}

static apr_status_t add_rollout(dua_t *dua, json_t *list, const du_rule_phones_t *counted)
{
    apr_time_t since = du_now(dua->ctx) - DAYS * 24 * HOUR;
    json_t *object, *table = json_array();
    apr_array_header_t *points;
    du_rule_t *rule;
    apr_status_t status = du_store_rule(dua->ctx, dua->store, counted->rule_id, dua->pool, &rule);

    if (status == APR_SUCCESS) {
        status = du_inventory_rollout(dua->ctx, dua->store, counted->rule_id, since, dua->pool, &points);
    }
    if (status != APR_SUCCESS) {
        json_decref(table);
        return status;
    }
    object = dua_json_rule(dua->pool, rule);
    dua_set_number(object, "known", counted->known);
    dua_set_number(object, "on_approved", counted->on[DU_APPROVED]);
    dua_set_text(dua->pool, object, "line", line_of(dua, points, since, table));
    json_object_set_new(object, "points", table);
    json_array_append_new(list, object);
    return APR_SUCCESS;
}

apr_status_t index_add_rollouts(dua_t *dua)
{
    json_t *list = json_array();
    apr_array_header_t *rules;
    apr_status_t status = du_inventory_rules(dua->ctx, dua->store, dua->pool, &rules);

    json_object_set_new(dua->data, "rollouts", list);
    if (status == APR_SUCCESS) {
        qsort(rules->elts, (size_t)rules->nelts, sizeof(du_rule_phones_t), by_still_to_come);
    }
    for (int i = 0; status == APR_SUCCESS && i < rules->nelts && i < ROLLOUTS; i++) {
        const du_rule_phones_t *rule = &APR_ARRAY_IDX(rules, i, du_rule_phones_t);

        if (still_to_come(rule) > 0 && rule->on[DU_APPROVED] > 0) {
            status = add_rollout(dua, list, rule);
        }
    }
    return status;
}
