/*
 * Overview: what needs attention first.
 */
#include "admin/templates/index.h"
#include "du_text.h"
#include "dua.h"

static apr_status_t add_rules(dua_t *dua)
{
    apr_array_header_t *rules;
    int pending = 0, idle = 0;
    apr_status_t status = du_store_rules(dua->ctx, dua->store, dua->pool, &rules);

    for (int i = 0; status == APR_SUCCESS && i < rules->nelts; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(rules, i, du_rule_t);
        int is_pending = *rule->versions.slot[DU_PENDING] != '\0';

        pending += is_pending;
        idle += !is_pending && *rule->versions.slot[DU_APPROVED] == '\0';
    }
    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "rules", rules->nelts);
        dua_set_number(dua->data, "rules_pending", pending);
        dua_set_number(dua->data, "rules_without_version", idle);
    }
    return status;
}

/* The vendor advises to look for new packages every three months (administration.md 1.1). */
static apr_status_t add_packages(dua_t *dua)
{
    const apr_time_t quarter = apr_time_from_sec(92 * 86400);
    apr_array_header_t *packages;
    apr_time_t last = 0;
    apr_status_t status = du_store_packages(dua->ctx, dua->store, dua->pool, &packages);

    for (int i = 0; status == APR_SUCCESS && i < packages->nelts; i++) {
        const du_package_t *package = &APR_ARRAY_IDX(packages, i, du_package_t);

        last = package->imported > last ? package->imported : last;
    }
    if (status == APR_SUCCESS) {
        json_object_set_new(dua->data, "last_package", last ? dua_json_time(dua->pool, last) : json_null());
        dua_set_flag(dua->data, "package_is_old", last > 0 && du_now(dua->ctx) - last > quarter);
    }
    return status;
}

static apr_status_t show(dua_t *dua)
{
    apr_status_t status = add_rules(dua);

    return status == APR_SUCCESS ? add_packages(dua) : status;
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {NULL};
    static const dua_page_t page = {
        .name = "index", .tmpl = HTML_index, .parameters = parameters, .right = DU_RIGHT_VIEW, .show = show};

    return dua_main(argc, argv, &page);
}
