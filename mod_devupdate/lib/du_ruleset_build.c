#include "du_ruleset_format.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_file.h"
#include "du_text.h"

/* The sections while they grow. */
typedef struct builder_t {
    du_ctx_t *ctx;
    const du_dialects_t *dialects;
    apr_pool_t *pool;    /* what is being built */
    apr_pool_t *scratch; /* cleared after every reply */
    int has_tests;       /* pending versions are offered to somebody */
    apr_array_header_t *files, *rules, *images, *replies, *dialect_records, *subnets, *tests, *held, *settings;
    apr_array_header_t *blob; /* of char */
    apr_hash_t *texts;        /* text -> offset in the blob plus one */
} builder_t;

static apr_uint32_t add_bytes(builder_t *b, const char *bytes, apr_size_t len)
{
    apr_array_header_t *blob = b->blob;
    int at = blob->nelts;

    if (len > (apr_size_t)(blob->nalloc - at)) {
        int wanted = 2 * (at + (int)len);
        char *bigger = apr_palloc(b->pool, (apr_size_t)wanted);

        memcpy(bigger, blob->elts, (apr_size_t)at);
        blob->elts = bigger;
        blob->nalloc = wanted;
    }
    memcpy(blob->elts + at, bytes, len);
    blob->nelts += (int)len;
    return (apr_uint32_t)at;
}

static apr_uint32_t add_text(builder_t *b, const char *text)
{
    apr_uint32_t offset = (apr_uint32_t)(apr_uintptr_t)apr_hash_get(b->texts, text, APR_HASH_KEY_STRING);

    if (offset == 0) {
        offset = add_bytes(b, text, strlen(text) + 1) + 1;
        apr_hash_set(b->texts, text, APR_HASH_KEY_STRING, (void *)(apr_uintptr_t)offset);
    }
    return offset - 1;
}

static void add_files(builder_t *b, const du_image_t *image)
{
    for (int i = 0; i < image->nfiles; i++) {
        const du_file_t *file = &image->files[i];
        du_rs_record_t *record = apr_array_push(b->files);

        record->size = file->size;
        record->signature_size = file->signature_size;
        memcpy(record->digest, file->digest, DU_DIGEST_SIZE);
        memcpy(record->signature_digest, file->signature_digest, DU_DIGEST_SIZE);
        record->name = add_text(b, file->name);
        record->signature = add_text(b, file->signature);
        record->timestamp = add_text(b, file->timestamp);
        record->unused = 0;
    }
}

/* Only what may be offered has a reply: approved versions, and pending ones if there are test devices. */
static int is_offered(const builder_t *b, du_slot_e slot)
{
    return slot == DU_APPROVED || (slot == DU_PENDING && b->has_tests);
}

/* Adds the reply in each dialect that a phone of this rule can be answered in. One without a condition on the User-Agent
 * answers all that come so far. */
static apr_status_t add_replies(builder_t *b, const du_rule_t *rule, const du_image_t *image)
{
    int is_last = 0;

    for (int i = 0; i < b->dialects->n && !is_last; i++) {
        const du_dialect_t *dialect = &b->dialects->dialect[i];
        du_rs_reply_t *made;
        const char *bytes;
        apr_size_t len;
        apr_status_t rv;

        if (!du_dialect_is_for(dialect, rule->key.type, rule->key.brand)) {
            continue;
        }
        rv = du_reply_offer(b->ctx, &dialect->reply, rule, image, b->scratch, &bytes, &len);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        made = apr_array_push(b->replies);
        made->dialect = (apr_uint32_t)i;
        made->bytes = add_bytes(b, bytes, len);
        made->len = (apr_uint32_t)len;
        apr_pool_clear(b->scratch);
        is_last = !dialect->user_agent;
    }
    return APR_SUCCESS;
}

static apr_status_t add_image(builder_t *b, const du_rule_t *rule, du_slot_e slot, apr_uint32_t *number)
{
    const du_image_t *image = rule->image[slot];
    apr_uint32_t first = (apr_uint32_t)b->replies->nelts;
    apr_status_t rv = is_offered(b, slot) ? add_replies(b, rule, image) : APR_SUCCESS;
    du_rs_image_t *made;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    made = apr_array_push(b->images);
    made->version = add_text(b, image->version);
    made->first_file = (apr_uint32_t)b->files->nelts;
    made->nfiles = (apr_uint32_t)image->nfiles;
    made->first_reply = first;
    made->nreplies = (apr_uint32_t)b->replies->nelts - first;
    add_files(b, image);
    *number = (apr_uint32_t)b->images->nelts;
    return APR_SUCCESS;
}

