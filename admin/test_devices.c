/*
 * Test devices: the phones that are offered pending versions (administration.md 1.7, 2.3).
 */
#include <string.h>

#include <apr_strings.h>

#include "admin/templates/test_devices.h"
#include "du_text.h"
#include "dua.h"
#include "dua_place.h"

/* What the page reads from the store. */
typedef struct lists_t {
    apr_array_header_t *sites;   /* of du_site_t */
    apr_array_header_t *devices; /* of du_test_device_t */
} lists_t;

static apr_status_t read_lists(dua_t *dua, lists_t *lists)
{
    apr_status_t status = du_store_sites(dua->ctx, dua->store, dua->pool, &lists->sites);

    return status == APR_SUCCESS ? du_store_test_devices(dua->ctx, dua->store, dua->pool, &lists->devices) : status;
}

/*
 * What was chosen: SCOPE/NAME@IDENTIFIER, as the page shows it. A name has no slash, an identifier no @.
 */

static const char *choice_of(apr_pool_t *pool, const du_test_device_t *device)
{
    return apr_pstrcat(pool, dua_place_identity(pool, device->site, device->name), "@", device->identifier, NULL);
}

static apr_status_t read_choice(dua_t *dua, const char *text, du_test_device_t *device)
{
    char *scope = apr_pstrdup(dua->pool, text), *slash = strchr(scope, '/'), *at = strrchr(scope, '@');

    if (!slash || !at || at < slash) {
        return du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0738),
                       "a test device is chosen as SCOPE/NAME@IDENTIFIER, not \"%s\"",
                       du_text_for_log(dua->pool, text));
    }
    *slash = *at = '\0';
    device->name = slash + 1;
    device->identifier = at + 1;
    return dua_place_scope(dua->ctx, scope, &device->site);
}

/* Array of du_test_device_t, each of which the person may remove. */
static apr_status_t read_choices(dua_t *dua, apr_array_header_t **chosen)
{
    apr_array_header_t *texts = dua_form_values(dua->form, "device", dua->pool);
    apr_status_t status = APR_SUCCESS;

    *chosen = apr_array_make(dua->pool, texts->nelts, sizeof(du_test_device_t));
    for (int i = 0; i < texts->nelts && status == APR_SUCCESS; i++) {
        du_test_device_t *device = apr_array_push(*chosen);

        status = read_choice(dua, APR_ARRAY_IDX(texts, i, const char *), device);
        if (status == APR_SUCCESS) {
            status = dua_must(dua, DU_RIGHT_TEST_DEVICE, device->site);
        }
    }
    return status == APR_SUCCESS && !texts->nelts
               ? du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0739), "no test device was chosen")
               : status;
}

/* All of one scope as if they had been chosen. */
static apr_status_t choose_scope(dua_t *dua, const lists_t *lists, apr_array_header_t **chosen)
{
    const char *site;
    apr_status_t status = dua_place_scope(dua->ctx, dua_value(dua, "show"), &site);

    *chosen = apr_array_make(dua->pool, 8, sizeof(du_test_device_t));
    if (status == APR_SUCCESS) {
        status = dua_must(dua, DU_RIGHT_TEST_DEVICE, site);
    }
    for (int i = 0; i < lists->devices->nelts && status == APR_SUCCESS; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(lists->devices, i, du_test_device_t);

        if (du_text_same(device->site, site)) {
            APR_ARRAY_PUSH(*chosen, du_test_device_t) = *device;
        }
    }
    return status;
}

/*
 * Showing
 */

/* How many test devices each phone is: by kind and identifier. */
static apr_hash_t *count_phones(dua_t *dua, const lists_t *lists)
{
    apr_hash_t *counts = apr_hash_make(dua->pool);

    for (int i = 0; i < lists->devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(lists->devices, i, du_test_device_t);
        const char *phone = apr_pstrcat(dua->pool, dua_place_kind(device->kind), device->identifier, NULL);
        int *count = apr_hash_get(counts, phone, APR_HASH_KEY_STRING);

        if (!count) {
            count = apr_pcalloc(dua->pool, sizeof(*count));
            apr_hash_set(counts, phone, APR_HASH_KEY_STRING, count);
        }
        ++*count;
    }
    return counts;
}

