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

/* One dialect without conditions: this reply. */
static inline du_dialects_t *sample_dialects(const du_reply_t *reply, apr_pool_t *pool)
{
    du_dialects_t *dialects = apr_palloc(pool, sizeof(*dialects));
    du_dialect_t *dialect = apr_pcalloc(pool, sizeof(*dialect));

    dialect->reply = *reply;
    dialects->n = 1;
    dialects->dialect = dialect;
    return dialects;
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

/* A snapshot with these rules, with neither sites nor test devices, and with the default settings. */
static inline du_snapshot_t *sample_snapshot(apr_array_header_t *rules, apr_int64_t generation, apr_pool_t *pool)
{
    du_snapshot_t *snapshot = apr_pcalloc(pool, sizeof(*snapshot));

    snapshot->generation = generation;
    snapshot->rules = rules;
    snapshot->sites = apr_array_make(pool, 4, sizeof(du_site_t));
    snapshot->test_devices = apr_array_make(pool, 4, sizeof(du_test_device_t));
    snapshot->held = apr_array_make(pool, 4, sizeof(du_held_t));
    return snapshot;
}

/* A site with the subnets of a text: "10.1.0.0/16 2001:db8::/32". */
static inline du_site_t *sample_make_site(const char *name, const char *subnets, apr_pool_t *pool)
{
    du_site_t *site = apr_palloc(pool, sizeof(*site));
    char *rest = apr_pstrdup(pool, subnets), *state, *subnet;

    site->name = name;
    site->subnets = apr_array_make(pool, 4, sizeof(du_subnet_t));
    while ((subnet = apr_strtok(rest, " ", &state)) != NULL) {
        if (!du_subnet_parse(pool, subnet, apr_array_push(site->subnets))) {
            fprintf(stderr, "sample: %s is no subnet\n", subnet);
            abort();
        }
        rest = NULL;
    }
    return site;
}

static inline void sample_site(du_snapshot_t *snapshot, const char *name, const char *subnets)
{
    APR_ARRAY_PUSH(snapshot->sites, du_site_t) = *sample_make_site(name, subnets, snapshot->sites->pool);
}

/* A test device whose name is what identifies it; site "" is the global scope. */
static inline du_test_device_t sample_make_device(const char *site, du_test_kind_e kind, const char *identifier)
{
    du_test_device_t device = {site, identifier, kind, identifier, identifier};

    return device;
}

static inline void sample_device(du_snapshot_t *snapshot, const char *site, du_test_kind_e kind, const char *identifier)
{
    APR_ARRAY_PUSH(snapshot->test_devices, du_test_device_t) = sample_make_device(site, kind, identifier);
}

static inline void sample_held(du_snapshot_t *snapshot, const char *mac, const char *serial, const char *version)
{
    APR_ARRAY_PUSH(snapshot->held, du_held_t) = (du_held_t){mac, serial, version};
}

/* Compiles, keeps and loads. */
static inline const du_ruleset_t *sample_load(du_ctx_t *ctx, const du_snapshot_t *snapshot, const char *path,
                                              apr_pool_t *pool)
{
    const du_ruleset_t *ruleset;
    const void *block;
    apr_size_t len;

    sample_must(du_ruleset_compile(ctx, snapshot, sample_dialects(sample_reply(ctx, pool), pool), pool, &block, &len), ctx);
    sample_must(du_ruleset_keep(ctx, path, block, len), ctx);
    sample_must(du_ruleset_load(ctx, path, pool, &ruleset), ctx);
    return ruleset;
}

/* The same of rules alone. */
static inline const du_ruleset_t *sample_ruleset(du_ctx_t *ctx, apr_array_header_t *rules, const char *path,
                                                 apr_int64_t generation, apr_pool_t *pool)
{
    return sample_load(ctx, sample_snapshot(rules, generation, pool), path, pool);
}

#endif
