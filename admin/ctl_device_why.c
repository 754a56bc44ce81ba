#include "ctl_device.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"
#include "dua_phone.h"
#include "dua_why.h"

apr_status_t ctl_device_why_check(ctl_t *ctl)
{
    apr_time_t at = 0;

    return ctl_time_read(ctl, CTL_OPT_AT, &at);
}

/*
 * Words
 */

/* What a refusal means; it follows from no rule. */
static const char *refusal_text(const char *reason)
{
    static const struct {
        du_reason_e reason;
        const char *text;
    } texts[] = {
        {DU_REASON_MALFORMED, "its request was not an acceptable one"},
        {DU_REASON_TOO_LARGE, "its request was larger than DevUpdateMaxRequestBody"},
        {DU_REASON_UNAUTHENTICATED, "it came from outside without signing in"},
        {DU_REASON_FORBIDDEN, "httpd does not admit it or its user"},
        {DU_REASON_NOT_READY, "the node had no rule set yet"},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(reason, du_reason_word(texts[i].reason)) == 0) {
            return texts[i].text;
        }
    }
    return "";
}

/* "offered 4.0.7577.4463 (approved)" */
static const char *answer_text(apr_pool_t *pool, const char *result, const char *offered, const char *reason)
{
    const char *more = refusal_text(reason);

    return apr_pstrcat(pool, strcmp(result, du_result_word(DU_RESULT_NONE)) == 0 ? "nothing" : result,
                       *offered ? " " : "", offered, *reason ? " (" : "", reason, *more ? ": " : "", more,
                       *reason ? ")" : "", NULL);
}

static const char *told_text(apr_pool_t *pool, const du_why_phone_t *why)
{
    if (!why->time) {
        return "nothing: it never asked";
    }
    return apr_pstrcat(pool, answer_text(pool, why->result, why->offered, why->reason), ", ",
                       ctl_time(pool, why->time), *why->record.node ? " by " : "", why->record.node, NULL);
}

static const char *said_text(const du_why_phone_t *why)
{
    return why->is_recorded ? "as its record has it"
                            : "as the inventory has it: with the version of its first file only";
}

/* The command that makes a change; "" if that is nobody's to make here. */
static const char *command_text(ctl_t *ctl, du_why_change_e change, const du_rule_t *rule)
{
    const char *id = rule ? du_text_number(ctl->pool, rule->id) : "ID";

    switch (change) {
    case DU_CHANGE_IMPORT:
        return "import FILE.cab";
    case DU_CHANGE_APPROVE:
        return apr_pstrcat(ctl->pool, "rule approve ", id, NULL);
    case DU_CHANGE_RESTORE:
        return apr_pstrcat(ctl->pool, "rule restore ", id, NULL);
    case DU_CHANGE_RESET:
        return apr_pstrcat(ctl->pool, "rule reset ", id, NULL);
    case DU_CHANGE_TEST:
        return "test-device add";
    case DU_CHANGE_UNTEST:
        return "test-device remove";
    case DU_CHANGE_HOLD:
        return apr_pstrcat(ctl->pool, "device hold ", ctl->argv[0], NULL);
    case DU_CHANGE_RELEASE:
        return apr_pstrcat(ctl->pool, "device release ", ctl->argv[0], NULL);
    case DU_CHANGE_SAY:
    case DU_CHANGE_KIND:
    case DU_CHANGE_SITE:
    case DU_CHANGE_INSTALL:
    case DU_WHY_CHANGES:
        break;
    }
    return "";
}

static const char *with_about(apr_pool_t *pool, const char *text, const char *about)
{
    return apr_pstrcat(pool, text, *about ? " " : "", about, NULL);
}

/*
 * Printing
 */

