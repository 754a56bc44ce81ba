#include "ctl.h"

#include <apr_strings.h>

#include "du_text.h"
#include "dua_place.h"

static void print_listed(ctl_t *ctl, const dua_setting_t *listed)
{
    static const char *const titles[] = {"SETTING", "VALUE", "FROM", "DEFAULT", "RANGE"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 5, titles);

    for (int i = 0; i < DU_SETTINGS; i++) {
        du_setting_e setting = listed[i].setting;
        const char *cells[] = {du_setting_name(setting), listed[i].value, listed[i].from, du_setting_default(setting),
                               du_setting_range(ctl->pool, setting)};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

apr_status_t ctl_setting_scope_check(ctl_t *ctl)
{
    const char *site;

    return ctl_scope_read(ctl, &site);
}

apr_status_t ctl_setting_list(ctl_t *ctl)
{
    dua_setting_t listed[DU_SETTINGS];
    const char *site;
    json_t *array;
    apr_status_t status = ctl_scope_read(ctl, &site);

    if (status == APR_SUCCESS) {
        status = dua_place_settings(ctl->ctx, ctl->store, site, ctl->pool, listed);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (!ctl->option[CTL_OPT_JSON]) {
        print_listed(ctl, listed);
        return APR_SUCCESS;
    }
    array = json_array();
    for (int i = 0; i < DU_SETTINGS; i++) {
        json_array_append_new(array, dua_json_setting(ctl->pool, &listed[i]));
    }
    ctl_json_print(array);
    return APR_SUCCESS;
}

/* What is to be done to the value, and with which text; DU_E_NOTHING if it is not one of the three. */
static apr_status_t read_operation(const ctl_t *ctl, du_setting_op_e *op, const char **text)
{
    const char *value = ctl->argc > 1 ? ctl->argv[1] : NULL;
    const char *add = ctl->option[CTL_OPT_ADD], *remove = ctl->option[CTL_OPT_REMOVE];

    *op = add ? DU_SETTING_ADD : remove ? DU_SETTING_REMOVE : DU_SETTING_REPLACE;
    *text = add ? add : remove ? remove : value;
    return (value != NULL) + (add != NULL) + (remove != NULL) == 1 ? APR_SUCCESS : DU_E_NOTHING;
}

apr_status_t ctl_setting_set_check(ctl_t *ctl)
{
    du_setting_op_e op;
    const char *text;

    if (read_operation(ctl, &op, &text) != APR_SUCCESS) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0880),
                       "setting set needs either a value, or --add or --remove with words");
    }
    return ctl_setting_scope_check(ctl);
}

/* Prints the result of a change; setting is DU_SETTINGS if it is about all of a scope. */
static void print_change(ctl_t *ctl, const char *result, const char *sentence, const char *site, int setting,
                         const char *value)
{
    json_t *document = ctl_json_result(result);

    json_object_set_new(document, "scope", dua_json_text(ctl->pool, du_store_scope(ctl->pool, site)));
    json_object_set_new(document, "name",
                        setting == DU_SETTINGS ? json_null() : json_string(du_setting_name((du_setting_e)setting)));
    if (value) {
        json_object_set_new(document, "value", dua_json_text(ctl->pool, value));
    }
    ctl_result_print(ctl, sentence, document);
}

apr_status_t ctl_setting_set(ctl_t *ctl)
{
    du_setting_op_e op;
    du_setting_e setting;
    const char *site, *text, *value, *sentence;
    apr_status_t status = ctl_scope_read(ctl, &site);

    if (status == APR_SUCCESS) {
        status = du_setting_find(ctl->ctx, ctl->argv[0], &setting);
    }
    if (status == APR_SUCCESS) {
        read_operation(ctl, &op, &text);
        status = du_store_setting_set(ctl->ctx, ctl->store, site, setting, op, text, &ctl->actor, &value);
    }
    if (status != APR_SUCCESS && status != DU_E_NOTHING) {
        return status;
    }
    sentence = apr_psprintf(ctl->pool, "%s%s of scope %s is%s \"%s\"",
                            status == APR_SUCCESS ? "" : "Nothing to do: ", du_setting_name(setting),
                            du_store_scope(ctl->pool, site), status == APR_SUCCESS ? " now" : "", value);
    print_change(ctl, status == APR_SUCCESS ? "set" : "nothing", sentence, site, setting, value);
    return APR_SUCCESS;
}

apr_status_t ctl_setting_new(ctl_t *ctl)
{
    const char *site;
    apr_status_t status = ctl_scope_read(ctl, &site);

    if (status == APR_SUCCESS) {
        status = du_store_setting_new(ctl->ctx, ctl->store, site, &ctl->actor);
    }
    if (status == APR_SUCCESS) {
        print_change(
            ctl, "added",
            apr_pstrcat(ctl->pool, "Site ", site, " has settings of its own now, all at their defaults", NULL), site,
            DU_SETTINGS, NULL);
    }
    return status;
}

apr_status_t ctl_setting_reset(ctl_t *ctl)
{
    du_setting_e found;
    int setting = DU_SETTINGS;
    const char *site, *what = "All settings";
    apr_status_t status = ctl_scope_read(ctl, &site);

    if (status == APR_SUCCESS && ctl->argc > 0) {
        status = du_setting_find(ctl->ctx, ctl->argv[0], &found);
        if (status == APR_SUCCESS) {
            setting = found;
            what = du_setting_name(found);
        }
    }
    if (status == APR_SUCCESS) {
        status = du_store_setting_reset(ctl->ctx, ctl->store, site, setting, &ctl->actor);
    }
    if (status != APR_SUCCESS && status != DU_E_NOTHING) {
        return status;
    }
    print_change(ctl, status == APR_SUCCESS ? "reset" : "nothing",
                 apr_pstrcat(ctl->pool, status == APR_SUCCESS ? "" : "Nothing to do: ", what, " of scope ",
                             du_store_scope(ctl->pool, site), ctl->argc > 0 ? " is" : " are",
                             *site ? " as in scope global" : " at the default", NULL),
                 site, setting, NULL);
    return APR_SUCCESS;
}
