/*
 * Token: for scripts, which have no form to take one from. Always JSON.
 */
#include <string.h>

#include "du_text.h"
#include "dua.h"
#include "dua_guard.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz_" /* of the name of a page */

static apr_status_t show(dua_t *dua)
{
    const char *page = dua_value(dua, "page"), *token;

    dua->wants_json = 1;
    if (!page || page[strspn(page, LETTERS)]) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0889),
                       "page is the name of the page that the token is for, as it stands in its URL, not \"%s\"",
                       du_text_for_log(dua->pool, page));
    }
    token = dua_guard_token(dua, page);
    if (!token) {
        return DU_E_STORE;
    }
    dua_set_text(dua->pool, dua->data, "token", token);
    dua_set_time(dua->pool, dua->data, "expires", dua_guard_expiry(dua));
    return APR_SUCCESS;
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"page", NULL};
    static const dua_page_t page = {.name = "token", .parameters = parameters, .right = DU_RIGHT_VIEW, .show = show};

    return dua_main(argc, argv, &page);
}
