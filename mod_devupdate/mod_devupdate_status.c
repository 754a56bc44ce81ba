#include "mod_devupdate.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_status.h>

#define METRICS_HANDLER "devupdate-metrics"

/*
 * What there is to tell
 */

static void look_at_ruleset(const du_node_t *node, apr_time_t now, du_gauges_t *gauges)
{
    const du_ruleset_t *ruleset = du_current_acquire(node->current);

    if (ruleset) {
        apr_time_t age = now - du_ruleset_compiled(ruleset);

        gauges->ruleset_generation[0][0] = du_ruleset_generation(ruleset);
        gauges->ruleset_age_seconds[0][0] = age > 0 ? apr_time_sec(age) : 0;
        gauges->ruleset_rules[0][0] = du_ruleset_count(ruleset);
        gauges->ruleset_bytes[0][0] = (apr_int64_t)du_ruleset_size(ruleset);
    }
    du_current_release(node->current, ruleset);
}

static void look_at_journal(const du_node_t *node, apr_time_t now, apr_pool_t *pool, du_gauges_t *gauges)
{
    for (int series = 0; series < DU_SERIES && node->journal; series++) {
        apr_off_t size;
        int number;

        if (du_journal_position(node->journal, (du_series_e)series, now, pool, &number, &size) == APR_SUCCESS) {
            gauges->journal_file[series][0] = number;
            gauges->journal_file_bytes[series][0] = size;
        }
    }
}

static apr_array_header_t *samples(request_rec *r, const du_node_t *node)
{
    du_gauges_t gauges;

    du_gauges_clear(&gauges);
    look_at_ruleset(node, r->request_time, &gauges);
    look_at_journal(node, r->request_time, r->pool, &gauges);
    return du_stats_samples(node->stats, &gauges, r->pool);
}

/*
 * OpenMetrics
 */

static int metrics(request_rec *r)
{
    const du_node_t *node = du_conf(r->server)->runtime;

    if (!r->handler || strcmp(r->handler, METRICS_HANDLER) != 0) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, -1);
        return HTTP_METHOD_NOT_ALLOWED;
    }
    if (!node) {
        return HTTP_NOT_FOUND; /* DevUpdateEngine is Off everywhere */
    }
    ap_set_content_type(r, DU_STATS_MEDIA_TYPE);
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_rputs(du_stats_openmetrics(samples(r, node), r->pool), r);
    return OK;
}

/*
 * server-status
 */

/* The values of the labels, for people. */
static const char *label_values(const du_sample_t *sample, apr_pool_t *pool)
{
    const char *text = "";

    for (int i = 0; i < sample->nlabels; i++) {
        text = apr_pstrcat(pool, text, *text ? ", " : "", sample->labels[i].value, NULL);
    }
    return text;
}

static void print_row(request_rec *r, const du_sample_t *sample, int is_plain)
{
    const char *what = ap_escape_html(r->pool, sample->metric->help);
    const char *which = ap_escape_html(r->pool, label_values(sample, r->pool));

    if (is_plain) {
        ap_rprintf(r, "%s (%s): %" APR_INT64_T_FMT "<br />\n", what, which, sample->value);
    } else {
        ap_rprintf(r, "<tr><td>%s</td><td>%s</td><td align=\"right\">%" APR_INT64_T_FMT "</td></tr>\n", what, which,
                   sample->value);
    }
}

/* Counters that never counted are left out: most combinations of labels never occur. */
static void print_table(request_rec *r, const apr_array_header_t *all, int is_plain)
{
    ap_rputs("<hr />\n<h2>Device Update</h2>\n", r);
    ap_rputs(is_plain ? "<p>\n" : "<table>\n<tr><th>What</th><th>Of which</th><th>How many</th></tr>\n", r);
    for (int i = 0; i < all->nelts; i++) {
        const du_sample_t *sample = &APR_ARRAY_IDX(all, i, du_sample_t);

        if (sample->value != 0 || !sample->metric->is_counter) {
            print_row(r, sample, is_plain);
        }
    }
    ap_rputs(is_plain ? "</p>\n" : "</table>\n", r);
}

/* For `?auto`: a name, a colon and a figure in each line, as mod_status has it; the names are OpenMetrics'. */
static void print_lines(request_rec *r, const apr_array_header_t *all)
{
    for (int i = 0; i < all->nelts; i++) {
        const du_sample_t *sample = &APR_ARRAY_IDX(all, i, du_sample_t);

        ap_rprintf(r, "%s: %" APR_INT64_T_FMT "\n", du_stats_series(sample, r->pool), sample->value);
    }
}

static int status_rows(request_rec *r, int flags)
{
    const du_node_t *node = du_conf(r->server)->runtime;

    if (!node) {
        return DECLINED;
    }
    if (flags & AP_STATUS_SHORT) {
        print_lines(r, samples(r, node));
    } else {
        print_table(r, samples(r, node), flags & AP_STATUS_NOTABLE);
    }
    return OK;
}

void du_status_register(void)
{
    ap_hook_handler(metrics, NULL, NULL, APR_HOOK_MIDDLE);
    APR_OPTIONAL_HOOK(ap, status_hook, status_rows, NULL, NULL, APR_HOOK_MIDDLE);
}
