#include "ctl.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "du_subnet.h"
#include "du_text.h"
#include "dua_place.h"

/* What cannot be is a command used in the wrong way. */
static apr_status_t as_usage(apr_status_t status)
{
    return status == DU_E_MALFORMED ? CTL_E_USAGE : status;
}

static apr_status_t check_name(ctl_t *ctl, const char *what)
{
    return as_usage(dua_place_name(ctl->ctx, what, ctl->argv[0]));
}

/*
 * Sites
 */

/* The site that the operands describe; a subnet that is given twice is there once. */
static apr_status_t read_site(ctl_t *ctl, du_site_t *site)
{
    apr_status_t status = APR_SUCCESS;

    site->name = ctl->argv[0];
    site->subnets = apr_array_make(ctl->pool, ctl->argc, sizeof(du_subnet_t));
    for (int i = 1; i < ctl->argc && status == APR_SUCCESS; i++) {
        status = dua_place_subnet(ctl->ctx, ctl->argv[i], site);
    }
    return as_usage(status);
}

apr_status_t ctl_site_add_check(ctl_t *ctl)
{
    du_site_t site;
    apr_status_t status = check_name(ctl, "site");

    return status == APR_SUCCESS ? read_site(ctl, &site) : status;
}

/* 10.1.2.3/16 may be a slip of the pen for 10.1.2.0/24. */
static void tell_host_bits(ctl_t *ctl, const char *text)
{
    du_subnet_t subnet;
    du_address_t address;

    du_subnet_parse(ctl->pool, text, &subnet);
    du_address_parse(apr_pstrmemdup(ctl->pool, text, strcspn(text, "/")), &address);
    if (memcmp(&address, &subnet.address, sizeof(address)) != 0) {
        du_log(ctl->ctx, DU_LOG_NOTICE, DUNO(0872), "%s is an address in a subnet; the subnet is %s", text,
               du_subnet_text(ctl->pool, &subnet));
    }
}

/* What was done to a site, in JSON's word and in one for people. */
static void print_site(ctl_t *ctl, const du_site_t *site, const char *result, const char *sentence)
{
    json_t *document = ctl_json_result(result);

    json_object_set_new(document, "site", dua_json_site(ctl->pool, site));
    ctl_result_print(ctl,
                     apr_psprintf(ctl->pool, "%s %s: %s", sentence, site->name, dua_place_subnets(ctl->pool, site)),
                     document);
    for (int i = 1; i < ctl->argc; i++) {
        tell_host_bits(ctl, ctl->argv[i]);
    }
}

apr_status_t ctl_site_add(ctl_t *ctl)
{
    du_site_t site;
    apr_status_t status = read_site(ctl, &site);

    if (status == APR_SUCCESS) {
        status = du_store_site_add(ctl->ctx, ctl->store, &site, &ctl->actor);
    }
    if (status == APR_SUCCESS) {
        print_site(ctl, &site, "added", "Added site");
    }
    return status;
}

apr_status_t ctl_site_set(ctl_t *ctl)
{
    du_site_t site;
    apr_status_t status = read_site(ctl, &site);

    if (status == APR_SUCCESS) {
        status = du_store_site_set(ctl->ctx, ctl->store, &site, &ctl->actor);
    }
    if (status == APR_SUCCESS) {
        print_site(ctl, &site, "changed", "Replaced the subnets of site");
    } else if (status == DU_E_NOTHING) {
        print_site(ctl, &site, "nothing", "Nothing to do: these are the subnets of site");
        status = APR_SUCCESS;
    }
    return status;
}

