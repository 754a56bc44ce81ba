/*
 * Sites: names for sets of subnets, and what belongs to each.
 */
#include <string.h>

#include <apr_strings.h>

#include "admin/templates/sites.h"
#include "du_store_role.h"
#include "du_text.h"
#include "dua.h"
#include "dua_place.h"

/* What the page reads from the store. */
typedef struct lists_t {
    apr_array_header_t *sites;   /* of du_site_t */
    apr_array_header_t *devices; /* of du_test_device_t */
    apr_array_header_t *grants;  /* of du_grant_t */
} lists_t;

static apr_status_t read_lists(dua_t *dua, lists_t *lists)
{
    apr_status_t status = du_store_sites(dua->ctx, dua->store, dua->pool, &lists->sites);

    if (status == APR_SUCCESS) {
        status = du_store_test_devices(dua->ctx, dua->store, dua->pool, &lists->devices);
    }
    return status == APR_SUCCESS ? du_store_roles(dua->ctx, dua->store, dua->pool, &lists->grants) : status;
}

static apr_status_t find_site(dua_t *dua, const lists_t *lists, const du_site_t **found)
{
    const char *name = dua_value(dua, "site");

    for (int i = 0; i < lists->sites->nelts; i++) {
        *found = &APR_ARRAY_IDX(lists->sites, i, du_site_t);
        if (du_text_same((*found)->name, name)) {
            return APR_SUCCESS;
        }
    }
    return du_fail(dua->ctx, DU_E_NOT_FOUND, DUNO(0740), "there is no site \"%s\"", du_text_for_log(dua->pool, name));
}

/*
 * A site with all that is its own
 */

static json_t *devices_of(dua_t *dua, const lists_t *lists, const char *site)
{
    json_t *rows = json_array();

    for (int i = 0; i < lists->devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(lists->devices, i, du_test_device_t);

        if (du_text_same(device->site, site)) {
            json_array_append_new(rows, dua_json_test_device(dua->pool, device));
        }
    }
    return rows;
}

static json_t *grants_of(dua_t *dua, const lists_t *lists, const char *site)
{
    json_t *rows = json_array();

    for (int i = 0; i < lists->grants->nelts; i++) {
        const du_grant_t *grant = &APR_ARRAY_IDX(lists->grants, i, du_grant_t);

        if (du_text_same(grant->site, site)) {
            json_array_append_new(rows, dua_json_grant(dua->pool, grant));
        }
    }
    return rows;
}

