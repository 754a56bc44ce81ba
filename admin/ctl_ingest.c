#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_ingest.h"
#include "du_text.h"

static json_t *json_report(ctl_t *ctl, const du_ingest_report_t *report)
{
    json_t *object = ctl_json_result(report->good + report->bad > 0 ? "read" : "nothing"), *lines = json_array();

    json_object_set_new(object, "good", json_integer(report->good));
    json_object_set_new(object, "bad", json_integer(report->bad));
    json_object_set_new(object, "new_phones", json_integer(report->new_phones));
    json_object_set_new(object, "merged_phones", json_integer(report->merged));
    json_object_set_new(object, "over_device_limit", json_integer(report->over));
    for (int i = 0; i < report->nnamed; i++) {
        json_t *line = json_object();

        json_object_set_new(line, "file", dua_json_text(ctl->pool, report->named[i].path));
        json_object_set_new(line, "line", json_integer(report->named[i].line));
        json_array_append_new(lines, line);
    }
    json_object_set_new(object, "bad_lines", lines);
    return object;
}

static const char *sentence(ctl_t *ctl, const du_ingest_report_t *report)
{
    const char *text;

    if (report->good + report->bad == 0) {
        return "Nothing to do: all records were read before";
    }
    text = apr_psprintf(ctl->pool,
                        "%" APR_INT64_T_FMT " records read, %" APR_INT64_T_FMT " bad lines, %" APR_INT64_T_FMT
                        " new phones",
                        report->good, report->bad, report->new_phones);
    if (report->over > 0) {
        text = apr_psprintf(ctl->pool, "%s; %" APR_INT64_T_FMT " records of phones beyond device-limit", text,
                            report->over);
    }
    return text;
}

static void print_report(ctl_t *ctl, const du_ingest_report_t *report)
{
    ctl_result_print(ctl, sentence(ctl, report), json_report(ctl, report));
    for (int i = 0; i < report->nnamed && !ctl->option[CTL_OPT_JSON]; i++) {
        printf("bad line: %s:%" APR_INT64_T_FMT "\n", ctl_text(ctl->pool, report->named[i].path),
               report->named[i].line);
    }
}

/* A file that is none does not keep the others from being read. */
static apr_status_t read_files(ctl_t *ctl, du_ingest_t *ingest, du_ingest_report_t *sum)
{
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < ctl->argc; i++) {
        du_ingest_report_t report;
        apr_status_t rv = du_ingest_file(ctl->ctx, ingest, ctl->argv[i], &report);

        du_ingest_add(sum, &report);
        if (rv != APR_SUCCESS) {
            status = rv;
            du_report(ctl->ctx, DU_LOG_ERROR);
            ctl->reported = 1;
        }
    }
    return status;
}

apr_status_t ctl_ingest(ctl_t *ctl)
{
    du_ingest_t *ingest = du_ingest_make(ctl->store, ctl->pool);
    du_ingest_report_t sum = {0};
    apr_status_t status;

    if (ctl->argc > 0) {
        status = read_files(ctl, ingest, &sum);
    } else {
        status = du_ingest_run(ctl->ctx, ingest, ctl->files, NULL, &sum);
    }
    if (status == APR_SUCCESS || sum.good + sum.bad > 0) {
        print_report(ctl, &sum);
    }
    return status;
}
