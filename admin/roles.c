/*
 * Roles: who has which, and what each may do (administration.md 2.6).
 */
#include <string.h>

#include <apr_strings.h>

#include "admin/templates/roles.h"
#include "du_store_role.h"
#include "du_text.h"
#include "dua.h"
#include "dua_place.h"

#define ANY_SITE "x" /* a site that a made-up person is limited to, to ask what that means */

/*
 * What each role may do, asked of the same function that judges requests
 */

/* "yes"; "site" for what is one site's; "setting" if operators-approve says so; or "no" */
static const char *right_of_role(du_role_e role, du_right_e right)
{
    du_grant_t grant = {.account = "", .role = role, .site = ""};

    if (du_access_may(&grant, right, "", 0)) {
        return "yes";
    }
    if (du_access_may(&grant, right, ANY_SITE, 0)) {
        return "site";
    }
    return du_access_may(&grant, right, "", 1) ? "setting" : "no";
}

/* What a limit to one site leaves: "all", "own" or "none" */
static const char *limit_of(du_right_e right)
{
    du_grant_t grant = {.account = "", .role = DU_ROLE_ADMINISTRATOR, .site = ANY_SITE};

    if (du_access_may(&grant, right, "", 0)) {
        return "all";
    }
    return du_access_may(&grant, right, ANY_SITE, 0) ? "own" : "none";
}

static void add_rights(dua_t *dua)
{
    json_t *rights = json_array();

    for (int i = 0; i < DU_RIGHTS; i++) {
        du_right_e right = (du_right_e)i;
        json_t *row = json_object(), *cells = json_array();

        for (int role = 0; role < DU_ROLES; role++) {
            json_t *cell = json_object();

            dua_set_text(dua->pool, cell, "role", du_role_name((du_role_e)role));
            dua_set_text(dua->pool, cell, "may", right_of_role((du_role_e)role, right));
            json_array_append_new(cells, cell);
        }
        dua_set_text(dua->pool, row, "right", du_right_name(right));
        dua_set_text(dua->pool, row, "limited", limit_of(right));
        json_object_set_new(row, "roles", cells);
        json_array_append_new(rights, row);
    }
    json_object_set_new(dua->data, "rights", rights);
}

/*
 * The form's choices
 */

static json_t *json_choice(dua_t *dua, const char *name, const char *text, const char *chosen)
{
    json_t *choice = json_object();

    dua_set_text(dua->pool, choice, name, text);
    dua_set_flag(choice, "is_chosen", du_text_same(text, chosen));
    return choice;
}

/* grant is what the account has, NULL if it has none; what was sent wins. */
static apr_status_t add_form(dua_t *dua, const char *account, const du_grant_t *grant)
{
    const char *role = dua_value(dua, "role"), *scope = dua_value(dua, "scope");
    json_t *roles = json_array(), *scopes = json_array();
    apr_array_header_t *sites;
    apr_status_t status = du_store_sites(dua->ctx, dua->store, dua->pool, &sites);

    role = role ? role : grant ? du_role_name(grant->role) : "";
    scope = scope ? scope : grant ? du_store_scope(dua->pool, grant->site) : "";
    for (int i = 0; i < DU_ROLES; i++) {
        json_array_append_new(roles, json_choice(dua, "role", du_role_name((du_role_e)i), role));
    }
    json_array_append_new(scopes, json_choice(dua, "scope", du_store_scope(dua->pool, ""), scope));
    for (int i = 0; i < sites->nelts; i++) {
        const char *site = du_store_scope(dua->pool, APR_ARRAY_IDX(sites, i, du_site_t).name);

        json_array_append_new(scopes, json_choice(dua, "scope", site, scope));
    }
    json_object_set_new(dua->data, "role_choices", roles);
    json_object_set_new(dua->data, "scopes", scopes);
    dua_set_text(dua->pool, dua->data, "account", account);
    return status;
}

/*
 * Showing
 */

static json_t *json_row(dua_t *dua, const du_grant_t *grant)
{
    json_t *row = dua_json_grant(dua->pool, grant);

    dua_set_flag(row, "is_self", du_text_equal(grant->account, dua->actor.name));
    dua_set_text(dua->pool, row, "href",
                 apr_pstrcat(dua->pool, "roles?account=", dua_form_escape(dua->pool, grant->account), NULL));
    return row;
}

static apr_status_t show_list(dua_t *dua)
{
    apr_array_header_t *grants;
    json_t *rows = json_array();
    apr_status_t status = du_store_roles(dua->ctx, dua->store, dua->pool, &grants);

    for (int i = 0; i < grants->nelts && status == APR_SUCCESS; i++) {
        json_array_append_new(rows, json_row(dua, &APR_ARRAY_IDX(grants, i, du_grant_t)));
    }
    json_object_set_new(dua->data, "grants", rows);
    dua_set_text(dua->pool, dua->data, "view", "list");
    add_rights(dua);
    return status == APR_SUCCESS ? add_form(dua, "", NULL) : status;
}

/* What an account has; *grant is NULL if that is nothing. */
static apr_status_t read_grant(dua_t *dua, const char *account, du_grant_t **grant)
{
    apr_status_t status = du_store_role(dua->ctx, dua->store, account, dua->pool, grant);

    return status == DU_E_NOT_FOUND ? APR_SUCCESS : status;
}