static apr_status_t add_rule(builder_t *b, const du_rule_t *rule)
{
    du_rs_rule_t *made = apr_array_push(b->rules);
    apr_status_t rv = APR_SUCCESS;

    memset(made, 0, sizeof(*made));
    made->hash = du_key_hash(&rule->key);
#define ADD_PART(part) made->part = add_text(b, rule->key.part);
    DU_KEY_PARTS(ADD_PART)
#undef ADD_PART
    made->update_type = add_text(b, rule->update_type);
    for (int slot = 0; slot < DU_SLOTS && rv == APR_SUCCESS; slot++) {
        if (rule->image[slot]) {
            rv = add_image(b, rule, (du_slot_e)slot, &made->image[slot]);
        }
    }
    return rv;
}

/*
 * Test devices and the sites they are at
 */

static void add_subnets(builder_t *b, const apr_array_header_t *sites)
{
    for (int i = 0; i < sites->nelts; i++) {
        const du_site_t *site = &APR_ARRAY_IDX(sites, i, du_site_t);

        for (int j = 0; j < site->subnets->nelts; j++) {
            du_rs_subnet_t *made = apr_array_push(b->subnets);

            made->subnet = APR_ARRAY_IDX(site->subnets, j, du_subnet_t);
            made->site = (apr_uint32_t)i + 1;
        }
    }
}

static int longer_prefix_first(const void *one, const void *other)
{
    const du_rs_subnet_t *a = one, *b = other;

    return b->subnet.bits != a->subnet.bits
               ? b->subnet.bits - a->subnet.bits
               : memcmp(&a->subnet.address, &b->subnet.address, sizeof(a->subnet.address));
}

/* Number of the site of that name, 0 if there is none. */
static apr_uint32_t site_number(const apr_array_header_t *sites, const char *name)
{
    for (int i = 0; i < sites->nelts; i++) {
        if (du_text_same(APR_ARRAY_IDX(sites, i, du_site_t).name, name)) {
            return (apr_uint32_t)i + 1;
        }
    }
    return 0;
}

/* What a table says of an identifier: the number of a site, the offset of a version. */
typedef struct named_t {
    const char *identifier;
    apr_uint32_t number;
} named_t;

