#include "dua.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "du_text.h"

#define LINK_NAMES 24 /* parameters that a link sets or leaves out */

int dua_is_post(const dua_t *dua)
{
    return du_text_equal(dua->env.method, "POST");
}

int dua_may(const dua_t *dua, du_right_e right, const char *site)
{
    return du_access_may(dua->grant, right, site, dua->operators_approve);
}

int dua_may_somewhere(const dua_t *dua, du_right_e right)
{
    return du_access_may_somewhere(dua->grant, right, dua->operators_approve);
}

apr_status_t dua_must(dua_t *dua, du_right_e right, const char *site)
{
    return dua_may(dua, right, site) ? APR_SUCCESS
                                     : du_fail(dua->ctx, DU_E_FORBIDDEN, DUNO(0863),
                                               "the role of %s does not allow this, nothing was changed",
                                               du_text_for_log(dua->pool, dua->actor.name));
}

apr_status_t dua_must_be_as_shown(dua_t *dua, const char *what, const char *mark)
{
    const char *shown = dua_value(dua, "shown");

    return !shown || du_text_equal(shown, mark)
               ? APR_SUCCESS
               : du_fail(dua->ctx, DU_E_CONFLICT, DUNO(0736),
                         "%s was changed since it was shown; this is how it is now, nothing was changed",
                         du_text_for_log(dua->pool, what));
}

apr_status_t dua_no_action(dua_t *dua)
{
    return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0737), "this page has no action \"%s\"",
                   du_text_for_log(dua->pool, dua_value(dua, "action")));
}

const char *dua_value(const dua_t *dua, const char *name)
{
    return dua_form_value(dua->form, name);
}

apr_status_t dua_done(dua_t *dua, const char *key, apr_int64_t count, const char *location)
{
    dua->done = key;
    dua->count = count;
    dua->location = location;
    return APR_SUCCESS;
}

/* A link is a GET: what only a change has is not in it. */
const char *dua_link(const dua_t *dua, ...)
{
    const char *names[LINK_NAMES + 1] = {"token", "note", "done", "language"}, *name, *query, *added = "";
    int n = 4;
    va_list pairs;

    for (const char *const *changing = dua->page->changing; changing && *changing && n < LINK_NAMES; changing++) {
        names[n++] = *changing;
    }
    va_start(pairs, dua);
    while ((name = va_arg(pairs, const char *)) && n < LINK_NAMES) {
        const char *value = va_arg(pairs, const char *);

        names[n++] = name;
        if (value) {
            added =
                apr_pstrcat(dua->pool, added, *added ? "&" : "", name, "=", dua_form_escape(dua->pool, value), NULL);
        }
    }
    va_end(pairs);
    query = dua_form_query(dua->form, names, dua->pool);
    return apr_pstrcat(dua->pool, dua->page->name, *query || *added ? "?" : "", query, *query && *added ? "&" : "",
                       added, NULL);
}

/* Without what RFC 8187 does not want in a header: a space is %20 there. */
static const char *header_text(apr_pool_t *pool, const char *text)
{
    const char *out = dua_form_escape(pool, text), *plus;

    while ((plus = strchr(out, '+'))) {
        out = apr_pstrcat(pool, apr_pstrndup(pool, out, (apr_size_t)(plus - out)), "%20", plus + 1, NULL);
    }
    return out;
}

apr_status_t dua_download(dua_t *dua, const char *type, const char *filename)
{
    dua->response.type = type;
    dua_response_header(
        &dua->response, "Content-Disposition",
        apr_pstrcat(dua->pool, "attachment; filename*=UTF-8''", header_text(dua->pool, filename), NULL));
    return dua_response_begin(&dua->response);
}
