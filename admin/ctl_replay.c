#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_replay.h"
#include "du_text.h"

static json_t *json_answer(ctl_t *ctl, const char *result, const char *reason, const char *offered)
{
    json_t *object = json_object();

    dua_set_text(ctl->pool, object, "result", result);
    json_object_set_new(object, "reason", *reason ? json_string(reason) : json_null());
    json_object_set_new(object, "offered_version", *offered ? dua_json_text(ctl->pool, offered) : json_null());
    return object;
}

static json_t *json_line(ctl_t *ctl, const du_replay_line_t *line)
{
    json_t *object = json_object();

    dua_set_text(ctl->pool, object, "file", line->path);
    dua_set_number(object, "line", line->line);
    dua_set_time(ctl->pool, object, "time", line->record.time);
    dua_set_text(ctl->pool, object, "mac", line->record.mac);
    dua_set_text(ctl->pool, object, "serial", line->record.serial);
    dua_set_text(ctl->pool, object, "address", line->record.address);
    json_object_set_new(object, "recorded",
                        json_answer(ctl, line->record.result, line->record.reason, line->record.offered));
    json_object_set_new(object, "now", json_answer(ctl, line->result, line->reason, line->offered));
    return object;
}

static void print_json(ctl_t *ctl, const du_replay_t *replay)
{
    json_t *document = json_object(), *lines = json_array();

    dua_set_number(document, "same", replay->same);
    dua_set_number(document, "different", replay->other);
    dua_set_number(document, "refused", replay->refused);
    dua_set_number(document, "bad", replay->bad);
    dua_set_number(document, "other_records", replay->strange);
    for (int i = 0; i < replay->nnamed; i++) {
        json_array_append_new(lines, json_line(ctl, &replay->named[i]));
    }
    json_object_set_new(document, "differences", lines);
    ctl_json_print(document);
}

static const char *answer_text(ctl_t *ctl, const char *result, const char *reason, const char *offered)
{
    return apr_pstrcat(ctl->pool, result, *offered ? " " : "", offered, *reason ? " (" : "", reason,
                       *reason ? ")" : "", NULL);
}

static void print_text(ctl_t *ctl, const du_replay_t *replay)
{
    static const char *const titles[] = {"LINE", "TIME", "PHONE", "RECORDED", "NOW"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 5, titles);

    printf("%" APR_INT64_T_FMT " checks are answered as recorded, %" APR_INT64_T_FMT
           " in another way; %" APR_INT64_T_FMT " were refused before any rule, %" APR_INT64_T_FMT " lines are bad\n",
           replay->same, replay->other, replay->refused, replay->bad);
    for (int i = 0; i < replay->nnamed; i++) {
        const du_replay_line_t *line = &replay->named[i];
        const du_record_t *record = &line->record;
        const char *cells[] = {apr_psprintf(ctl->pool, "%s:%" APR_INT64_T_FMT, line->path, line->line),
                               ctl_time(ctl->pool, record->time),
                               *record->mac      ? record->mac
                               : *record->serial ? record->serial
                                                 : record->address,
                               answer_text(ctl, record->result, record->reason, record->offered),
                               answer_text(ctl, line->result, line->reason, line->offered)};

        ctl_table_row(table, cells);
    }
    if (replay->nnamed) {
        ctl_table_print(table);
    }
}

/* A file that is none does not keep the others from being read. */
static apr_status_t replay_files(ctl_t *ctl, const du_ruleset_t *ruleset, du_replay_t *replay)
{
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < ctl->argc; i++) {
        apr_status_t rv = du_replay_file(ctl->ctx, ruleset, ctl->argv[i], replay);

        if (rv != APR_SUCCESS) {
            status = rv;
            du_report(ctl->ctx, DU_LOG_ERROR);
            ctl->reported = 1;
        }
    }
    return status;
}

apr_status_t ctl_replay(ctl_t *ctl)
{
    du_snapshot_t snapshot;
    const du_ruleset_t *ruleset;
    du_replay_t replay = {0};
    apr_status_t status = du_store_snapshot(ctl->ctx, ctl->store, ctl->pool, &snapshot);

    if (status == APR_SUCCESS) {
        status = du_ruleset_make(ctl->ctx, &snapshot, ctl->pool, &ruleset);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    status = replay_files(ctl, ruleset, &replay);
    if (status != APR_SUCCESS && replay.same + replay.other + replay.refused + replay.bad == 0) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_json(ctl, &replay);
    } else {
        print_text(ctl, &replay);
    }
    return status;
}
