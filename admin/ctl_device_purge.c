#include <stdio.h>

#include <apr_strings.h>

#include "ctl_device.h"
#include "du_purge.h"
#include "du_text.h"

/* The options that narrow down which phones are meant, beside TEXT. */
static const ctl_option_e filters[] = {CTL_OPT_TYPE,   CTL_OPT_BRAND,   CTL_OPT_MODEL, CTL_OPT_REVISION,
                                       CTL_OPT_LOCALE, CTL_OPT_VERSION, CTL_OPT_SITE,  CTL_OPT_PHONE_STATE,
                                       CTL_OPT_UNSEEN, CTL_OPT_SUBNET,  CTL_OPT_NEW,   CTL_OPT_NAMELESS};

/* The filter in words, as it was typed: "--state gone --subnet 10.1.0.0/16". */
static const char *words_of(ctl_t *ctl)
{
    const char *words = ctl->argc ? ctl->argv[0] : "";

    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        const char *value = ctl->option[filters[i]];

        if (value) {
            words = apr_pstrcat(ctl->pool, words, *words ? " " : "", "--", ctl_option_name(filters[i]),
                                *value ? " " : "", value, NULL);
        }
    }
    return words;
}

static apr_status_t read_filter(ctl_t *ctl, du_purge_filter_t *filter, du_subnet_t *subnet)
{
    const char *cidr = ctl->option[CTL_OPT_SUBNET];
    apr_status_t status = ctl_device_filter(ctl, &filter->phones);

    filter->phones.text = ctl->argc ? ctl->argv[0] : NULL;
    filter->is_nameless = ctl->option[CTL_OPT_NAMELESS] != NULL;
    filter->takes_held = ctl->option[CTL_OPT_ALSO_HELD] != NULL;
    filter->subnet = cidr ? subnet : NULL;
    if (status == APR_SUCCESS && cidr && !du_subnet_parse(ctl->pool, cidr, subnet)) {
        return du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0987), "--subnet is one like 10.1.0.0/16, not \"%s\"",
                       du_text_for_log(ctl->pool, cidr));
    }
    return status == APR_SUCCESS ? ctl_time_read(ctl, CTL_OPT_NEW, &filter->first_since) : status;
}

apr_status_t ctl_device_purge_check(ctl_t *ctl)
{
    du_purge_filter_t filter;
    du_subnet_t subnet;
    int is_narrow = *words_of(ctl) != '\0', is_all = ctl->option[CTL_OPT_ALL] != NULL;

    return is_narrow == is_all
               ? du_fail(ctl->ctx, CTL_E_USAGE, DUNO(0988), "say which phones to forget, by filters, or --all")
               : read_filter(ctl, &filter, &subnet);
}

static const char *sentence(ctl_t *ctl, const du_purged_t *purged, const du_purge_filter_t *filter, const char *verb)
{
    const char *held =
        purged->held == 0 ? ""
        : filter->takes_held
            ? apr_psprintf(ctl->pool, "; %" APR_INT64_T_FMT " of them held", purged->held)
            : apr_psprintf(ctl->pool, "; %" APR_INT64_T_FMT " more are held and stay (--held takes them, too)",
                           purged->held);

    return apr_psprintf(ctl->pool, "%" APR_INT64_T_FMT " phone%s %s%s", purged->phones,
                        purged->phones == 1 ? "" : "s", verb, held);
}

static void print_result(ctl_t *ctl, const du_purged_t *purged, const du_purge_filter_t *filter, int is_dry)
{
    json_t *document = ctl_json_result(is_dry ? "would-purge" : "purged");

    json_object_set_new(document, "phones", json_integer(purged->phones));
    json_object_set_new(document, "held", json_integer(purged->held));
    ctl_result_print(ctl, sentence(ctl, purged, filter, is_dry ? "would be forgotten" : "forgotten"), document);
}

apr_status_t ctl_device_purge(ctl_t *ctl)
{
    int is_dry = ctl->option[CTL_OPT_DRY_RUN] != NULL;
    const char *words = words_of(ctl);
    du_purge_filter_t filter;
    du_inventory_view_t view;
    du_subnet_t subnet;
    du_purged_t purged;
    apr_status_t status = read_filter(ctl, &filter, &subnet);

    if (status == APR_SUCCESS) {
        status = du_inventory_view(ctl->ctx, ctl->store, &view);
    }
    if (status == APR_SUCCESS) {
        status =
            is_dry ? du_purge_count(ctl->ctx, ctl->store, &view, &filter, &purged)
                   : du_purge_run(ctl->ctx, ctl->store, &view, &filter, *words ? words : "all", &ctl->actor, &purged);
    }
    if (status == APR_SUCCESS || status == DU_E_NOTHING) {
        print_result(ctl, &purged, &filter, is_dry);
        return APR_SUCCESS;
    }
    return status;
}
