#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "ctl_device.h"
#include "du_hold.h"
#include "du_text.h"
#include "dua_phone.h"

/*
 * Holding one
 */

/* The only phone of that name. */
static apr_status_t find_one(ctl_t *ctl, const char *name, const du_phone_t **phone)
{
    apr_array_header_t *phones;
    apr_status_t status = ctl_device_find(ctl, name, &phones);

    if (status == APR_SUCCESS && phones->nelts > 1) {
        return du_fail(ctl->ctx, DU_E_CONFLICT, DUNO(0978),
                       "%d phones have the serial number \"%s\"; their MAC addresses tell them apart", phones->nelts,
                       du_text_for_log(ctl->pool, name));
    }
    *phone = status == APR_SUCCESS ? (const du_phone_t *)phones->elts : NULL;
    return status;
}

static void print_result(ctl_t *ctl, const char *result, const char *sentence, int phones)
{
    json_t *document = ctl_json_result(result);

    json_object_set_new(document, "phones", json_integer(phones));
    ctl_result_print(ctl, sentence, document);
}

apr_status_t ctl_device_hold(ctl_t *ctl)
{
    const char *version = ctl->option[CTL_OPT_HELD] ? ctl->option[CTL_OPT_HELD] : DU_HELD_ALL;
    const du_phone_t *phone;
    apr_status_t status = find_one(ctl, ctl->argv[0], &phone);

    if (status == APR_SUCCESS) {
        status = du_hold(ctl->ctx, ctl->store, phone->id, version, &ctl->actor);
    }
    if (status == APR_SUCCESS) {
        print_result(ctl, "held",
                     apr_psprintf(ctl->pool, "%s is held: it is not offered %s any more", du_phone_name(phone),
                                  strcmp(version, DU_HELD_ALL) == 0 ? "anything" : ctl_text(ctl->pool, version)),
                     1);
    }
    return status;
}

/*
 * Those that are held
 */

static void print_phones(ctl_t *ctl, const apr_array_header_t *phones)
{
    static const char *const titles[] = {"PHONE", "BRAND", "MODEL", "REV", "LOCALE", "VERSION", "SITE", "HELD"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 8, titles);

    for (int i = 0; i < phones->nelts; i++) {
        const du_phone_t *phone = &APR_ARRAY_IDX(phones, i, du_phone_t);
        const char *cells[] = {du_phone_name(phone), phone->key.brand, phone->key.model, phone->key.revision,
                               phone->key.locale,    phone->version,   phone->site,      phone->held};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

/* Up to DU_RELEASE_MAX of those that the options describe, behind `after`. */
static apr_status_t find_held(ctl_t *ctl, const du_phone_t *after, apr_array_header_t **phones)
{
    du_inventory_filter_t filter;
    du_inventory_view_t view;
    apr_status_t status = ctl_device_filter(ctl, &filter);

    if (status == APR_SUCCESS) {
        status = du_inventory_view(ctl->ctx, ctl->store, &view);
    }
    return status == APR_SUCCESS ? du_held_phones(ctl->ctx, ctl->store, &view, &filter, ctl->option[CTL_OPT_HELD],
                                                  after, DU_RELEASE_MAX, ctl->pool, phones)
                                 : status;
}

apr_status_t ctl_device_held(ctl_t *ctl)
{
    apr_array_header_t *phones;
    json_t *array;
    apr_status_t status = find_held(ctl, NULL, &phones);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        array = json_array();
        for (int i = 0; i < phones->nelts; i++) {
            json_array_append_new(array, dua_json_phone(ctl->pool, &APR_ARRAY_IDX(phones, i, du_phone_t)));
        }
        ctl_json_print(array);
    } else if (phones->nelts == 0) {
        printf("No phone is held.\n");
    } else {
        print_phones(ctl, phones);
    }
    return APR_SUCCESS;
}

/*
 * Releasing
 */

apr_status_t ctl_device_release_check(ctl_t *ctl)
{
    static const ctl_option_e filters[] = {CTL_OPT_TYPE,   CTL_OPT_BRAND, CTL_OPT_MODEL, CTL_OPT_REVISION,
                                           CTL_OPT_LOCALE, CTL_OPT_HELD,  CTL_OPT_SITE,  CTL_OPT_PHONE_STATE};
    du_inventory_filter_t filter;
    int ways = (ctl->argc > 0) + (ctl->option[CTL_OPT_ALL] != NULL), narrowed = 0;

    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        narrowed |= ctl->option[filters[i]] != NULL;
    }
    return ways + narrowed != 1 ? du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0979), "name one phone, or filters, or --all")
                                : ctl_device_filter(ctl, &filter);
}

/* With `after`, those behind the ones that were found before. */
static apr_status_t choose(ctl_t *ctl, const du_phone_t *after, apr_array_header_t **phones)
{
    const du_phone_t *one;
    apr_status_t status;

    if (ctl->argc == 0) {
        return find_held(ctl, after, phones);
    }
    status = find_one(ctl, ctl->argv[0], &one);
    *phones = apr_array_make(ctl->pool, 1, sizeof(du_phone_t));
    if (status == APR_SUCCESS && *one->held) {
        APR_ARRAY_PUSH(*phones, du_phone_t) = *one;
    }
    return status;
}

static apr_status_t release(ctl_t *ctl, const apr_array_header_t *phones, int *released)
{
    apr_array_header_t *ids = apr_array_make(ctl->pool, phones->nelts + 1, sizeof(apr_int64_t));

    for (int i = 0; i < phones->nelts; i++) {
        APR_ARRAY_PUSH(ids, apr_int64_t) = APR_ARRAY_IDX(phones, i, du_phone_t).id;
    }
    return du_release(ctl->ctx, ctl->store, ids, &ctl->actor, released);
}

/* So many at once that the store's lock is not taken for long; each time is a change of its own. */
static apr_status_t release_all(ctl_t *ctl, int *released)
{
    apr_array_header_t *phones;
    apr_status_t status = choose(ctl, NULL, &phones);
    int some;

    *released = 0;
    while (status == APR_SUCCESS && (*released == 0 || phones->nelts > 0)) {
        status = release(ctl, phones, &some);
        *released += some;
        if (status != APR_SUCCESS || phones->nelts < DU_RELEASE_MAX) {
            break;
        }
        status = choose(ctl, NULL, &phones);
    }
    return status;
}

/* Only the first of many are shown. */
static apr_status_t count_all(ctl_t *ctl, int *count)
{
    apr_array_header_t *phones;
    apr_status_t status = choose(ctl, NULL, &phones);

    *count = status == APR_SUCCESS ? phones->nelts : 0;
    if (*count > 0 && !ctl->option[CTL_OPT_JSON]) {
        print_phones(ctl, phones);
    }
    while (status == APR_SUCCESS && phones->nelts == DU_RELEASE_MAX) {
        status = choose(ctl, &APR_ARRAY_IDX(phones, phones->nelts - 1, du_phone_t), &phones);
        *count += status == APR_SUCCESS ? phones->nelts : 0;
    }
    return status;
}

apr_status_t ctl_device_release(ctl_t *ctl)
{
    int is_dry = ctl->option[CTL_OPT_DRY_RUN] != NULL, count;
    apr_status_t status = is_dry ? count_all(ctl, &count) : release_all(ctl, &count);

    if (status == APR_SUCCESS) {
        print_result(ctl, is_dry ? "would-release" : "released",
                     apr_psprintf(ctl->pool, "%d phone%s %s be offered updates again", count, count == 1 ? "" : "s",
                                  is_dry ? "would" : "will"),
                     count);
    }
    return status;
}
