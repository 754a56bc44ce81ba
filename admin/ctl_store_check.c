#include "ctl.h"

#include <stdio.h>

#include "du_store_check.h"

static json_t *json_findings(apr_pool_t *pool, const apr_array_header_t *findings, int wrong)
{
    json_t *object = json_object(), *array = json_array();

    for (int i = 0; i < findings->nelts; i++) {
        const du_finding_t *finding = &APR_ARRAY_IDX(findings, i, du_finding_t);
        json_t *one = json_object();

        json_object_set_new(one, "kind", json_string(du_finding_name(finding->kind)));
        json_object_set_new(one, "wrong", json_boolean(du_finding_is_wrong(finding->kind)));
        json_object_set_new(one, "text", dua_json_text(pool, finding->text));
        json_array_append_new(array, one);
    }
    json_object_set_new(object, "result", json_string(wrong ? "damaged" : "whole"));
    json_object_set_new(object, "findings", array);
    return object;
}

static void print_findings(apr_pool_t *pool, const apr_array_header_t *findings, int wrong)
{
    for (int i = 0; i < findings->nelts; i++) {
        const du_finding_t *finding = &APR_ARRAY_IDX(findings, i, du_finding_t);

        printf("%s: %s\n", du_finding_name(finding->kind), ctl_text(pool, finding->text));
    }
    if (!wrong) {
        printf("Nothing is wrong with the store.\n");
    }
}

apr_status_t ctl_store_check(ctl_t *ctl)
{
    apr_array_header_t *findings;
    int wrong = 0;
    apr_status_t status =
        du_store_check(ctl->ctx, ctl->store, ctl->files, ctl->option[CTL_OPT_DIGEST] != NULL, ctl->pool, &findings);

    if (status != APR_SUCCESS) {
        return status;
    }
    for (int i = 0; i < findings->nelts; i++) {
        wrong += du_finding_is_wrong(APR_ARRAY_IDX(findings, i, du_finding_t).kind);
    }
    if (ctl->option[CTL_OPT_JSON]) {
        ctl_json_print(json_findings(ctl->pool, findings, wrong));
    } else {
        print_findings(ctl->pool, findings, wrong);
    }
    return wrong ? du_fail(ctl->ctx, DU_E_DAMAGED, DUNO(0894), "%d thing%s wrong in the store", wrong,
                           wrong == 1 ? " is" : "s are")
                 : APR_SUCCESS;
}
