#include "dua_guard.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uri.h>

#include "du_host.h"
#include "du_store_activity.h"
#include "du_store_role.h"
#include "du_text.h"
#include "du_token.h"
#include "dua_upload.h"

/*
 * Without the store
 */

static apr_status_t check_method(dua_t *dua)
{
    const char *method = dua->env.method;

    if (du_text_equal(method, "GET") || du_text_equal(method, "HEAD") || (dua_is_post(dua) && dua->page->change)) {
        return APR_SUCCESS;
    }
    dua_response_header(&dua->response, "Allow", dua->page->change ? "GET, HEAD, POST" : "GET, HEAD");
    return du_fail(dua->ctx, DU_E_METHOD, DUNO(0866), "this page has no method %s",
                   du_text_for_log(dua->pool, method));
}

static apr_status_t check_length(dua_t *dua)
{
    apr_off_t length = dua_env_length(&dua->env);

    if (!dua_is_post(dua) || dua_upload_is(dua)) {
        return APR_SUCCESS;
    }
    if (length < 0) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0867), "a change says how long it is (Content-Length)");
    }
    return length <= DUA_FORM_BODY_MAX ? APR_SUCCESS
                                       : du_fail(dua->ctx, DU_E_TOO_LARGE, DUNO(0868),
                                                 "the request has more than %d bytes", DUA_FORM_BODY_MAX);
}

/* A browser sends a form of another type without asking us first; no page of ours has one. */
static apr_status_t check_type(dua_t *dua)
{
    const char *type = dua->env.content_type;

    if (!dua_is_post(dua) || dua_upload_is(dua) || dua_env_length(&dua->env) == 0 ||
        (type &&
         (du_text_begins(type, "application/x-www-form-urlencoded") || du_text_begins(type, "application/json")))) {
        return APR_SUCCESS;
    }
    return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0859),
                   "a change is a form (application/x-www-form-urlencoded) or application/json, not %s",
                   du_text_for_log(dua->pool, type));
}

apr_status_t dua_guard_request(dua_t *dua)
{
    apr_status_t status;

    if (dua->env.path_info) {
        return du_fail(dua->ctx, DU_E_NOT_FOUND, DUNO(0869), "there is no such page");
    }
    if (!dua->env.user) {
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0878), "nobody has signed in: httpd has to ask for it here");
    }
    dua->actor.name = dua->env.user;
    dua->actor.node = dua->env.node ? dua->env.node : du_host_name(dua->pool);
    status = check_method(dua);
    if (status == APR_SUCCESS) {
        status = check_length(dua);
    }
    return status == APR_SUCCESS ? check_type(dua) : status;
}

/*
 * The query
 */

apr_status_t dua_guard_query(dua_t *dua)
{
    if (dua_value(dua, "token")) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0883), "a token does not belong into a URL");
    }
    if (dua_value(dua, "note")) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(1135), "a note is of a change, and does not belong into a URL");
    }
    for (const char *const *name = dua->page->changing; !dua_is_post(dua) && name && *name; name++) {
        if (dua_value(dua, *name)) {
            return du_fail(dua->ctx, DU_E_METHOD, DUNO(0884),
                           "parameter \"%s\" is of a change, and a change is a POST", *name);
        }
    }
    return APR_SUCCESS;
}

/*
 * The role
 */

/* DU_E_NOT_FOUND if there is none; what cannot be an account is not asked for. */
static apr_status_t find_grant(dua_t *dua)
{
    du_grant_t *grant = NULL;
    apr_status_t status = du_account_is_one(dua->actor.name)
                              ? du_store_role(dua->ctx, dua->store, dua->actor.name, dua->pool, &grant)
                              : DU_E_NOT_FOUND;

    dua->grant = grant;
    dua->actor.role = grant ? du_role_name(grant->role) : NULL;
    return status;
}

static apr_status_t find_setting(dua_t *dua)
{
    du_settings_t settings;
    apr_status_t status = du_store_settings(dua->ctx, dua->store, "", dua->pool, &settings);

    dua->operators_approve = du_text_equal(du_setting_text(&settings, DU_SET_OPERATORS_APPROVE), "yes");
    return status;
}