static void print_sites(ctl_t *ctl, const apr_array_header_t *sites)
{
    static const char *const titles[] = {"SITE", "SUBNETS"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 2, titles);

    for (int i = 0; i < sites->nelts; i++) {
        const du_site_t *site = &APR_ARRAY_IDX(sites, i, du_site_t);
        const char *cells[] = {site->name, dua_place_subnets(ctl->pool, site)};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

apr_status_t ctl_site_list(ctl_t *ctl)
{
    apr_array_header_t *sites;
    json_t *array;
    apr_status_t status = du_store_sites(ctl->ctx, ctl->store, ctl->pool, &sites);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (!ctl->option[CTL_OPT_JSON]) {
        if (sites->nelts) {
            print_sites(ctl, sites);
        } else {
            printf("No sites.\n");
        }
        return APR_SUCCESS;
    }
    array = json_array();
    for (int i = 0; i < sites->nelts; i++) {
        json_array_append_new(array, dua_json_site(ctl->pool, &APR_ARRAY_IDX(sites, i, du_site_t)));
    }
    ctl_json_print(array);
    return APR_SUCCESS;
}

apr_status_t ctl_site_remove(ctl_t *ctl)
{
    const char *name = ctl->argv[0];
    json_t *document;
    apr_status_t status = du_store_site_remove(ctl->ctx, ctl->store, name, &ctl->actor);

    if (status != APR_SUCCESS) {
        return status;
    }
    document = ctl_json_result("removed");
    json_object_set_new(document, "site", dua_json_text(ctl->pool, name));
    ctl_result_print(
        ctl,
        apr_pstrcat(ctl->pool, "Removed site ", name, " with its subnets, test devices, settings and roles", NULL),
        document);
    return APR_SUCCESS;
}

/*
 * Test devices
 */

/* The test device that operand and options describe (administration.md 1.7). */
static apr_status_t read_device(ctl_t *ctl, du_test_device_t *device)
{
    const char *mac = ctl->option[CTL_OPT_MAC], *serial = ctl->option[CTL_OPT_SERIAL];
    apr_status_t status;

    if ((mac != NULL) == (serial != NULL)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0874), "a test device has either --mac or --serial");
    }
    device->name = ctl->argv[0];
    device->kind = mac ? DU_TEST_MAC : DU_TEST_SERIAL;
    status = as_usage(dua_place_identifier(ctl->ctx, mac ? mac : serial, device));
    if (status != APR_SUCCESS) {
        return status;
    }
    return ctl_scope_read(ctl, &device->site);
}

apr_status_t ctl_test_device_add_check(ctl_t *ctl)
{
    du_test_device_t device;
    apr_status_t status = check_name(ctl, "test device");

    return status == APR_SUCCESS ? read_device(ctl, &device) : status;
}

/* The same phone under two names: removing one of them would not have the effect one expects. */
static void warn_of_others(ctl_t *ctl, const du_test_device_t *device, const apr_array_header_t *others)
{
    for (int i = 0; i < others->nelts; i++) {
        const du_test_device_t *other = &APR_ARRAY_IDX(others, i, du_test_device_t);

        if (other->kind == device->kind && du_text_equal(other->identifier, device->identifier)) {
            du_log(ctl->ctx, DU_LOG_WARNING, DUNO(0876), "the %s %s is listed as %s, too",
                   dua_place_kind_name(device->kind), device->shown,
                   du_text_for_log(ctl->pool, dua_place_identity(ctl->pool, other->site, other->name)));
        }
    }
}

