/*
 * Settings: what holds in a scope, and where from (administration.md 1.5, 2.4).
 */
#include <string.h>

#include <apr_strings.h>

#include "admin/templates/settings.h"
#include "du_text.h"
#include "dua.h"
#include "dua_place.h"

/* The scope that a request is about. */
typedef struct scope_t {
    const char *site; /* "" = global */
    dua_setting_t settings[DU_SETTINGS];
    int has_own;
} scope_t;

/* Who is limited to a site begins there. */
static apr_status_t read_scope(dua_t *dua, scope_t *scope)
{
    const char *text = dua_value(dua, "scope");
    apr_status_t status = APR_SUCCESS;

    scope->site = dua->grant->site;
    scope->has_own = 0;
    if (text) {
        status = dua_place_scope(dua->ctx, text, &scope->site);
    }
    if (status == APR_SUCCESS) {
        status = dua_place_settings(dua->ctx, dua->store, scope->site, dua->pool, scope->settings);
    }
    for (int i = 0; i < DU_SETTINGS && status == APR_SUCCESS; i++) {
        scope->has_own |= scope->settings[i].is_own;
    }
    return status;
}

static const char *scope_text(dua_t *dua, const scope_t *scope)
{
    return du_store_scope(dua->pool, scope->site);
}

/* Where a change leads to. */
static const char *scope_link(dua_t *dua, const scope_t *scope)
{
    return apr_pstrcat(dua->pool, "settings?scope=", dua_form_escape(dua->pool, scope_text(dua, scope)), NULL);
}

/* A site cannot have a value of what is global. */
static int may_change(dua_t *dua, const scope_t *scope, du_setting_e setting)
{
    return dua_may(dua, DU_RIGHT_SETTING, scope->site) && !(*scope->site && du_setting_is_global(setting));
}

/*
 * One setting
 */

static void add_choices(dua_t *dua, json_t *object, du_setting_e setting, const char *value)
{
    json_t *words = json_array();
    const char *word;

    for (int i = 0; (word = du_setting_choice(setting, i)); i++) {
        json_t *choice = json_object();

        dua_set_text(dua->pool, choice, "word", word);
        dua_set_flag(choice, "is_chosen", du_text_same(word, value));
        json_array_append_new(words, choice);
    }
    json_object_set_new(object, "choices", words);
}

/* "default", "global" or "site": where a value comes from, as a word. */
static const char *origin_of(const dua_setting_t *setting)
{
    return du_text_begins(setting->from, "site:") ? "site" : setting->from;
}

/* 1 if only the type of numbers ends the range, which says nothing to a person. */
static int is_open(apr_pool_t *pool, du_setting_e setting)
{
    const char *most = du_setting_most(pool, setting);

    return most && strcmp(most, du_text_number(pool, INT64_MAX)) == 0;
}

static json_t *json_row(dua_t *dua, const scope_t *scope, const dua_setting_t *setting)
{
    json_t *row = dua_json_setting(dua->pool, setting);

    dua_set_text(dua->pool, row, "origin", origin_of(setting));
    dua_set_text(dua->pool, row, "kind", du_setting_kind(setting->setting));
    dua_set_text(dua->pool, row, "least", du_setting_least(dua->pool, setting->setting));
    dua_set_text(dua->pool, row, "most", du_setting_most(dua->pool, setting->setting));
    dua_set_flag(row, "is_open", is_open(dua->pool, setting->setting));
    dua_set_flag(row, "is_global", du_setting_is_global(setting->setting));
    dua_set_flag(row, "is_elsewhere", du_setting_is_global(setting->setting) && *scope->site);
    dua_set_flag(row, "is_own", setting->is_own);
    dua_set_flag(row, "may_change", may_change(dua, scope, setting->setting));
    dua_set_flag(row, "may_reset", setting->is_own && may_change(dua, scope, setting->setting));
    dua_set_text(dua->pool, row, "shown", dua_place_mark(dua->pool, row));
    add_choices(dua, row, setting->setting, setting->value);
    dua_set_text(dua->pool, row, "href",
                 apr_pstrcat(dua->pool, scope_link(dua, scope), "&name=", du_setting_name(setting->setting), NULL));
    return row;
}

static json_t *json_rows(dua_t *dua, const scope_t *scope)
{
    json_t *rows = json_array();

    for (int i = 0; i < DU_SETTINGS; i++) {
        json_array_append_new(rows, json_row(dua, scope, &scope->settings[i]));
    }
    return rows;
}