static int by_identifier(const void *one, const void *other)
{
    const named_t *a = one, *b = other;
    int order = strcmp(a->identifier, b->identifier);

    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static void add_tests(builder_t *b, const du_snapshot_t *snapshot)
{
    named_t *list = apr_palloc(b->pool, sizeof(*list) * (apr_size_t)(snapshot->test_devices->nelts + 1));
    int n = 0;

    for (int i = 0; i < snapshot->test_devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(snapshot->test_devices, i, du_test_device_t);
        apr_uint32_t site = site_number(snapshot->sites, device->site);

        /* A site that came or went while the snapshot was read: not to be mistaken for everywhere. */
        if (site == 0 && *device->site) {
            continue;
        }
        list[n].identifier =
            apr_psprintf(b->pool, "%c%s", device->kind == DU_TEST_MAC ? DU_RS_MAC : DU_RS_SERIAL, device->identifier);
        list[n++].number = site;
    }
    qsort(list, (size_t)n, sizeof(*list), by_identifier);
    for (int i = 0; i < n; i++) {
        du_rs_test_t *made = apr_array_push(b->tests);

        made->identifier = add_text(b, list[i].identifier);
        made->site = list[i].number;
    }
}

/* Both identifiers of a phone stand for it. */
static void add_held(builder_t *b, const apr_array_header_t *held)
{
    named_t *list = apr_palloc(b->pool, sizeof(*list) * (2 * (apr_size_t)held->nelts + 1));
    int n = 0;

    for (int i = 0; i < held->nelts; i++) {
        const du_held_t *phone = &APR_ARRAY_IDX(held, i, du_held_t);
        apr_uint32_t version = add_text(b, phone->version);

        if (*phone->mac) {
            list[n++] = (named_t){apr_psprintf(b->pool, "%c%s", DU_RS_MAC, phone->mac), version};
        }
        if (*phone->serial) {
            list[n++] = (named_t){apr_psprintf(b->pool, "%c%s", DU_RS_SERIAL, phone->serial), version};
        }
    }
    qsort(list, (size_t)n, sizeof(*list), by_identifier);
    for (int i = 0; i < n; i++) {
        du_rs_held_t *made = apr_array_push(b->held);

        made->identifier = add_text(b, list[i].identifier);
        made->version = list[i].number;
    }
}

static void add_places(builder_t *b, const du_snapshot_t *snapshot)
{
    add_subnets(b, snapshot->sites);
    qsort(b->subnets->elts, (size_t)b->subnets->nelts, sizeof(du_rs_subnet_t), longer_prefix_first);
    add_tests(b, snapshot);
    add_held(b, snapshot->held);
}

static void add_settings(builder_t *b, const du_settings_t *settings)
{
    for (int i = 0; i < DU_SETTINGS; i++) {
        if (settings->value[i]) {
            du_rs_setting_t *made = apr_array_push(b->settings);

            made->name = add_text(b, du_setting_name((du_setting_e)i));
            made->value = add_text(b, settings->value[i]);
        }
    }
}

static apr_uint32_t *make_buckets(builder_t *b, apr_uint32_t *nbuckets)
{
    const du_rs_rule_t *rules = (const du_rs_rule_t *)b->rules->elts;
    apr_uint32_t n = 2, *buckets;

    while (n < 2 * (apr_uint32_t)b->rules->nelts) {
        n *= 2;
    }
    buckets = apr_pcalloc(b->pool, n * sizeof(*buckets));
    for (int i = 0; i < b->rules->nelts; i++) {
        apr_uint32_t at = rules[i].hash & (n - 1);

        while (buckets[at]) {
            at = (at + 1) & (n - 1);
        }
        buckets[at] = (apr_uint32_t)i + 1;
    }
    *nbuckets = n;
    return buckets;
}

static char *append(char *to, const void *from, apr_size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

static char *append_array(char *to, const apr_array_header_t *array)
{
    return append(to, array->elts, (apr_size_t)array->nelts * (apr_size_t)array->elt_size);
}

/* Joins the sections behind the header and puts the digest in. */
static void assemble(builder_t *b, du_rs_header_t *header, const void **block, apr_size_t *len)
{
    const apr_uint32_t *buckets = make_buckets(b, &header->nbuckets);
    apr_size_t size =
        sizeof(*header) + (apr_size_t)b->files->nelts * sizeof(du_rs_record_t) +
        (apr_size_t)b->rules->nelts * sizeof(du_rs_rule_t) + (apr_size_t)b->images->nelts * sizeof(du_rs_image_t) +
        (apr_size_t)b->replies->nelts * sizeof(du_rs_reply_t) +
        (apr_size_t)b->dialect_records->nelts * sizeof(du_rs_dialect_t) +
        (apr_size_t)b->subnets->nelts * sizeof(du_rs_subnet_t) + (apr_size_t)b->tests->nelts * sizeof(du_rs_test_t) +
        (apr_size_t)b->held->nelts * sizeof(du_rs_held_t) + header->nbuckets * sizeof(*buckets) +
        (apr_size_t)b->settings->nelts * sizeof(du_rs_setting_t) + (apr_size_t)b->blob->nelts;
    char *made = apr_palloc(b->pool, size), *to;

    header->nfiles = (apr_uint32_t)b->files->nelts;
    header->nrules = (apr_uint32_t)b->rules->nelts;
    header->nimages = (apr_uint32_t)b->images->nelts;
    header->nreplies = (apr_uint32_t)b->replies->nelts;
    header->ndialects = (apr_uint32_t)b->dialect_records->nelts;
    header->nsubnets = (apr_uint32_t)b->subnets->nelts;
    header->ntests = (apr_uint32_t)b->tests->nelts;
    header->nheld = (apr_uint32_t)b->held->nelts;
    header->nsettings = (apr_uint32_t)b->settings->nelts;
    header->blob_size = (apr_uint32_t)b->blob->nelts;
    header->size = size;
    to = append(made, header, sizeof(*header));
    to = append_array(to, b->files);
    to = append_array(to, b->rules);
    to = append_array(to, b->images);
    to = append_array(to, b->replies);
    to = append_array(to, b->dialect_records);
    to = append_array(to, b->subnets);
    to = append_array(to, b->tests);
    to = append_array(to, b->held);
    to = append(to, buckets, header->nbuckets * sizeof(*buckets));
    to = append_array(to, b->settings);
    append_array(to, b->blob);
    du_ruleset_digest(made, size, ((du_rs_header_t *)made)->digest);
    *block = made;
    *len = size;
}

/* The dialects and what each says when nothing is offered. */
static apr_status_t add_dialects(builder_t *b)
{
    for (int i = 0; i < b->dialects->n; i++) {
        const du_dialect_t *dialect = &b->dialects->dialect[i];
        du_rs_dialect_t *made = apr_array_push(b->dialect_records);
        const char *bytes;
        apr_size_t len;
        apr_status_t rv = du_reply_nothing(b->ctx, &dialect->reply, b->scratch, &bytes, &len);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        made->type = add_text(b, du_text_or_empty(dialect->type));
        made->vendor = add_text(b, du_text_or_empty(dialect->vendor));
        made->user_agent = add_text(b, du_text_or_empty(dialect->user_agent));
        made->media_type = add_text(b, du_reply_media_type(b->pool, &dialect->reply));
        made->nothing = add_bytes(b, bytes, len);
        made->nothing_len = (apr_uint32_t)len;
        apr_pool_clear(b->scratch);
    }
    return APR_SUCCESS;
}

static builder_t *make_builder(du_ctx_t *ctx, const du_dialects_t *dialects, int nrules, apr_pool_t *pool)
{
    builder_t *b = apr_pcalloc(pool, sizeof(*b));

    b->ctx = ctx;
    b->dialects = dialects;
    b->pool = pool;
    apr_pool_create(&b->scratch, pool);
    b->files = apr_array_make(pool, 2 * nrules + 1, sizeof(du_rs_record_t));
    b->rules = apr_array_make(pool, nrules + 1, sizeof(du_rs_rule_t));
    b->images = apr_array_make(pool, 2 * nrules + 1, sizeof(du_rs_image_t));
    b->replies = apr_array_make(pool, nrules + 1, sizeof(du_rs_reply_t));
    b->dialect_records = apr_array_make(pool, 4, sizeof(du_rs_dialect_t));
    b->subnets = apr_array_make(pool, 4, sizeof(du_rs_subnet_t));
    b->tests = apr_array_make(pool, 4, sizeof(du_rs_test_t));
    b->held = apr_array_make(pool, 4, sizeof(du_rs_held_t));
    b->settings = apr_array_make(pool, 4, sizeof(du_rs_setting_t));
    b->blob = apr_array_make(pool, 1024 * (nrules + 1), 1);
    b->texts = apr_hash_make(pool);
    add_text(b, "");
    return b;
}

apr_status_t du_ruleset_compile(du_ctx_t *ctx, const du_snapshot_t *snapshot, const du_dialects_t *dialects,
                                apr_pool_t *pool, const void **block, apr_size_t *len)
{
    du_rs_header_t header = {.magic = DU_RS_MAGIC, .format = DU_RS_FORMAT, .byte_order = DU_RS_BYTE_ORDER};
    builder_t *b = make_builder(ctx, dialects, snapshot->rules->nelts, pool);
    apr_status_t rv = add_dialects(b);

    b->has_tests = snapshot->test_devices->nelts > 0;
    for (int i = 0; i < snapshot->rules->nelts && rv == APR_SUCCESS; i++) {
        rv = add_rule(b, &APR_ARRAY_IDX(snapshot->rules, i, du_rule_t));
    }
    if (rv == APR_SUCCESS) {
        add_places(b, snapshot);
        add_settings(b, &snapshot->settings);
        header.generation = snapshot->generation;
        header.compiled = du_now(ctx);
        assemble(b, &header, block, len);
    }
    apr_pool_destroy(b->scratch);
    return rv;
}

apr_status_t du_ruleset_make(du_ctx_t *ctx, const du_snapshot_t *snapshot, apr_pool_t *pool,
                             const du_ruleset_t **ruleset)
{
    static const du_dialects_t none;
    du_ruleset_t *made = apr_pcalloc(pool, sizeof(*made));
    const void *block;
    apr_size_t len;
    apr_status_t rv = du_ruleset_compile(ctx, snapshot, &none, pool, &block, &len);

    if (rv == APR_SUCCESS) {
        made->pool = pool;
        du_ruleset_sections(made, block, len);
        *ruleset = made;
    }
    return rv;
}

apr_status_t du_ruleset_keep(du_ctx_t *ctx, const char *path, const void *block, apr_size_t len)
{
    apr_status_t rv = du_file_replace(path, block, len, ctx->pool);

    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0513), "the rule set %s cannot be written: %pm", path, (void *)&rv);
    }
    return APR_SUCCESS;
}