static json_t *settings_of(dua_t *dua, const du_settings_t *settings)
{
    json_t *rows = json_array();

    for (int i = 0; i < DU_SETTINGS; i++) {
        if (settings->value[i]) {
            json_t *row = json_object();

            dua_set_text(dua->pool, row, "name", du_setting_name((du_setting_e)i));
            dua_set_text(dua->pool, row, "value", settings->value[i]);
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

static apr_status_t json_whole_site(dua_t *dua, const lists_t *lists, const du_site_t *site, json_t **object)
{
    du_settings_t settings;
    apr_status_t status = du_store_settings(dua->ctx, dua->store, site->name, dua->pool, &settings);

    if (status == APR_SUCCESS) {
        *object = dua_json_site(dua->pool, site);
        json_object_set_new(*object, "test_devices", devices_of(dua, lists, site->name));
        json_object_set_new(*object, "settings", settings_of(dua, &settings));
        json_object_set_new(*object, "roles", grants_of(dua, lists, site->name));
    }
    return status;
}

static void set_link(dua_t *dua, json_t *object, const char *name, const char *start, const du_site_t *site)
{
    dua_set_text(dua->pool, object, name,
                 apr_pstrcat(dua->pool, start, dua_form_escape(dua->pool, site->name), NULL));
}

/* In the list: how many of each. */
static json_t *json_row(dua_t *dua, const du_site_t *site, const json_t *whole)
{
    json_t *row = dua_json_site(dua->pool, site);

    dua_set_text(dua->pool, row, "scope", du_store_scope(dua->pool, site->name));
    dua_set_number(row, "test_devices", (apr_int64_t)json_array_size(json_object_get(whole, "test_devices")));
    dua_set_number(row, "settings", (apr_int64_t)json_array_size(json_object_get(whole, "settings")));
    dua_set_number(row, "roles", (apr_int64_t)json_array_size(json_object_get(whole, "roles")));
    set_link(dua, row, "href", "sites?site=", site);
    return row;
}

/*
 * Showing
 */

static apr_status_t show_list(dua_t *dua, const lists_t *lists)
{
    json_t *rows = json_array(), *form = json_object(), *whole;
    apr_status_t status = APR_SUCCESS;

    for (int i = 0; i < lists->sites->nelts && status == APR_SUCCESS; i++) {
        const du_site_t *site = &APR_ARRAY_IDX(lists->sites, i, du_site_t);

        status = json_whole_site(dua, lists, site, &whole);
        if (status == APR_SUCCESS) {
            json_array_append_new(rows, json_row(dua, site, whole));
            json_decref(whole);
        }
    }
    dua_set_text(dua->pool, dua->data, "view", "list");
    json_object_set_new(dua->data, "sites", rows);
    dua_set_text(dua->pool, form, "name", dua_value(dua, "name"));
    dua_set_text(dua->pool, form, "subnets", dua_value(dua, "subnets"));
    json_object_set_new(dua->data, "form", form);
    return status;
}

/* The subnets as lines of a text. */
static const char *lines_of(apr_pool_t *pool, const du_site_t *site)
{
    const char *text = "";

    for (int i = 0; i < site->subnets->nelts; i++) {
        text = apr_pstrcat(pool, text, *text ? "\n" : "",
                           du_subnet_text(pool, &APR_ARRAY_IDX(site->subnets, i, du_subnet_t)), NULL);
    }
    return text;
}

/* One site: to change its subnets, or to remove it. */
static apr_status_t show_site(dua_t *dua, const lists_t *lists)
{
    const char *sent = dua_value(dua, "subnets");
    const du_site_t *site;
    json_t *whole;
    apr_status_t status = find_site(dua, lists, &site);

    if (status == APR_SUCCESS) {
        status = json_whole_site(dua, lists, site, &whole);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    dua_set_text(dua->pool, dua->data, "view", dua_value(dua, "confirm") ? "remove" : "site");
    dua_set_flag(dua->data, "is_listed", dua_value(dua, "confirm") || !dua_may(dua, DU_RIGHT_SITE, ""));
    dua_set_text(dua->pool, dua->data, "shown", dua_place_mark(dua->pool, whole));
    dua_set_text(dua->pool, dua->data, "text", sent ? sent : lines_of(dua->pool, site));
    dua_set_text(dua->pool, dua->data, "scope", du_store_scope(dua->pool, site->name));
    dua_set_text(dua->pool, dua->data, "scope_query",
                 dua_form_escape(dua->pool, du_store_scope(dua->pool, site->name)));
    set_link(dua, dua->data, "phones_href", "devices?site=", site);
    json_object_set_new(dua->data, "site", whole);
    return APR_SUCCESS;
}

static apr_status_t show(dua_t *dua)
{
    lists_t lists;
    apr_status_t status = read_lists(dua, &lists);

    dua_set_flag(dua->data, "may_change", dua_may(dua, DU_RIGHT_SITE, ""));
    if (status == APR_SUCCESS) {
        status = dua_value(dua, "site") ? show_site(dua, &lists) : show_list(dua, &lists);
    }
    return status;
}

/*
 * Changing
 */

/* Subnets stand apart by white space or commas, or are values of their own. */
static apr_status_t read_subnets(dua_t *dua, du_site_t *site)
{
    apr_array_header_t *texts = dua_form_values(dua->form, "subnets", dua->pool);
    apr_status_t status = APR_SUCCESS;

    site->subnets = apr_array_make(dua->pool, 8, sizeof(du_subnet_t));
    for (int i = 0; i < texts->nelts; i++) {
        char *rest, *text = apr_pstrdup(dua->pool, APR_ARRAY_IDX(texts, i, const char *));

        for (text = apr_strtok(text, ", \t\r\n", &rest); text && status == APR_SUCCESS;
             text = apr_strtok(NULL, ", \t\r\n", &rest)) {
            status = dua_place_subnet(dua->ctx, text, site);
        }
    }
    return status;
}

static apr_status_t add(dua_t *dua)
{
    du_site_t site = {.name = du_text_or_empty(dua_value(dua, "name"))};
    apr_status_t status = dua_place_name(dua->ctx, "site", site.name);

    if (status == APR_SUCCESS) {
        status = read_subnets(dua, &site);
    }
    if (status == APR_SUCCESS) {
        status = du_store_site_add(dua->ctx, dua->store, &site, &dua->actor);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    json_object_set_new(dua->data, "site", dua_json_site(dua->pool, &site));
    return dua_done(dua, "sites.added", 1, "sites");
}

/* The site is there, and as it was shown. */
static apr_status_t find_as_shown(dua_t *dua, const du_site_t **site)
{
    lists_t lists;
    json_t *whole;
    apr_status_t status = read_lists(dua, &lists);

    if (status == APR_SUCCESS) {
        status = find_site(dua, &lists, site);
    }
    if (status == APR_SUCCESS) {
        status = json_whole_site(dua, &lists, *site, &whole);
    }
    if (status == APR_SUCCESS) {
        status =
            dua_must_be_as_shown(dua, du_store_scope(dua->pool, (*site)->name), dua_place_mark(dua->pool, whole));
        json_decref(whole);
    }
    return status;
}

static apr_status_t set(dua_t *dua)
{
    const du_site_t *found;
    du_site_t site;
    apr_status_t status = find_as_shown(dua, &found);

    if (status == APR_SUCCESS) {
        site.name = found->name;
        status = read_subnets(dua, &site);
    }
    if (status == APR_SUCCESS) {
        status = du_store_site_set(dua->ctx, dua->store, &site, &dua->actor);
    }
    if (status != APR_SUCCESS) {
        return status == DU_E_NOTHING ? dua_done(dua, "nothing", 0, "sites") : status;
    }
    json_object_set_new(dua->data, "site", dua_json_site(dua->pool, &site));
    return dua_done(dua, "sites.changed", 1, "sites");
}

static apr_status_t remove_site(dua_t *dua)
{
    const du_site_t *site;
    apr_status_t status = find_as_shown(dua, &site);

    if (status == APR_SUCCESS) {
        status = du_store_site_remove(dua->ctx, dua->store, site->name, &dua->actor);
    }
    return status == APR_SUCCESS ? dua_done(dua, "sites.removed", 1, "sites") : status;
}

static apr_status_t change(dua_t *dua)
{
    static const struct {
        const char *name;
        apr_status_t (*run)(dua_t *dua);
    } actions[] = {{"add", add}, {"set", set}, {"remove", remove_site}};
    apr_status_t status = dua_must(dua, DU_RIGHT_SITE, "");

    for (apr_size_t i = 0; i < sizeof(actions) / sizeof(actions[0]) && status == APR_SUCCESS; i++) {
        if (du_text_equal(dua_value(dua, "action"), actions[i].name)) {
            return actions[i].run(dua);
        }
    }
    return status == APR_SUCCESS ? dua_no_action(dua) : status;
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"site", "confirm", "action", "name", "subnets", "shown", NULL};
    static const dua_page_t page = {.name = "sites",
                                    .tmpl = HTML_sites,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = change};

    return dua_main(argc, argv, &page);
}