/* Who changes a role is told what it was then; "none" too is something that may have changed. */
static const char *mark_of(dua_t *dua, const du_grant_t *grant)
{
    json_t *object = grant ? dua_json_grant(dua->pool, grant) : json_object();
    const char *mark = dua_place_mark(dua->pool, object);

    json_decref(object);
    return mark;
}

/* What was asked for: account, role, scope. Without a scope it is the global one. */
static apr_status_t read_wanted(dua_t *dua, const char *account, du_grant_t *wanted)
{
    const char *scope = dua_value(dua, "scope");
    apr_status_t status = dua_place_role(dua->ctx, dua_value(dua, "role"), &wanted->role);

    wanted->account = account;
    wanted->site = "";
    return status == APR_SUCCESS && scope ? dua_place_scope(dua->ctx, scope, &wanted->site) : status;
}

/* Whether the person would have less than now. */
static int loses(const du_grant_t *before, const du_grant_t *after)
{
    return before &&
           (!after || after->role < before->role || (*after->site && !du_text_same(after->site, before->site)));
}

/* The step before a change; wanted NULL = the role is taken. */
static void show_confirmation(dua_t *dua, const char *account, const du_grant_t *grant, const du_grant_t *wanted)
{
    dua_set_text(dua->pool, dua->data, "view", wanted ? "set" : "remove");
    dua_set_flag(dua->data, "is_change", 1);
    dua_set_text(dua->pool, dua->data, "shown", mark_of(dua, grant));
    dua_set_text(dua->pool, dua->data, "account", account);
    json_object_set_new(dua->data, "before", grant ? dua_json_grant(dua->pool, grant) : json_null());
    json_object_set_new(dua->data, "after", wanted ? dua_json_grant(dua->pool, wanted) : json_null());
    dua_set_flag(dua->data, "had_role", grant != NULL);
    dua_set_flag(dua->data, "has_role", wanted != NULL);
    dua_set_flag(dua->data, "is_own_loss", du_text_equal(account, dua->actor.name) && loses(grant, wanted));
}

static apr_status_t show_account(dua_t *dua, const char *account)
{
    const char *confirm = dua_value(dua, "confirm");
    du_grant_t *grant, wanted;
    apr_status_t status = read_grant(dua, account, &grant);

    if (status == APR_SUCCESS && du_text_equal(confirm, "set")) {
        status = read_wanted(dua, account, &wanted);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (confirm) {
        show_confirmation(dua, account, grant, du_text_equal(confirm, "set") ? &wanted : NULL);
        return APR_SUCCESS;
    }
    dua_set_text(dua->pool, dua->data, "view", "account");
    dua_set_flag(dua->data, "had_role", grant != NULL);
    return add_form(dua, account, grant);
}

static apr_status_t show(dua_t *dua)
{
    const char *account = dua_value(dua, "account");

    dua_set_flag(dua->data, "may_change", dua_may(dua, DU_RIGHT_ROLE, ""));
    return account ? show_account(dua, account) : show_list(dua);
}

/*
 * Changing
 */

static apr_status_t check_shown(dua_t *dua, const char *account)
{
    du_grant_t *grant;
    apr_status_t status = read_grant(dua, account, &grant);

    return status == APR_SUCCESS
               ? dua_must_be_as_shown(dua, apr_pstrcat(dua->pool, "the role of ", account, NULL), mark_of(dua, grant))
               : status;
}

static apr_status_t set(dua_t *dua, const char *account)
{
    du_grant_t wanted;
    apr_status_t status = read_wanted(dua, account, &wanted);

    if (status == APR_SUCCESS) {
        status = check_shown(dua, account);
    }
    if (status == APR_SUCCESS) {
        status = du_store_role_set(dua->ctx, dua->store, &wanted, &dua->actor);
    }
    if (status != APR_SUCCESS) {
        return status == DU_E_NOTHING ? dua_done(dua, "nothing", 0, "roles") : status;
    }
    json_object_set_new(dua->data, "role", dua_json_grant(dua->pool, &wanted));
    return dua_done(dua, "roles.changed", 1, "roles");
}

static apr_status_t take(dua_t *dua, const char *account)
{
    apr_status_t status = check_shown(dua, account);

    if (status == APR_SUCCESS) {
        status = du_store_role_remove(dua->ctx, dua->store, account, &dua->actor);
    }
    return status == APR_SUCCESS ? dua_done(dua, "roles.removed", 1, "roles") : status;
}

static apr_status_t change(dua_t *dua)
{
    const char *action = dua_value(dua, "action"), *account = du_text_or_empty(dua_value(dua, "account"));
    apr_status_t status = dua_must(dua, DU_RIGHT_ROLE, "");

    if (status != APR_SUCCESS) {
        return status;
    }
    if (du_text_equal(action, "set")) {
        return set(dua, account);
    }
    return du_text_equal(action, "remove") ? take(dua, account) : dua_no_action(dua);
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"account", "confirm", "action", "role", "scope", "shown", NULL};
    static const dua_page_t page = {.name = "roles",
                                    .tmpl = HTML_roles,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = change};

    return dua_main(argc, argv, &page);
}