static void print_steps(ctl_t *ctl, const apr_array_header_t *answers)
{
    static const char *const titles[] = {"STEP", "ANSWER"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "  ", 2, titles);

    for (int i = 0; i < answers->nelts; i++) {
        const du_why_line_t *line = &APR_ARRAY_IDX(answers, i, du_why_line_t);
        du_why_answer_e answer = (du_why_answer_e)line->what;
        const char *cells[] = {du_why_step_text(du_why_step(answer)),
                               with_about(ctl->pool, du_why_answer_text(answer), line->about)};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

static void print_changes(ctl_t *ctl, const du_why_t *why)
{
    static const char *const titles[] = {"THE ANSWER CHANGES IF", "COMMAND"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "  ", 2, titles);

    for (int i = 0; i < why->changes->nelts; i++) {
        const du_why_line_t *line = &APR_ARRAY_IDX(why->changes, i, du_why_line_t);
        du_why_change_e change = (du_why_change_e)line->what;
        const char *cells[] = {with_about(ctl->pool, du_why_change_text(change), line->about),
                               command_text(ctl, change, why->rule)};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

static void print_activities(ctl_t *ctl, const apr_array_header_t *rows)
{
    static const char *const titles[] = {"CHANGED SINCE", "USER", "ACTION", "OBJECT", "BEFORE", "AFTER"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "  ", 6, titles);

    for (int i = 0; i < rows->nelts; i++) {
        const du_activity_t *row = &APR_ARRAY_IDX(rows, i, du_activity_t);
        const char *cells[] = {
            ctl_time(ctl->pool, row->time), row->actor, row->action, row->object, row->before, row->after};

        ctl_table_row(table, cells);
    }
    if (rows->nelts) {
        ctl_table_print(table);
    }
}

static void print_why(ctl_t *ctl, const du_why_phone_t *why)
{
    const du_decision_t *now = &why->now->decision;
    apr_pool_t *pool = ctl->pool;

    ctl_field_print(pool, "Phone", ctl->argv[0]);
    ctl_field_print(pool, "It says", said_text(why));
    ctl_field_print(pool, "Address", why->client);
    ctl_field_print(pool, "Was told", told_text(pool, why));
    ctl_field_print(
        pool, "Is told now",
        apr_pstrcat(pool,
                    answer_text(pool, du_result_word(now->result), why->now->offered, du_reason_word(now->reason)),
                    why->is_decided && !why->is_same ? ", which is another answer" : "", NULL));
    if (why->hold) {
        ctl_field_print(pool, "Held",
                        apr_pstrcat(pool, why->hold->version, " since ", ctl_time(pool, why->hold->time), ": ",
                                    why->hold->reason, NULL));
    }
    print_steps(ctl, why->now->answers);
    print_changes(ctl, why->now);
    print_activities(ctl, why->changes);
}

static void print_json(ctl_t *ctl, const du_phone_t *phone, const du_why_phone_t *why)
{
    json_t *document = json_object();

    json_object_set_new(document, "phone", dua_json_phone(ctl->pool, phone));
    json_object_set_new(document, "why", dua_json_why(ctl->pool, why));
    ctl_json_print(document);
}

/* Phones of one name are told apart by the other one. */
static apr_status_t fail_ambiguous(ctl_t *ctl, const apr_array_header_t *phones)
{
    const char *names = "";

    for (int i = 0; i < phones->nelts && i < 5; i++) {
        const du_phone_t *phone = &APR_ARRAY_IDX(phones, i, du_phone_t);
        const char *name = *phone->mac ? phone->mac : *phone->serial ? phone->serial : phone->address;

        names = apr_pstrcat(ctl->pool, names, i ? ", " : "", du_text_for_log(ctl->pool, name), NULL);
    }
    return du_fail(ctl->ctx, DU_E_CONFLICT, DUNO(0983), "%d phones are called \"%s\": %s%s; name one of them",
                   phones->nelts, du_text_for_log(ctl->pool, ctl->argv[0]), names, phones->nelts > 5 ? ", ..." : "");
}

apr_status_t ctl_device_why(ctl_t *ctl)
{
    const du_phone_t *phone;
    apr_array_header_t *phones;
    du_why_phone_t why;
    apr_time_t at = 0;
    apr_status_t status = ctl_device_find(ctl, ctl->argv[0], &phones);

    if (status == APR_SUCCESS && phones->nelts > 1) {
        status = fail_ambiguous(ctl, phones);
    }
    if (status == APR_SUCCESS) {
        status = ctl_time_read(ctl, CTL_OPT_AT, &at);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    phone = &APR_ARRAY_IDX(phones, 0, du_phone_t);
    status = du_why_phone(ctl->ctx, ctl->store, ctl->files, phone, at, ctl->pool, &why);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        print_json(ctl, phone, &why);
    } else {
        print_why(ctl, &why);
    }
    return APR_SUCCESS;
}