apr_status_t dua_guard_role(dua_t *dua)
{
    apr_status_t status = find_grant(dua);

    if (status == DU_E_NOT_FOUND) {
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0879), "%s has no role here: an administrator gives one",
                       du_text_for_log(dua->pool, dua->actor.name));
    }
    if (status == APR_SUCCESS) {
        status = find_setting(dua);
    }
    if (status == APR_SUCCESS && !dua_may_somewhere(dua, dua->page->right)) {
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0885), "the role %s does not see this page", dua->actor.role);
    }
    return status;
}

/*
 * Where a change comes from
 */

/* The host and port of an URL are those that the client asked us by. A proxy in front passes them on (ProxyPreserveHost). Who
 * asks us by https was not sent here by a page that anybody on the way could have changed. */
static int is_own(const dua_t *dua, const char *url)
{
    apr_uri_t uri;

    return apr_uri_parse(dua->pool, url, &uri) == APR_SUCCESS && du_text_same(uri.hostinfo, dua->env.host) &&
           (!dua->env.https || du_text_same(uri.scheme, "https"));
}

static int is_same_origin(const dua_t *dua)
{
    if (dua->env.fetch_site) {
        return du_text_equal(dua->env.fetch_site, "same-origin");
    }
    if (dua->env.origin) {
        return is_own(dua, dua->env.origin);
    }
    return !dua->env.referer || is_own(dua, dua->env.referer);
}

/* dua->secret, which a request with a form needs more than once. */
static apr_status_t read_secret(dua_t *dua)
{
    return dua->secret ? APR_SUCCESS : du_store_secret(dua->ctx, dua->store, dua->pool, &dua->secret);
}

apr_status_t dua_guard_post(dua_t *dua)
{
    const char *given = dua->env.token ? dua->env.token : dua_value(dua, "token");
    apr_status_t status;

    if (!is_same_origin(dua)) {
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0886), "the request comes from another place than this page");
    }
    status = read_secret(dua);
    if (status != APR_SUCCESS) {
        return status;
    }
    switch (du_token_judge(dua->pool, dua->secret, dua->actor.name, dua->page->name, given, du_now(dua->ctx))) {
    case DU_TOKEN_GOOD:
        return APR_SUCCESS;
    case DU_TOKEN_EXPIRED:
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0887),
                       "the page is too old: load it again, then repeat the change");
    default:
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0888), "the request has no valid token, nothing was changed");
    }
}

apr_time_t dua_guard_expiry(const dua_t *dua)
{
    return du_now(dua->ctx) + apr_time_from_sec(DUA_TOKEN_SECONDS);
}

const char *dua_guard_token(dua_t *dua, const char *page)
{
    return dua->store && read_secret(dua) == APR_SUCCESS
               ? du_token_make(dua->pool, dua->secret, dua->actor.name, page, dua_guard_expiry(dua))
               : NULL;
}

int dua_guard_is_token(dua_t *dua, const char *page, const char *token)
{
    return read_secret(dua) == APR_SUCCESS &&
           du_token_judge(dua->pool, dua->secret, dua->actor.name, page, token, du_now(dua->ctx)) == DU_TOKEN_GOOD;
}

/*
 * The record
 */

void dua_guard_record(dua_t *dua)
{
    du_failure_t failure = dua->ctx->failure;
    apr_status_t status = APR_SUCCESS;
    du_actor_t actor;

    if (!dua->store || !dua->actor.name || !du_account_is_one(dua->actor.name)) {
        return;
    }
    if (!dua->grant) {
        status = find_grant(dua);
    }
    actor = dua->actor;
    actor.role = dua->grant ? dua->actor.role : "none"; /* "" would be the command line */
    actor.note = failure.message;
    if (status == APR_SUCCESS || status == DU_E_NOT_FOUND) {
        status = du_store_refused(dua->ctx, dua->store, apr_pstrcat(dua->pool, "page ", dua->page->name, NULL),
                                  failure.id, &actor);
    }
    if (status != APR_SUCCESS && status != DU_E_NOTHING) {
        du_report(dua->ctx, DU_LOG_WARNING);
    }
    dua->ctx->failure = failure;
}