apr_status_t ctl_test_device_add(ctl_t *ctl)
{
    du_test_device_t device;
    apr_array_header_t *others;
    json_t *document;
    apr_status_t status = read_device(ctl, &device);

    if (status == APR_SUCCESS) {
        status = du_store_test_devices(ctl->ctx, ctl->store, ctl->pool, &others);
    }
    if (status == APR_SUCCESS) {
        status = du_store_test_device_add(ctl->ctx, ctl->store, &device, &ctl->actor);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    document = ctl_json_result("added");
    json_object_set_new(document, "test_device", dua_json_test_device(ctl->pool, &device));
    ctl_result_print(ctl,
                     apr_psprintf(ctl->pool, "Added test device %s: %s %s",
                                  dua_place_identity(ctl->pool, device.site, device.name),
                                  dua_place_kind_name(device.kind), device.shown),
                     document);
    warn_of_others(ctl, &device, others);
    return APR_SUCCESS;
}

/* Leaves those of the scope that was asked for; all, if none was. */
static apr_status_t select_devices(ctl_t *ctl, apr_array_header_t *devices)
{
    const char *site;
    apr_status_t status = ctl_scope_read(ctl, &site);
    int kept = 0;

    if (status != APR_SUCCESS || !ctl->option[CTL_OPT_SCOPE]) {
        return status;
    }
    for (int i = 0; i < devices->nelts; i++) {
        const du_test_device_t device = APR_ARRAY_IDX(devices, i, du_test_device_t);

        if (du_text_same(device.site, site)) {
            APR_ARRAY_IDX(devices, kept++, du_test_device_t) = device;
        }
    }
    devices->nelts = kept;
    return APR_SUCCESS;
}

static void print_devices(ctl_t *ctl, const apr_array_header_t *devices)
{
    static const char *const titles[] = {"SCOPE", "NAME", "TYPE", "IDENTIFIER"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 4, titles);

    for (int i = 0; i < devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(devices, i, du_test_device_t);
        const char *cells[] = {du_store_scope(ctl->pool, device->site), device->name,
                               dua_place_kind_name(device->kind), device->shown};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

apr_status_t ctl_test_device_list_check(ctl_t *ctl)
{
    const char *site;

    return ctl_scope_read(ctl, &site);
}

apr_status_t ctl_test_device_list(ctl_t *ctl)
{
    apr_array_header_t *devices;
    json_t *array;
    apr_status_t status = du_store_test_devices(ctl->ctx, ctl->store, ctl->pool, &devices);

    if (status == APR_SUCCESS) {
        status = select_devices(ctl, devices);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (!ctl->option[CTL_OPT_JSON]) {
        if (devices->nelts) {
            print_devices(ctl, devices);
        } else {
            printf("No test devices.\n");
        }
        return APR_SUCCESS;
    }
    array = json_array();
    for (int i = 0; i < devices->nelts; i++) {
        json_array_append_new(array, dua_json_test_device(ctl->pool, &APR_ARRAY_IDX(devices, i, du_test_device_t)));
    }
    ctl_json_print(array);
    return APR_SUCCESS;
}

/* A whole scope is emptied only if both words say so. */
apr_status_t ctl_test_device_remove_check(ctl_t *ctl)
{
    const char *site;
    int all = ctl->option[CTL_OPT_ALL] != NULL;

    if (all == (ctl->argc > 0) || (all && !ctl->option[CTL_OPT_SCOPE])) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0877),
                       "test-device remove needs a name, or --all together with --scope");
    }
    return ctl_scope_read(ctl, &site);
}

static const char *removed_text(apr_pool_t *pool, const char *site, const char *name, apr_status_t status)
{
    if (name) {
        return apr_pstrcat(pool, "Removed test device ", dua_place_identity(pool, site, name), NULL);
    }
    return apr_pstrcat(pool, status == APR_SUCCESS ? "Removed" : "Nothing to do: there are no",
                       " test devices of scope ", du_store_scope(pool, site), NULL);
}

apr_status_t ctl_test_device_remove(ctl_t *ctl)
{
    const char *site, *name = ctl->argc ? ctl->argv[0] : NULL;
    json_t *document;
    apr_status_t status = ctl_scope_read(ctl, &site);

    if (status == APR_SUCCESS) {
        status = du_store_test_device_remove(ctl->ctx, ctl->store, site, name, &ctl->actor);
    }
    if (status != APR_SUCCESS && status != DU_E_NOTHING) {
        return status;
    }
    document = ctl_json_result(status == APR_SUCCESS ? "removed" : "nothing");
    json_object_set_new(document, "scope", dua_json_text(ctl->pool, du_store_scope(ctl->pool, site)));
    json_object_set_new(document, "name", name ? dua_json_text(ctl->pool, name) : json_null());
    ctl_result_print(ctl, removed_text(ctl->pool, site, name, status), document);
    return APR_SUCCESS;
}
