#include "dua_place.h"

#include <stdlib.h>
#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#include "dua_record.h"
#include "du_subnet.h"
#include "du_text.h"

#define SITE_PREFIX "site:"

/*
 * Reading
 */

apr_status_t dua_place_name(du_ctx_t *ctx, const char *what, const char *name)
{
    if (du_text_is_segment(name, DU_PLACE_NAME_MAX)) {
        return APR_SUCCESS;
    }
    return du_fail(ctx, DU_E_MALFORMED, DUNO(0870),
                   "\"%s\" cannot be the name of a %s: that has 1 to %d bytes of UTF-8, none of / \\ : * ? \" < > |, "
                   "and no space or dot at its ends",
                   du_text_for_log(ctx->pool, name), what, DU_PLACE_NAME_MAX);
}

static int has_subnet(const du_site_t *site, const du_subnet_t *subnet)
{
    for (int i = 0; i < site->subnets->nelts; i++) {
        if (du_subnet_same(&APR_ARRAY_IDX(site->subnets, i, du_subnet_t), subnet)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t dua_place_subnet(du_ctx_t *ctx, const char *text, du_site_t *site)
{
    du_subnet_t subnet;

    if (!du_subnet_parse(ctx->pool, text, &subnet)) {
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0871), "\"%s\" is not a subnet like 10.1.0.0/16 or 2001:db8::/32",
                       du_text_for_log(ctx->pool, text));
    }
    if (!has_subnet(site, &subnet)) {
        APR_ARRAY_PUSH(site->subnets, du_subnet_t) = subnet;
    }
    return APR_SUCCESS;
}

static const struct {
    const char *word; /* in JSON */
    const char *name;
    const char *form;
} kinds[] = {
    [DU_TEST_MAC] = {"mac", "MAC address",
                     "six or more pairs of hexadecimal digits, joined or with - or : between them"},
    [DU_TEST_SERIAL] = {"serial", "serial number", "letters, digits, - and _, at most 64 of them"},
};

apr_status_t dua_place_identifier(du_ctx_t *ctx, const char *text, du_test_device_t *device)
{
    device->shown = text;
    device->identifier =
        device->kind == DU_TEST_MAC ? du_mac_canonical(ctx->pool, text) : du_serial_canonical(ctx->pool, text);
    return device->identifier
               ? APR_SUCCESS
               : du_fail(ctx, DU_E_MALFORMED, DUNO(0875), "\"%s\" is not a %s: %s", du_text_for_log(ctx->pool, text),
                         kinds[device->kind].name, kinds[device->kind].form);
}

/* "administrator, operator, helpdesk, viewer" */
static const char *roles_text(apr_pool_t *pool)
{
    const char *text = du_role_name(DU_ROLE_VIEWER);

    for (int i = DU_ROLE_VIEWER + 1; i < DU_ROLES; i++) {
        text = apr_pstrcat(pool, du_role_name((du_role_e)i), ", ", text, NULL);
    }
    return text;
}

apr_status_t dua_place_role(du_ctx_t *ctx, const char *name, du_role_e *role)
{
    return du_role_find(name, role) ? APR_SUCCESS
                                    : du_fail(ctx, DU_E_MALFORMED, DUNO(0858), "\"%s\" is no role: those are %s",
                                              du_text_for_log(ctx->pool, name), roles_text(ctx->pool));
}

apr_status_t dua_place_scope(du_ctx_t *ctx, const char *text, const char **site)
{
    *site = du_text_same(text, "global") ? "" : NULL;
    if (!*site && text && du_text_begins(text, SITE_PREFIX)) {
        *site = du_text_or_null(text + strlen(SITE_PREFIX));
    }
    return *site ? APR_SUCCESS
                 : du_fail(ctx, DU_E_MALFORMED, DUNO(0873), "the scope is global or " SITE_PREFIX "NAME, not \"%s\"",
                           du_text_for_log(ctx->pool, text));
}

/* Digits of that many places, or -1. */
static int digits(const char *text, int places)
{
    int value = 0;

    for (int i = 0; i < places; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + text[i] - '0';
    }
    return value;
}

int dua_place_time(const char *text, apr_time_t *time)
{
    apr_time_exp_t t = {0};
    apr_size_t len = strlen(text);
    int is_long = (len == 20 && text[10] == 'T' && text[19] == 'Z') || (len == 19 && text[10] == ' ');

    if ((len != 10 && !is_long) || text[4] != '-' || text[7] != '-' ||
        (is_long && (text[13] != ':' || text[16] != ':'))) {
        return 0;
    }
    t.tm_year = digits(text, 4) - 1900;
    t.tm_mon = digits(text + 5, 2) - 1;
    t.tm_mday = digits(text + 8, 2);
    t.tm_hour = is_long ? digits(text + 11, 2) : 0;
    t.tm_min = is_long ? digits(text + 14, 2) : 0;
    t.tm_sec = is_long ? digits(text + 17, 2) : 0;
    return t.tm_year >= 70 && t.tm_mon >= 0 && t.tm_mon < 12 && t.tm_mday >= 1 && t.tm_mday <= 31 && t.tm_hour >= 0 &&
           t.tm_hour < 24 && t.tm_min >= 0 && t.tm_min < 60 && t.tm_sec >= 0 && t.tm_sec < 60 &&
           apr_time_exp_gmt_get(time, &t) == APR_SUCCESS;
}

/*
 * Showing
 */

const char *dua_place_kind(du_test_kind_e kind)
{
    return kinds[kind].word;
}

const char *dua_place_kind_name(du_test_kind_e kind)
{
    return kinds[kind].name;
}

const char *dua_place_identity(apr_pool_t *pool, const char *site, const char *name)
{
    return apr_pstrcat(pool, du_store_scope(pool, site), "/", name, NULL);
}

const char *dua_place_subnets(apr_pool_t *pool, const du_site_t *site)
{
    const char *text = "";

    for (int i = 0; i < site->subnets->nelts; i++) {
        text = apr_pstrcat(pool, text, *text ? ", " : "",
                           du_subnet_text(pool, &APR_ARRAY_IDX(site->subnets, i, du_subnet_t)), NULL);
    }
    return text;
}

apr_status_t dua_place_settings(du_ctx_t *ctx, du_store_t *store, const char *site, apr_pool_t *pool,
                                dua_setting_t *settings)
{
    du_settings_t own = {{NULL}}, global, in_force;
    apr_status_t status = du_store_settings_in_force(ctx, store, site, pool, &in_force);

    if (status == APR_SUCCESS) {
        status = du_store_settings(ctx, store, "", pool, &global);
    }
    if (status == APR_SUCCESS && *site) {
        status = du_store_settings(ctx, store, site, pool, &own);
    }
    for (int i = 0; i < DU_SETTINGS && status == APR_SUCCESS; i++) {
        du_setting_e setting = (du_setting_e)i;
        int is_sites = own.value[i] && !du_setting_is_global(setting);

        settings[i].setting = setting;
        settings[i].value = du_setting_text(&in_force, setting);
        settings[i].from = is_sites ? du_store_scope(pool, site) : global.value[i] ? "global" : "default";
        settings[i].is_own = is_sites || (!*site && global.value[i]);
    }
    return status;
}

json_t *dua_json_site(apr_pool_t *pool, const du_site_t *site)
{
    json_t *object = json_object(), *subnets = json_array();

    for (int i = 0; i < site->subnets->nelts; i++) {
        json_array_append_new(subnets,
                              json_string(du_subnet_text(pool, &APR_ARRAY_IDX(site->subnets, i, du_subnet_t))));
    }
    dua_set_text(pool, object, "name", site->name);
    json_object_set_new(object, "subnets", subnets);
    return object;
}

json_t *dua_json_test_device(apr_pool_t *pool, const du_test_device_t *device)
{
    json_t *object = json_object();

    dua_set_text(pool, object, "scope", du_store_scope(pool, device->site));
    dua_set_text(pool, object, "name", device->name);
    dua_set_text(pool, object, "identifier_type", kinds[device->kind].word);
    dua_set_text(pool, object, "identifier", device->shown);
    dua_set_text(pool, object, "compared_as", device->identifier);
    return object;
}

json_t *dua_json_setting(apr_pool_t *pool, const dua_setting_t *setting)
{
    json_t *object = json_object();

    dua_set_text(pool, object, "name", du_setting_name(setting->setting));
    dua_set_text(pool, object, "value", setting->value);
    dua_set_text(pool, object, "from", setting->from);
    dua_set_text(pool, object, "default", du_setting_default(setting->setting));
    dua_set_text(pool, object, "range", du_setting_range(pool, setting->setting));
    return object;
}

json_t *dua_json_grant(apr_pool_t *pool, const du_grant_t *grant)
{
    json_t *object = json_object();

    dua_set_text(pool, object, "account", grant->account);
    dua_set_text(pool, object, "role", du_role_name(grant->role));
    dua_set_text(pool, object, "scope", du_store_scope(pool, grant->site));
    return object;
}

json_t *dua_json_activity(apr_pool_t *pool, const du_activity_t *row)
{
    json_t *object = json_object();

    dua_set_number(object, "id", row->id);
    dua_set_time(pool, object, "time", row->time);
#define MEMBER(name) dua_set_text(pool, object, #name, row->name);
    DU_ACTIVITY_TEXTS(MEMBER)
#undef MEMBER
    dua_set_text(pool, object, "digest", row->digest);
    return object;
}

const char *dua_place_mark(apr_pool_t *pool, const json_t *record)
{
    char *text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha1;

    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, text, (unsigned int)strlen(text));
    apr_sha1_final(digest, &sha1);
    free(text);
    return du_text_hex(pool, digest, sizeof(digest));
}