/* Of all settings of the scope. */
static const char *mark_of(dua_t *dua, const scope_t *scope)
{
    json_t *rows = json_rows(dua, scope);
    const char *mark = dua_place_mark(dua->pool, rows);

    json_decref(rows);
    return mark;
}

/*
 * Showing
 */

static void add_scopes(dua_t *dua, const scope_t *scope, const apr_array_header_t *sites)
{
    json_t *scopes = json_array();

    for (int i = -1; i < sites->nelts; i++) {
        const char *site = i < 0 ? "" : APR_ARRAY_IDX(sites, i, du_site_t).name;
        json_t *object = json_object();

        dua_set_text(dua->pool, object, "scope", du_store_scope(dua->pool, site));
        dua_set_flag(object, "is_chosen", du_text_same(site, scope->site));
        json_array_append_new(scopes, object);
    }
    json_object_set_new(dua->data, "scopes", scopes);
}

static apr_status_t show_list(dua_t *dua, const scope_t *scope)
{
    apr_array_header_t *sites;
    apr_status_t status = du_store_sites(dua->ctx, dua->store, dua->pool, &sites);

    if (status == APR_SUCCESS) {
        add_scopes(dua, scope, sites);
        json_object_set_new(dua->data, "settings", json_rows(dua, scope));
    }
    return status;
}

/* What would hold if the scope had no values of its own: the defaults, or for a site the global ones. */
static apr_status_t read_without(dua_t *dua, const scope_t *scope, du_settings_t *without)
{
    *without = (du_settings_t){{NULL}};
    return *scope->site ? du_store_settings(dua->ctx, dua->store, "", dua->pool, without) : APR_SUCCESS;
}

static apr_status_t show_one(dua_t *dua, const scope_t *scope)
{
    const char *sent = dua_value(dua, "value");
    du_settings_t without;
    du_setting_e found;
    json_t *row;
    apr_status_t status = du_setting_find(dua->ctx, dua_value(dua, "name"), &found);

    if (status == APR_SUCCESS) {
        status = read_without(dua, scope, &without);
    }
    if (status == APR_SUCCESS) {
        row = json_row(dua, scope, &scope->settings[found]);
        dua_set_text(dua->pool, row, "without", du_setting_text(&without, found));
        dua_set_text(dua->pool, row, "text", sent ? sent : scope->settings[found].value);
        json_object_set_new(dua->data, "settings", json_pack("[o]", row));
        dua_set_text(dua->pool, dua->data, "view", "setting");
    }
    return status;
}

/* A change of all settings: each whose value in force would be another one. */
static apr_status_t show_change_of_all(dua_t *dua, const scope_t *scope, const char *confirm)
{
    json_t *rows = json_array();
    du_settings_t without;
    apr_status_t status = read_without(dua, scope, &without);

    for (int i = 0; i < DU_SETTINGS && status == APR_SUCCESS; i++) {
        const dua_setting_t *setting = &scope->settings[i];
        const char *after = setting->value;

        if (du_text_equal(confirm, "reset") && setting->is_own) {
            after = du_setting_text(&without, setting->setting);
        } else if (du_text_equal(confirm, "new") && !du_setting_is_global(setting->setting)) {
            after = du_setting_default(setting->setting);
        }
        if (!du_text_equal(after, setting->value)) {
            json_t *row = json_row(dua, scope, setting);

            dua_set_text(dua->pool, row, "after", after);
            json_array_append_new(rows, row);
        }
    }
    dua_set_text(dua->pool, dua->data, "view", confirm);
    dua_set_flag(dua->data, "is_change", 1);
    json_object_set_new(dua->data, "changes", rows);
    return status;
}

static apr_status_t show(dua_t *dua)
{
    const char *confirm = dua_value(dua, "confirm");
    int may;
    scope_t scope;
    apr_status_t status = read_scope(dua, &scope);

    if (status != APR_SUCCESS) {
        return status;
    }
    may = dua_may(dua, DU_RIGHT_SETTING, scope.site);
    dua_set_text(dua->pool, dua->data, "view", "list");
    dua_set_text(dua->pool, dua->data, "scope", scope_text(dua, &scope));
    dua_set_text(dua->pool, dua->data, "back", scope_link(dua, &scope));
    dua_set_text(dua->pool, dua->data, "shown", mark_of(dua, &scope));
    dua_set_flag(dua->data, "is_site", *scope.site != '\0');
    dua_set_flag(dua->data, "has_own", scope.has_own);
    dua_set_flag(dua->data, "may_change", may);
    dua_set_flag(dua->data, "may_reset", may && scope.has_own);
    dua_set_flag(dua->data, "may_add", may && *scope.site && !scope.has_own);
    if (du_text_equal(confirm, "reset") || du_text_equal(confirm, "new")) {
        return show_change_of_all(dua, &scope, confirm);
    }
    return dua_value(dua, "name") ? show_one(dua, &scope) : show_list(dua, &scope);
}

