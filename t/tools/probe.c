/*
 * A page for the tests of the guard: whoever has the right it is told does what it is told, at the site it is told.
 */
#include "du_access.h"
#include "du_text.h"
#include "dua.h"

static const char tmpl[] = "<div xmlns:du=\"urn:devupdate:template\"><form method=\"post\" action=\"probe\">"
                           "<input type=\"hidden\" name=\"token\" du:attr=\"value=frame.token\"/></form></div>";

static apr_status_t show(dua_t *dua)
{
    dua_set_flag(dua->data, "probe", 1);
    return APR_SUCCESS;
}

static du_right_e wanted(const dua_t *dua)
{
    int right = 0;

    while (right < DU_RIGHTS - 1 && !du_text_equal(du_right_name((du_right_e)right), dua_value(dua, "right"))) {
        right++;
    }
    return (du_right_e)right;
}

/* Adds a test device: something that can be seen in the store. */
static apr_status_t change(dua_t *dua)
{
    const char *site = du_text_or_empty(dua_value(dua, "site"));
    du_test_device_t device = {.site = site, .name = dua_value(dua, "name"), .kind = DU_TEST_SERIAL,
                               .identifier = "1", .shown = "1"};
    apr_status_t status = dua_must(dua, wanted(dua), site);

    if (status == APR_SUCCESS) {
        status = du_store_test_device_add(dua->ctx, dua->store, &device, &dua->actor);
    }
    return status == APR_SUCCESS ? dua_done(dua, "added", 1, "probe") : status;
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"right", "site", "name", "look", NULL};
    static const char *const changing[] = {"right", "site", "name", NULL};
    static const dua_page_t page = {.name = "probe", .tmpl = tmpl, .parameters = parameters, .right = DU_RIGHT_VIEW,
                                    .show = show, .change = change, .changing = changing};

    return dua_main(argc, argv, &page);
}
