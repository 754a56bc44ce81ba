#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_text.h"
#include "dua_forecast.h"

/* What there is to say of a rule. */
typedef struct answer_t {
    const du_rule_t *rule;
    int has_forecast, has_outcome;
    du_forecast_t forecast;
    du_outcome_t outcome;
} answer_t;

static const char *number(ctl_t *ctl, apr_int64_t value)
{
    return du_text_number(ctl->pool, value);
}

static void print_places(ctl_t *ctl, const apr_array_header_t *places)
{
    static const char *const titles[] = {"SITE", "VERSION", "PHONES"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "  ", 3, titles);

    for (int i = 0; i < places->nelts; i++) {
        const du_phone_count_t *place = &APR_ARRAY_IDX(places, i, du_phone_count_t);
        const char *cells[] = {place->site, place->version, number(ctl, place->phones)};

        ctl_table_row(table, cells);
    }
    if (places->nelts) {
        ctl_table_print(table);
    }
}

static void print_forecast(ctl_t *ctl, const du_forecast_t *forecast)
{
    ctl_field_print(ctl->pool, "Pending version", forecast->version);
    ctl_field_print(ctl->pool, "Known phones", number(ctl, forecast->known));
    ctl_field_print(ctl->pool, "Run it already", number(ctl, forecast->there));
    ctl_field_print(ctl->pool, "Held", number(ctl, forecast->held));
    ctl_field_print(ctl->pool, "Not seen for long", number(ctl, forecast->gone));
    ctl_field_print(ctl->pool, "Would be offered",
                    apr_psprintf(ctl->pool, "%" APR_INT64_T_FMT " phones", forecast->phones));
    ctl_field_print(ctl->pool, "Bytes",
                    apr_psprintf(ctl->pool, "%" APR_OFF_T_FMT " each, %" APR_INT64_T_FMT " in all",
                                 forecast->image_bytes, forecast->bytes));
    print_places(ctl, forecast->places);
}

static void print_outcome(ctl_t *ctl, const du_outcome_t *outcome)
{
    ctl_field_print(ctl->pool, "Approved version",
                    apr_psprintf(ctl->pool, "%s since %s", outcome->version, ctl_time(ctl->pool, outcome->since)));
    ctl_field_print(ctl->pool, "Phones to come then",
                    apr_psprintf(ctl->pool,
                                 "%" APR_INT64_T_FMT " of %" APR_INT64_T_FMT ", %" APR_INT64_T_FMT " bytes",
                                 outcome->known - outcome->there, outcome->known, outcome->bytes_foretold));
    ctl_field_print(
        ctl->pool, "Report it now",
        apr_psprintf(ctl->pool, "%" APR_INT64_T_FMT " of %" APR_INT64_T_FMT, outcome->there_now, outcome->known_now));
    ctl_field_print(ctl->pool, "Fetched all of it", number(ctl, outcome->fetched));
    ctl_field_print(ctl->pool, "Bytes fetched", number(ctl, outcome->bytes));
    ctl_field_print(ctl->pool, "Stuck", number(ctl, outcome->stuck));
}

static void print_answer(ctl_t *ctl, const answer_t *answer)
{
    json_t *document;

    if (ctl->option[CTL_OPT_JSON]) {
        document = dua_json_rule(ctl->pool, answer->rule);
        json_object_set_new(document, "forecast",
                            answer->has_forecast ? dua_json_forecast(ctl->pool, &answer->forecast) : json_null());
        json_object_set_new(document, "outcome",
                            answer->has_outcome ? dua_json_outcome(ctl->pool, &answer->outcome) : json_null());
        ctl_json_print(document);
        return;
    }
    printf("Rule %" APR_INT64_T_FMT " %s\n", answer->rule->id,
           ctl_text(ctl->pool, du_key_path(ctl->pool, &answer->rule->key)));
    if (answer->has_forecast) {
        print_forecast(ctl, &answer->forecast);
    } else {
        printf("Nothing is pending: there is nothing to foretell.\n");
    }
    if (answer->has_outcome) {
        print_outcome(ctl, &answer->outcome);
    }
}

/* What the pending version would do, and what the approved one did. */
static apr_status_t read_answer(ctl_t *ctl, answer_t *answer)
{
    const char *pending = answer->rule->versions.slot[DU_PENDING];
    du_inventory_view_t view;
    apr_status_t status = du_inventory_view(ctl->ctx, ctl->store, &view);

    answer->has_forecast = *pending != '\0';
    if (status == APR_SUCCESS && answer->has_forecast) {
        status = du_forecast_make(ctl->ctx, ctl->store, &view, answer->rule, pending, ctl->pool, &answer->forecast);
    }
    if (status == APR_SUCCESS) {
        status = du_forecast_outcome(ctl->ctx, ctl->store, answer->rule, ctl->pool, &answer->outcome);
        answer->has_outcome = status == APR_SUCCESS;
    }
    return status == DU_E_NOT_FOUND && !ctl->ctx->failure.id ? APR_SUCCESS : status;
}

apr_status_t ctl_rule_forecast(ctl_t *ctl)
{
    answer_t answer = {0};
    du_rule_t *rule;
    apr_status_t status = du_store_rule(ctl->ctx, ctl->store, ctl->ids[0], ctl->pool, &rule);

    if (status == APR_SUCCESS) {
        answer.rule = rule;
        status = read_answer(ctl, &answer);
    }
    if (status == APR_SUCCESS) {
        print_answer(ctl, &answer);
    }
    return status;
}
