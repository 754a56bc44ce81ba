/* Rules, images and rule sets for tests and fuzzing. Needs APR and the library only; a failure here ends the program. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "du_ruleset.h"

#define SAMPLE_TEMPLATE                                                                                     \
    "<Response xmlns:du='urn:devupdate:template'><NumOfFiles du:text='num-of-files'/>"                      \
    "<BaseURL du:text='base-url'/><ExternalBaseURL du:text='external-base-url'/>"                           \
    "<Files du:if='files'><File du:each='files'><Filename du:text='filename'/>"                             \
    "<SignatureFilename du:text='signature'/><Version du:text='version'/><Timestamp du:text='timestamp'/>"  \
    "</File></Files></Response>"

#define SAMPLE_INTERNAL "http://pool01.contoso.com/RequestHandler/Files"
#define SAMPLE_EXTERNAL "https://csweb.contoso.com/RequestHandlerExt/Files"

static inline void sample_must(apr_status_t rv, const du_ctx_t *ctx)
{
    if (rv != APR_SUCCESS) {
        fprintf(stderr, "sample: status %d: %s\n", rv, ctx->failure.message ? ctx->failure.message : "no message");
        abort();
    }
}

static inline du_reply_t *sample_reply(du_ctx_t *ctx, apr_pool_t *pool)
{
    du_reply_t *reply = apr_palloc(pool, sizeof(*reply));
    du_template_t *tmpl;

    sample_must(du_template_parse(ctx, SAMPLE_TEMPLATE, sizeof(SAMPLE_TEMPLATE) - 1, 1, pool, &tmpl), ctx);
    reply->tmpl = tmpl;
    reply->internal_url = SAMPLE_INTERNAL;
    reply->external_url = SAMPLE_EXTERNAL;
    return reply;
}

/* An image with one file CPE.nbt (and B.nbt if there are two); digests and sizes are made from `seed`. */
static inline du_image_t *sample_image(apr_pool_t *pool, const char *version, int nfiles, int seed)
{
    static const char *const names[][2] = {{"CPE.nbt", "CPE.cat"}, {"B.nbt", "B.cat"}};
    du_image_t *image = apr_pcalloc(pool, sizeof(*image));

    image->version = version;
    image->nfiles = nfiles;
    image->files = apr_pcalloc(pool, sizeof(*image->files) * (apr_size_t)(nfiles + 1));
    for (int i = 0; i < nfiles; i++) {
        du_file_t *file = &image->files[i];

        file->name = names[i][0];
        file->signature = names[i][1];
        file->timestamp = "2013-04-02 10:00:00";
        file->size = 1000 + seed + i;
        file->signature_size = 2000 + seed + i;
        memset(file->digest, seed + i, sizeof(file->digest));
        memset(file->signature_digest, 128 + seed + i, sizeof(file->signature_digest));
    }
    return image;
}

/* Adds a rule UCPhone/brand/model/A/ENU with these versions ("" = none); images have one file. */
static inline du_rule_t *sample_rule(apr_array_header_t *rules, const char *brand, const char *model, const char *pending,
                                     const char *approved, const char *restore)
{
    const char *versions[DU_SLOTS] = {pending, approved, restore};
    du_rule_t *rule = apr_array_push(rules);

    memset(rule, 0, sizeof(*rule));
    rule->id = rules->nelts;
    rule->key = (du_key_t){"UCPhone", brand, model, "A", "ENU"};
    rule->update_type = "CPE";
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        rule->versions.slot[slot] = versions[slot];
        if (*versions[slot]) {
            rule->image[slot] = sample_image(rules->pool, versions[slot], 1, 3 * rules->nelts + slot);
        }
    }
    return rule;
}

/* The set that most tests use: a rule with all three versions, one without an approved one, one with two files. */
static inline apr_array_header_t *sample_rules(apr_pool_t *pool)
{
    apr_array_header_t *rules = apr_array_make(pool, 4, sizeof(du_rule_t));
    du_rule_t *two;

    sample_rule(rules, "POLYCOM", "CX600", "4.0.7577.4512", "4.0.7577.4463", "4.0.7577.4387");
    sample_rule(rules, "Aastra", "6725ip", "4.0.7577.4512", "", "");
    two = sample_rule(rules, "Yealink", "T48 G", "", "X.8.1.52", "");
    two->image[DU_APPROVED] = sample_image(pool, "X.8.1.52", 2, 50);
    return rules;
}

/* Compiles, keeps and loads. */
static inline const du_ruleset_t *sample_ruleset(du_ctx_t *ctx, const apr_array_header_t *rules, const char *path,
                                                 apr_int64_t generation, apr_pool_t *pool)
{
    const du_ruleset_t *ruleset;
    const void *block;
    apr_size_t len;

    sample_must(du_ruleset_compile(ctx, rules, sample_reply(ctx, pool), generation, pool, &block, &len), ctx);
    sample_must(du_ruleset_keep(ctx, path, block, len), ctx);
    sample_must(du_ruleset_load(ctx, path, pool, &ruleset), ctx);
    return ruleset;
}

#endif
