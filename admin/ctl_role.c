#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_store_role.h"
#include "du_text.h"
#include "dua_place.h"

static apr_status_t read_grant(ctl_t *ctl, du_grant_t *grant)
{
    grant->account = ctl->argv[0];
    grant->site = du_text_or_empty(ctl->option[CTL_OPT_SITE]);
    if (ctl->option[CTL_OPT_SITE] && !*grant->site) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0857),
                       "--site is the name of a site; without it the role is for all");
    }
    if (dua_place_role(ctl->ctx, ctl->argv[1], &grant->role) != APR_SUCCESS) {
        return CTL_E_USAGE;
    }
    return APR_SUCCESS;
}

apr_status_t ctl_role_set_check(ctl_t *ctl)
{
    du_grant_t grant;

    return read_grant(ctl, &grant);
}

static void print_grant(ctl_t *ctl, const du_grant_t *grant, const char *result, const char *form)
{
    json_t *document = ctl_json_result(result);

    json_object_set_new(document, "role", dua_json_grant(ctl->pool, grant));
    ctl_result_print(ctl,
                     apr_pstrcat(ctl->pool, form, grant->account, " is ", du_role_name(grant->role), ", scope ",
                                 du_store_scope(ctl->pool, grant->site), NULL),
                     document);
}

apr_status_t ctl_role_set(ctl_t *ctl)
{
    du_grant_t grant;
    apr_status_t status = read_grant(ctl, &grant);

    if (status == APR_SUCCESS) {
        status = du_store_role_set(ctl->ctx, ctl->store, &grant, &ctl->actor);
    }
    if (status == APR_SUCCESS) {
        print_grant(ctl, &grant, "changed", "From now on ");
    } else if (status == DU_E_NOTHING) {
        print_grant(ctl, &grant, "nothing", "Nothing to do: ");
        status = APR_SUCCESS;
    }
    return status;
}

static void print_grants(ctl_t *ctl, const apr_array_header_t *grants)
{
    static const char *const titles[] = {"ACCOUNT", "ROLE", "SCOPE"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 3, titles);

    for (int i = 0; i < grants->nelts; i++) {
        const du_grant_t *grant = &APR_ARRAY_IDX(grants, i, du_grant_t);
        const char *cells[] = {grant->account, du_role_name(grant->role), du_store_scope(ctl->pool, grant->site)};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

apr_status_t ctl_role_list(ctl_t *ctl)
{
    apr_array_header_t *grants;
    json_t *array;
    apr_status_t status = du_store_roles(ctl->ctx, ctl->store, ctl->pool, &grants);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (!ctl->option[CTL_OPT_JSON]) {
        if (grants->nelts) {
            print_grants(ctl, grants);
        } else {
            printf("Nobody has a role.\n");
        }
        return APR_SUCCESS;
    }
    array = json_array();
    for (int i = 0; i < grants->nelts; i++) {
        json_array_append_new(array, dua_json_grant(ctl->pool, &APR_ARRAY_IDX(grants, i, du_grant_t)));
    }
    ctl_json_print(array);
    return APR_SUCCESS;
}

apr_status_t ctl_role_remove(ctl_t *ctl)
{
    json_t *document;
    apr_status_t status = du_store_role_remove(ctl->ctx, ctl->store, ctl->argv[0], &ctl->actor);

    if (status != APR_SUCCESS) {
        return status;
    }
    document = ctl_json_result("removed");
    dua_set_text(ctl->pool, document, "account", ctl->argv[0]);
    ctl_result_print(ctl, apr_pstrcat(ctl->pool, "From now on ", ctl->argv[0], " has no role", NULL), document);
    return APR_SUCCESS;
}
