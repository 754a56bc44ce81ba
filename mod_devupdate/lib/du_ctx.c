#include "du_ctx.h"

#include <apr_strings.h>

du_ctx_t *du_ctx_make(apr_pool_t *pool)
{
    du_ctx_t *ctx = apr_pcalloc(pool, sizeof(*ctx));

    ctx->pool = pool;
    return ctx;
}

apr_time_t du_now(const du_ctx_t *ctx)
{
    return ctx->now ? ctx->now(ctx->baton) : apr_time_now();
}

apr_status_t du_fail(du_ctx_t *ctx, apr_status_t status, const char *id, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    ctx->failure.status = status;
    ctx->failure.id = id;
    ctx->failure.message = apr_pvsprintf(ctx->pool, format, args);
    va_end(args);
    return status;
}

void du_report(du_ctx_t *ctx, du_log_level_e level)
{
    if (ctx->log && ctx->failure.id) {
        ctx->log(ctx->baton, level, ctx->failure.status, ctx->failure.id, ctx->failure.message);
    }
    ctx->failure.status = APR_SUCCESS;
    ctx->failure.id = NULL;
    ctx->failure.message = NULL;
}

void du_log(const du_ctx_t *ctx, du_log_level_e level, const char *id, const char *format, ...)
{
    va_list args;

    if (!ctx->log) {
        return;
    }
    va_start(args, format);
    ctx->log(ctx->baton, level, APR_SUCCESS, id, apr_pvsprintf(ctx->pool, format, args));
    va_end(args);
}