static json_t *json_row(dua_t *dua, const du_test_device_t *device, apr_hash_t *counts)
{
    const char *phone = apr_pstrcat(dua->pool, dua_place_kind(device->kind), device->identifier, NULL);
    const int *count = apr_hash_get(counts, phone, APR_HASH_KEY_STRING);
    json_t *row = dua_json_test_device(dua->pool, device);

    dua_set_text(dua->pool, row, "choice", choice_of(dua->pool, device));
    dua_set_text(dua->pool, row, "phone_href",
                 apr_pstrcat(dua->pool, "devices?q=", dua_form_escape(dua->pool, device->shown), NULL));
    dua_set_flag(row, "listed_twice", count && *count > 1);
    dua_set_flag(row, "may_change", dua_may(dua, DU_RIGHT_TEST_DEVICE, device->site));
    return row;
}

/* The scope "" is none, which is all. */
static void add_rows(dua_t *dua, const lists_t *lists, const char *scope)
{
    json_t *rows = json_array();
    apr_hash_t *counts = count_phones(dua, lists);

    for (int i = 0; i < lists->devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(lists->devices, i, du_test_device_t);

        if (!*scope || du_text_same(scope, du_store_scope(dua->pool, device->site))) {
            json_array_append_new(rows, json_row(dua, device, counts));
        }
    }
    json_object_set_new(dua->data, "test_devices", rows);
}

static void add_scope(dua_t *dua, json_t *scopes, const char *site, const char *chosen)
{
    json_t *object = json_object();
    const char *scope = du_store_scope(dua->pool, site);

    dua_set_text(dua->pool, object, "scope", scope);
    dua_set_flag(object, "is_chosen", du_text_same(scope, chosen));
    json_array_append_new(scopes, object);
}

/* All scopes, and those that the person may change. */
static void add_scopes(dua_t *dua, const lists_t *lists, const char *shown)
{
    json_t *scopes = json_array(), *own = json_array();

    for (int i = -1; i < lists->sites->nelts; i++) {
        const char *site = i < 0 ? "" : APR_ARRAY_IDX(lists->sites, i, du_site_t).name;

        add_scope(dua, scopes, site, shown);
        if (dua_may(dua, DU_RIGHT_TEST_DEVICE, site)) {
            add_scope(dua, own, site, dua_value(dua, "scope"));
        }
    }
    json_object_set_new(dua->data, "scopes", scopes);
    json_object_set_new(dua->data, "own_scopes", own);
}

/* What stands in the form: after a refusal, what was sent. */
static void add_form(dua_t *dua)
{
    json_t *form = json_object();

    dua_set_text(dua->pool, form, "name", dua_value(dua, "name"));
    dua_set_text(dua->pool, form, "identifier", dua_value(dua, "identifier"));
    dua_set_flag(form, "is_serial", du_text_equal(dua_value(dua, "kind"), dua_place_kind(DU_TEST_SERIAL)));
    json_object_set_new(dua->data, "form", form);
}

static apr_status_t show_list(dua_t *dua, const lists_t *lists)
{
    const char *shown = du_text_or_empty(dua_value(dua, "show")), *site = NULL;
    apr_status_t status = *shown ? dua_place_scope(dua->ctx, shown, &site) : APR_SUCCESS;

    if (status == APR_SUCCESS) {
        dua_set_text(dua->pool, dua->data, "view", "list");
        dua_set_flag(dua->data, "may_empty", site && dua_may(dua, DU_RIGHT_TEST_DEVICE, site));
        add_rows(dua, lists, shown);
        add_scopes(dua, lists, shown);
        add_form(dua);
    }
    return status;
}

