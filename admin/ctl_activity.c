#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_store_activity.h"
#include "du_text.h"
#include "dua_place.h"

#define LIMIT_DEFAULT 50

apr_status_t ctl_time_read(ctl_t *ctl, ctl_option_e option, apr_time_t *time)
{
    const char *text = ctl->option[option];

    if (text && !dua_place_time(text, time)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0890),
                       "--%s is a time like 2026-11-22 or 2026-11-22T20:15:35Z (UTC), not \"%s\"",
                       ctl_option_name(option), du_text_for_log(ctl->pool, text));
    }
    return APR_SUCCESS;
}

apr_status_t ctl_limit_read(ctl_t *ctl, int most, int *limit)
{
    const char *text = ctl->option[CTL_OPT_LIMIT];
    apr_int64_t value = text ? apr_strtoi64(text, NULL, 10) : LIMIT_DEFAULT;

    if (text && (strspn(text, "0123456789") != strlen(text) || value < 1 || value > most)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0891), "--limit is a number from 1 to %d, not \"%s\"", most,
                       du_text_for_log(ctl->pool, text));
    }
    *limit = (int)value;
    return APR_SUCCESS;
}

static apr_status_t read_filter(ctl_t *ctl, du_activity_filter_t *filter)
{
    apr_status_t status;

    *filter = (du_activity_filter_t){.actor = ctl->option[CTL_OPT_USER],
                                     .action = ctl->option[CTL_OPT_ACTION],
                                     .object = ctl->option[CTL_OPT_OBJECT]};
    status = ctl_time_read(ctl, CTL_OPT_SINCE, &filter->since);
    if (status == APR_SUCCESS) {
        status = ctl_time_read(ctl, CTL_OPT_UNTIL, &filter->until);
    }
    return status == APR_SUCCESS ? ctl_limit_read(ctl, DU_ACTIVITIES_MAX, &filter->limit) : status;
}

apr_status_t ctl_activity_list_check(ctl_t *ctl)
{
    du_activity_filter_t filter;

    return read_filter(ctl, &filter);
}

static void print_as_json(apr_pool_t *pool, const apr_array_header_t *rows)
{
    json_t *array = json_array();

    for (int i = 0; i < rows->nelts; i++) {
        json_array_append_new(array, dua_json_activity(pool, &APR_ARRAY_IDX(rows, i, du_activity_t)));
    }
    ctl_json_print(array);
}

static void print_as_text(apr_pool_t *pool, const apr_array_header_t *rows)
{
    static const char *const titles[] = {"ID",     "TIME",   "USER",   "NODE",  "ROLE",
                                         "ACTION", "OBJECT", "BEFORE", "AFTER", "NOTE"};
    ctl_table_t *table = ctl_table_make(pool, "", 10, titles);

    for (int i = 0; i < rows->nelts; i++) {
        const du_activity_t *row = &APR_ARRAY_IDX(rows, i, du_activity_t);
        const char *cells[] = {du_text_number(pool, row->id),
                               ctl_time(pool, row->time),
                               row->actor,
                               row->node,
                               row->role,
                               row->action,
                               row->object,
                               row->before,
                               row->after,
                               row->note};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

apr_status_t ctl_activity_list(ctl_t *ctl)
{
    du_activity_filter_t filter;
    apr_array_header_t *rows;
    apr_status_t status = read_filter(ctl, &filter);

    if (status == APR_SUCCESS) {
        status = du_store_activities(ctl->ctx, ctl->store, &filter, ctl->pool, &rows);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_as_json(ctl->pool, rows);
    } else if (rows->nelts) {
        print_as_text(ctl->pool, rows);
    } else {
        printf("No such activities.\n");
    }
    return APR_SUCCESS;
}

apr_status_t ctl_activity_verify(ctl_t *ctl)
{
    du_proof_t chain;
    apr_status_t status = du_store_verify(ctl->ctx, ctl->store, ctl->pool, &chain);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        ctl_json_print(dua_json_chain(ctl->pool, &chain));
    } else if (chain.what == DU_PROOF_WHOLE && chain.rows == 0) {
        printf("The record of changes is empty.\n");
    } else if (chain.what == DU_PROOF_WHOLE) {
        printf("The record of changes is whole: %" APR_INT64_T_FMT " rows. Digest of the last one:\n%s\n", chain.rows,
               chain.digest);
    }
    return chain.what == DU_PROOF_WHOLE
               ? APR_SUCCESS
               : du_fail(ctl->ctx, DU_E_DAMAGED, DUNO(0892), "row %" APR_INT64_T_FMT " of the record of changes %s",
                         chain.bad, du_proof_text(chain.what));
}