/*
 * Changing
 */

static apr_status_t finish(dua_t *dua, const scope_t *scope, apr_status_t status, const char *key)
{
    if (status == DU_E_NOTHING) {
        return dua_done(dua, "nothing", 0, scope_link(dua, scope));
    }
    return status == APR_SUCCESS ? dua_done(dua, key, 1, scope_link(dua, scope)) : status;
}

/* One setting is still as it was shown. */
static apr_status_t find_as_shown(dua_t *dua, const scope_t *scope, du_setting_e *setting)
{
    json_t *row;
    apr_status_t status = du_setting_find(dua->ctx, dua_value(dua, "name"), setting);

    if (status == APR_SUCCESS) {
        row = json_row(dua, scope, &scope->settings[*setting]);
        status =
            dua_must_be_as_shown(dua, du_setting_name(*setting), json_string_value(json_object_get(row, "shown")));
        json_decref(row);
    }
    return status;
}

static du_setting_op_e operation(const dua_t *dua)
{
    const char *text = dua_value(dua, "operation");

    return du_text_equal(text, "add")      ? DU_SETTING_ADD
           : du_text_equal(text, "remove") ? DU_SETTING_REMOVE
                                           : DU_SETTING_REPLACE;
}

static apr_status_t set(dua_t *dua, const scope_t *scope)
{
    du_setting_e setting;
    const char *value;
    apr_status_t status = find_as_shown(dua, scope, &setting);

    if (status == APR_SUCCESS) {
        status = du_store_setting_set(dua->ctx, dua->store, scope->site, setting, operation(dua),
                                      du_text_or_empty(dua_value(dua, "value")), &dua->actor, &value);
    }
    if (status == APR_SUCCESS || status == DU_E_NOTHING) {
        dua_set_text(dua->pool, dua->data, "value", value);
    }
    return finish(dua, scope, status, "settings.changed");
}

/* One of them, or all. */
static apr_status_t reset(dua_t *dua, const scope_t *scope)
{
    du_setting_e setting;
    apr_status_t status;

    if (dua_value(dua, "name")) {
        status = find_as_shown(dua, scope, &setting);
        if (status == APR_SUCCESS) {
            status = du_store_setting_reset(dua->ctx, dua->store, scope->site, setting, &dua->actor);
        }
        return finish(dua, scope, status, "settings.reset");
    }
    status = dua_must_be_as_shown(dua, scope_text(dua, scope), mark_of(dua, scope));
    if (status == APR_SUCCESS) {
        status = du_store_setting_reset(dua->ctx, dua->store, scope->site, DU_SETTINGS, &dua->actor);
    }
    return finish(dua, scope, status, "settings.reset_all");
}

static apr_status_t make_new(dua_t *dua, const scope_t *scope)
{
    apr_status_t status = dua_must_be_as_shown(dua, scope_text(dua, scope), mark_of(dua, scope));

    if (status == APR_SUCCESS) {
        status = du_store_setting_new(dua->ctx, dua->store, scope->site, &dua->actor);
    }
    return finish(dua, scope, status, "settings.added");
}

static apr_status_t change(dua_t *dua)
{
    static const struct {
        const char *name;
        apr_status_t (*run)(dua_t *dua, const scope_t *scope);
    } actions[] = {{"set", set}, {"reset", reset}, {"new", make_new}};
    scope_t scope;
    apr_status_t status = read_scope(dua, &scope);

    if (status == APR_SUCCESS) {
        status = dua_must(dua, DU_RIGHT_SETTING, scope.site);
    }
    for (apr_size_t i = 0; i < sizeof(actions) / sizeof(actions[0]) && status == APR_SUCCESS; i++) {
        if (du_text_equal(dua_value(dua, "action"), actions[i].name)) {
            return actions[i].run(dua, &scope);
        }
    }
    return status == APR_SUCCESS ? dua_no_action(dua) : status;
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"scope", "name",      "confirm", "action",
                                             "value", "operation", "shown",   NULL};
    static const dua_page_t page = {.name = "settings",
                                    .tmpl = HTML_settings,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = change};

    return dua_main(argc, argv, &page);
}