/* The chosen ones as the store has them now; those that are gone are not among them. */
static apr_status_t show_removal(dua_t *dua, const lists_t *lists, const apr_array_header_t *chosen)
{
    apr_hash_t *counts = count_phones(dua, lists), *wanted = apr_hash_make(dua->pool);
    json_t *rows = json_array();

    for (int i = 0; i < chosen->nelts; i++) {
        const char *choice = choice_of(dua->pool, &APR_ARRAY_IDX(chosen, i, du_test_device_t));

        apr_hash_set(wanted, du_text_fold(dua->pool, choice), APR_HASH_KEY_STRING, choice);
    }
    for (int i = 0; i < lists->devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(lists->devices, i, du_test_device_t);

        if (apr_hash_get(wanted, du_text_fold(dua->pool, choice_of(dua->pool, device)), APR_HASH_KEY_STRING)) {
            json_array_append_new(rows, json_row(dua, device, counts));
        }
    }
    dua_set_text(dua->pool, dua->data, "view", "remove");
    dua_set_number(dua->data, "gone", (apr_int64_t)apr_hash_count(wanted) - (apr_int64_t)json_array_size(rows));
    json_object_set_new(dua->data, "test_devices", rows);
    return APR_SUCCESS;
}

static apr_status_t show(dua_t *dua)
{
    const char *confirm = dua_value(dua, "confirm");
    int is_whole_scope = du_text_equal(confirm, "empty");
    apr_array_header_t *chosen;
    lists_t lists;
    apr_status_t status = read_lists(dua, &lists);

    if (status != APR_SUCCESS || !confirm) {
        return status == APR_SUCCESS ? show_list(dua, &lists) : status;
    }
    status = is_whole_scope ? choose_scope(dua, &lists, &chosen) : read_choices(dua, &chosen);
    return status == APR_SUCCESS ? show_removal(dua, &lists, chosen) : status;
}

/*
 * Changing
 */

static apr_status_t read_device(dua_t *dua, du_test_device_t *device)
{
    int is_serial = du_text_equal(dua_value(dua, "kind"), dua_place_kind(DU_TEST_SERIAL));
    apr_status_t status;

    device->name = du_text_or_empty(dua_value(dua, "name"));
    device->kind = is_serial ? DU_TEST_SERIAL : DU_TEST_MAC;
    status = dua_place_name(dua->ctx, "test device", device->name);
    return status == APR_SUCCESS
               ? dua_place_identifier(dua->ctx, du_text_or_empty(dua_value(dua, "identifier")), device)
               : status;
}

static apr_status_t add(dua_t *dua)
{
    du_test_device_t device;
    apr_status_t status = dua_place_scope(dua->ctx, dua_value(dua, "scope"), &device.site);

    if (status == APR_SUCCESS) {
        status = dua_must(dua, DU_RIGHT_TEST_DEVICE, device.site);
    }
    if (status == APR_SUCCESS) {
        status = read_device(dua, &device);
    }
    if (status == APR_SUCCESS) {
        status = du_store_test_device_add(dua->ctx, dua->store, &device, &dua->actor);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    json_object_set_new(dua->data, "test_device", dua_json_test_device(dua->pool, &device));
    return dua_done(dua, "test_devices.added", 1, "test_devices");
}

static apr_status_t remove_chosen(dua_t *dua)
{
    apr_array_header_t *chosen;
    apr_status_t status = read_choices(dua, &chosen);

    if (status == APR_SUCCESS) {
        status = du_store_test_devices_remove(dua->ctx, dua->store, chosen, &dua->actor);
    }
    return status == APR_SUCCESS ? dua_done(dua, "test_devices.removed", chosen->nelts, "test_devices") : status;
}

static apr_status_t change(dua_t *dua)
{
    const char *action = dua_value(dua, "action");

    if (du_text_equal(action, "add")) {
        return add(dua);
    }
    return du_text_equal(action, "remove") ? remove_chosen(dua) : dua_no_action(dua);
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"show", "confirm", "device",     "action", "scope",
                                             "name", "kind",    "identifier", NULL};
    static const dua_page_t page = {.name = "test_devices",
                                    .tmpl = HTML_test_devices,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = change};

    return dua_main(argc, argv, &page);
}
