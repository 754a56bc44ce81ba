#include "dua_guard.h"

#include <string.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include "du_store_role.h"
#include "du_text.h"
#include "du_token.h"

/*
 * Without the store
 */

static apr_status_t check_method(dua_t *dua)
{
    const char *method = dua->env.method;

    if (du_text_equal(method, "GET") || du_text_equal(method, "HEAD") ||
        (du_text_equal(method, "POST") && dua->page->change)) {
        return APR_SUCCESS;
    }
    dua_response_header(&dua->response, "Allow", dua->page->change ? "GET, HEAD, POST" : "GET, HEAD");
    return du_fail(dua->ctx, DU_E_METHOD, DUNO(0866), "this page has no method %s",
                   du_text_for_log(dua->pool, method));
}

static apr_status_t check_length(dua_t *dua)
{
    apr_off_t length = dua_env_length(&dua->env);

    if (!du_text_equal(dua->env.method, "POST") || dua->page->reads_body) {
        return APR_SUCCESS;
    }
    if (length < 0) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0867), "a change says how long it is (Content-Length)");
    }
    return length <= DUA_FORM_BODY_MAX
               ? APR_SUCCESS
               : du_fail(dua->ctx, DU_E_TOO_LARGE, DUNO(0868), "the request has more than %d bytes", DUA_FORM_BODY_MAX);
}

static const char *host_name(apr_pool_t *pool)
{
    char *name = apr_pcalloc(pool, APRMAXHOSTLEN + 1);

    return apr_gethostname(name, APRMAXHOSTLEN, pool) == APR_SUCCESS && *name ? name : "localhost";
}

apr_status_t dua_guard_request(dua_t *dua)
{
    if (dua->env.path_info) {
        return du_fail(dua->ctx, DU_E_NOT_FOUND, DUNO(0869), "there is no such page");
    }
    if (!dua->env.user) {
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0878), "nobody has signed in: httpd has to ask for it here");
    }
    dua->actor.name = dua->env.user;
    dua->actor.node = dua->env.node ? dua->env.node : host_name(dua->pool);
    return check_method(dua) == APR_SUCCESS ? check_length(dua) : DU_E_METHOD;
}

/*
 * The role
 */

apr_status_t dua_guard_role(dua_t *dua)
{
    du_grant_t *grant;
    apr_status_t status = du_store_role(dua->ctx, dua->store, dua->actor.name, dua->pool, &grant);

    if (status == DU_E_NOT_FOUND) {
        dua->ctx->failure = (du_failure_t){0};
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0879), "%s has no role here: an administrator gives one",
                       du_text_for_log(dua->pool, dua->actor.name));
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    dua->grant = grant;
    dua->actor.role = du_role_name(grant->role);
    return dua_may_somewhere(dua, dua->page->right)
               ? APR_SUCCESS
               : du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0885), "the role %s does not see this page",
                         dua->actor.role);
}

/*
 * Where a change comes from
 */

/* The host and port of an URL are those that the client asked us by. A proxy in front passes them on (ProxyPreserveHost). */
static int is_own(const dua_t *dua, const char *url)
{
    apr_uri_t uri;

    return apr_uri_parse(dua->pool, url, &uri) == APR_SUCCESS && uri.hostinfo && du_text_same(uri.hostinfo, dua->env.host);
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

static apr_status_t secret_of(dua_t *dua, const char **secret)
{
    return du_store_secret(dua->ctx, dua->store, dua->pool, secret);
}

apr_status_t dua_guard_post(dua_t *dua)
{
    const char *given = dua->env.token ? dua->env.token : dua_value(dua, "token"), *secret;
    apr_status_t status;

    if (!is_same_origin(dua)) {
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0886), "the request comes from another place than this page");
    }
    status = secret_of(dua, &secret);
    if (status != APR_SUCCESS) {
        return status;
    }
    switch (du_token_judge(dua->pool, secret, dua->actor.name, dua->page->name, given, du_now(dua->ctx))) {
    case DU_TOKEN_GOOD:
        return APR_SUCCESS;
    case DU_TOKEN_EXPIRED:
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0887), "the page is too old: load it again, then repeat the change");
    default:
        return du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0888), "the request has no valid token, nothing was changed");
    }
}

const char *dua_guard_token(dua_t *dua, const char *page)
{
    const char *secret;

    return dua->store && secret_of(dua, &secret) == APR_SUCCESS
               ? du_token_make(dua->pool, secret, dua->actor.name, page,
                               du_now(dua->ctx) + apr_time_from_sec(DUA_TOKEN_SECONDS))
               : NULL;
}

int dua_guard_is_token(dua_t *dua, const char *page, const char *token)
{
    const char *secret;

    return secret_of(dua, &secret) == APR_SUCCESS &&
           du_token_judge(dua->pool, secret, dua->actor.name, page, token, du_now(dua->ctx)) == DU_TOKEN_GOOD;
}
