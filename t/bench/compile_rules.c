/*
 * Reads all rules of a store, compiles, keeps and loads the rule set; prints how long each took and how large it is.
 *
 *     compile_rules "sqlite3 PATH" TEMPLATE KEPT-FILE
 */
#include <apr_dbd.h>
#include <apr_general.h>
#include <stdio.h>
#include <stdlib.h>

#include "du_ruleset.h"
#include "du_store.h"
#include "du_xml.h"

#define TEMPLATE_MAX 65536

static void must(const du_ctx_t *ctx, apr_status_t status, const char *what)
{
    if (status) {
        fprintf(stderr, "compile_rules: %s: %s\n", what, ctx->failure.message ? ctx->failure.message : "failed");
        exit(1);
    }
}

/* Milliseconds since the last call. */
static double lap(apr_time_t *since)
{
    apr_time_t now = apr_time_now();
    double ms = (double)(now - *since) / 1000.0;

    *since = now;
    return ms;
}

static void read_template(du_ctx_t *ctx, const char *path, du_reply_t *reply)
{
    du_template_t *tmpl;
    char *data = apr_palloc(ctx->pool, TEMPLATE_MAX);
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(data, 1, TEMPLATE_MAX, file) : 0;

    if (!file || !len) {
        fprintf(stderr, "compile_rules: %s cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    must(ctx, du_template_parse(ctx, data, len, 1, ctx->pool, &tmpl), "template");
    reply->tmpl = tmpl;
}

static void measure(du_ctx_t *ctx, char **argv)
{
    du_dialect_t dialect = {.reply = {NULL, "http://updates.contoso.com/RequestHandler/Files",
                                      "https://ext.contoso.net/RequestHandlerExt/Files"}};
    const du_dialects_t dialects = {1, &dialect};
    const du_ruleset_t *ruleset;
    du_store_t *store;
    du_snapshot_t snapshot;
    const void *block;
    apr_size_t len;
    apr_time_t since;
    double read, compile, keep, load;

    read_template(ctx, argv[2], &dialect.reply);
    must(ctx, du_store_open(ctx, argv[1], ctx->pool, &store), "open");
    since = apr_time_now();
    must(ctx, du_store_snapshot(ctx, store, ctx->pool, &snapshot), "read");
    read = lap(&since);
    must(ctx, du_ruleset_compile(ctx, &snapshot, &dialects, ctx->pool, &block, &len), "compile");
    compile = lap(&since);
    must(ctx, du_ruleset_keep(ctx, argv[3], block, len), "keep");
    keep = lap(&since);
    must(ctx, du_ruleset_load(ctx, argv[3], ctx->pool, &ruleset), "load");
    load = lap(&since);
    printf("{\"rules\": %d, \"bytes\": %lu, \"read\": %.1f, \"compile\": %.1f, \"keep\": %.1f, \"load\": %.1f}\n",
           snapshot.rules->nelts, (unsigned long)len, read, compile, keep, load);
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;

    if (argc != 4) {
        fputs("usage: compile_rules \"sqlite3 PATH\" TEMPLATE KEPT-FILE\n", stderr);
        return 2;
    }
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    apr_dbd_init(pool);
    du_xml_setup();
    measure(du_ctx_make(pool), argv);
    return 0;
}
