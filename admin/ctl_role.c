#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_store_role.h"
#include "du_text.h"

/* "administrator, operator, helpdesk, viewer" */
static const char *roles_text(apr_pool_t *pool)
{
    const char *text = du_role_name(DU_ROLE_VIEWER);

    for (int i = DU_ROLE_VIEWER + 1; i < DU_ROLES; i++) {
        text = apr_pstrcat(pool, du_role_name((du_role_e)i), ", ", text, NULL);
    }
    return text;
}

static apr_status_t read_grant(ctl_t *ctl, du_grant_t *grant)
{
    grant->account = ctl->argv[0];
    grant->site = du_text_or_empty(ctl->option[CTL_OPT_SITE]);
    if (ctl->option[CTL_OPT_SITE] && !*grant->site) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0857),
                       "--site is the name of a site; without it the role is for all");
    }
    if (!du_role_find(ctl->argv[1], &grant->role)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0858), "\"%s\" is no role: those are %s",
                       du_text_for_log(ctl->pool, ctl->argv[1]), roles_text(ctl->pool));
    }
    return APR_SUCCESS;
}

apr_status_t ctl_role_set_check(ctl_t *ctl)
{
    du_grant_t grant;

    return read_grant(ctl, &grant);
}

static json_t *json_grant(apr_pool_t *pool, const du_grant_t *grant)
{
    json_t *object = json_object();

    dua_set_text(pool, object, "account", grant->account);
    dua_set_text(pool, object, "role", du_role_name(grant->role));
    dua_set_text(pool, object, "scope", du_store_scope(pool, grant->site));
    return object;
}

static void print_grant(ctl_t *ctl, const du_grant_t *grant, const char *result, const char *form)
{
    json_t *document = ctl_json_result(result);

    json_object_set_new(document, "role", json_grant(ctl->pool, grant));
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
        json_array_append_new(array, json_grant(ctl->pool, &APR_ARRAY_IDX(grants, i, du_grant_t)));
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
