#include "mod_devupdate.h"

#include <http_log.h>

static int httpd_level(du_log_level_e level)
{
    static const int levels[] = {
        [DU_LOG_ERROR] = APLOG_ERR, [DU_LOG_WARNING] = APLOG_WARNING, [DU_LOG_NOTICE] = APLOG_NOTICE,
        [DU_LOG_INFO] = APLOG_INFO, [DU_LOG_DEBUG] = APLOG_DEBUG,
    };
    return levels[level];
}

/* The status is already in the words of the message, so httpd is not given it a second time. */
static void log_request(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message)
{
    (void)status;
    ap_log_rerror(APLOG_MARK, httpd_level(level), 0, (request_rec *)baton, "%s: %s", id, message);
}

static void log_server(void *baton, du_log_level_e level, apr_status_t status, const char *id, const char *message)
{
    (void)status;
    ap_log_error(APLOG_MARK, httpd_level(level), 0, (server_rec *)baton, "%s: %s", id, message);
}

du_ctx_t *du_ctx_for_request(request_rec *r)
{
    du_ctx_t *ctx = du_ctx_make(r->pool);

    ctx->log = log_request;
    ctx->baton = r;
    return ctx;
}

du_ctx_t *du_ctx_for_server(server_rec *s, apr_pool_t *pool)
{
    du_ctx_t *ctx = du_ctx_make(pool);

    ctx->log = log_server;
    ctx->baton = s;
    return ctx;
}

void du_node_recorded(du_ctx_t *ctx, du_node_t *node, du_series_e series, int is_written, apr_time_t now)
{
    static const char *const words[] = {
#define WORD(id, word) word,
        DU_SERIES_LIST(WORD)
#undef WORD
    };

    du_stats_record(node->stats, series, is_written);
    if (!is_written && du_throttle_pass(node->throttle, words[series], now)) {
        du_report(ctx, DU_LOG_ERROR);
    }
}
