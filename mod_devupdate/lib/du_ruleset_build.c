#include "du_ruleset_format.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "du_file.h"
#include "du_text.h"

/* The sections while they grow. */
typedef struct builder_t {
    du_ctx_t *ctx;
    const du_reply_t *reply;
    apr_pool_t *pool;         /* what is being built */
    apr_pool_t *scratch;      /* cleared after every reply */
    apr_array_header_t *files, *rules, *images;
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

/* Only the approved version is ever offered, so only that one has a reply. */
static apr_status_t add_image(builder_t *b, const du_rule_t *rule, du_slot_e slot, apr_uint32_t *number)
{
    const du_image_t *image = rule->image[slot];
    du_rs_image_t *made;
    const char *reply = "";
    apr_size_t len = 0;

    if (slot == DU_APPROVED) {
        apr_status_t rv = du_reply_offer(b->ctx, b->reply, rule, image, b->scratch, &reply, &len);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    made = apr_array_push(b->images);
    made->version = add_text(b, image->version);
    made->first_file = (apr_uint32_t)b->files->nelts;
    made->nfiles = (apr_uint32_t)image->nfiles;
    made->reply = add_bytes(b, reply, len);
    made->reply_len = (apr_uint32_t)len;
    add_files(b, image);
    apr_pool_clear(b->scratch);
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
    apr_size_t size = sizeof(*header) + (apr_size_t)b->files->nelts * sizeof(du_rs_record_t) +
                      (apr_size_t)b->rules->nelts * sizeof(du_rs_rule_t) +
                      (apr_size_t)b->images->nelts * sizeof(du_rs_image_t) + header->nbuckets * sizeof(*buckets) +
                      (apr_size_t)b->blob->nelts;
    char *made = apr_palloc(b->pool, size), *to;

    header->nfiles = (apr_uint32_t)b->files->nelts;
    header->nrules = (apr_uint32_t)b->rules->nelts;
    header->nimages = (apr_uint32_t)b->images->nelts;
    header->blob_size = (apr_uint32_t)b->blob->nelts;
    header->size = size;
    to = append(made, header, sizeof(*header));
    to = append_array(to, b->files);
    to = append_array(to, b->rules);
    to = append_array(to, b->images);
    to = append(to, buckets, header->nbuckets * sizeof(*buckets));
    append_array(to, b->blob);
    du_ruleset_digest(made, size, ((du_rs_header_t *)made)->digest);
    *block = made;
    *len = size;
}

static apr_status_t add_nothing(builder_t *b, du_rs_header_t *header)
{
    const char *reply;
    apr_size_t len;
    apr_status_t rv = du_reply_nothing(b->ctx, b->reply, b->scratch, &reply, &len);

    if (rv == APR_SUCCESS) {
        header->nothing = add_bytes(b, reply, len);
        header->nothing_len = (apr_uint32_t)len;
    }
    return rv;
}

static builder_t *make_builder(du_ctx_t *ctx, const du_reply_t *reply, int nrules, apr_pool_t *pool)
{
    builder_t *b = apr_pcalloc(pool, sizeof(*b));

    b->ctx = ctx;
    b->reply = reply;
    b->pool = pool;
    apr_pool_create(&b->scratch, pool);
    b->files = apr_array_make(pool, 2 * nrules + 1, sizeof(du_rs_record_t));
    b->rules = apr_array_make(pool, nrules + 1, sizeof(du_rs_rule_t));
    b->images = apr_array_make(pool, 2 * nrules + 1, sizeof(du_rs_image_t));
    b->blob = apr_array_make(pool, 1024 * (nrules + 1), 1);
    b->texts = apr_hash_make(pool);
    add_text(b, "");
    return b;
}

apr_status_t du_ruleset_compile(du_ctx_t *ctx, const apr_array_header_t *rules, const du_reply_t *reply,
                                apr_int64_t generation, apr_pool_t *pool, const void **block, apr_size_t *len)
{
    du_rs_header_t header = {.magic = DU_RS_MAGIC, .format = DU_RS_FORMAT, .byte_order = DU_RS_BYTE_ORDER};
    builder_t *b = make_builder(ctx, reply, rules->nelts, pool);
    apr_status_t rv = add_nothing(b, &header);

    for (int i = 0; i < rules->nelts && rv == APR_SUCCESS; i++) {
        rv = add_rule(b, &APR_ARRAY_IDX(rules, i, du_rule_t));
    }
    if (rv == APR_SUCCESS) {
        header.generation = generation;
        header.compiled = du_now(ctx);
        assemble(b, &header, block, len);
    }
    apr_pool_destroy(b->scratch);
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
