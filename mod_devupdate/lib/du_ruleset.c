#include "du_ruleset_format.h"

#include <string.h>

#include <apr_mmap.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#include "du_image.h"
#include "du_text.h"

int du_ruleset_sections(du_ruleset_t *ruleset, const void *block, apr_size_t len)
{
    const du_rs_header_t *h = block;

    ruleset->header = h;
    ruleset->files = (const void *)(h + 1);
    ruleset->rules = (const void *)(ruleset->files + h->nfiles);
    ruleset->images = (const void *)(ruleset->rules + h->nrules);
    ruleset->buckets = (const void *)(ruleset->images + h->nimages);
    ruleset->blob = (const void *)(ruleset->buckets + h->nbuckets);
    return h->size == len && (const char *)block + len == ruleset->blob + h->blob_size;
}

void du_ruleset_digest(const void *block, apr_size_t len, unsigned char digest[DU_DIGEST_SIZE])
{
    apr_size_t skip = offsetof(du_rs_header_t, digest) + DU_DIGEST_SIZE;

    EVP_Digest((const char *)block + skip, len - skip, digest, NULL, EVP_sha256(), NULL);
}

/* What is wrong with a mapped block, or NULL. The digest is what protects the indexes inside: who could write a file
 * with a right digest could as well write rules. */
static const char *fault_of(du_ruleset_t *ruleset, const void *block, apr_size_t len)
{
    const du_rs_header_t *header = block;
    unsigned char digest[DU_DIGEST_SIZE];

    if (len < sizeof(*header) || memcmp(header->magic, DU_RS_MAGIC, sizeof(header->magic)) != 0) {
        return "it is not a rule set";
    }
    if (header->format != DU_RS_FORMAT || header->byte_order != DU_RS_BYTE_ORDER) {
        return "it was written by another version of mod_devupdate or on another kind of machine";
    }
    if (header->size != len) {
        return "it is not complete";
    }
    du_ruleset_digest(block, len, digest);
    if (memcmp(digest, header->digest, sizeof(digest)) != 0 || !du_ruleset_sections(ruleset, block, len)) {
        return "it is damaged";
    }
    return NULL;
}

apr_status_t du_ruleset_load(du_ctx_t *ctx, const char *path, apr_pool_t *pool, const du_ruleset_t **ruleset)
{
    du_ruleset_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_file_t *file;
    apr_finfo_t info;
    apr_mmap_t *map = NULL;
    const char *fault;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);

    *ruleset = NULL;
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, DU_E_RULESET, DUNO(0510), "the rule set %s cannot be opened: %pm", path, (void *)&rv);
    }
    rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (rv == APR_SUCCESS && info.size > 0) {
        rv = apr_mmap_create(&map, file, 0, (apr_size_t)info.size, APR_MMAP_READ, pool);
    }
    apr_file_close(file);
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, DU_E_RULESET, DUNO(0511), "the rule set %s cannot be mapped: %pm", path, (void *)&rv);
    }
    fault = map ? fault_of(made, map->mm, map->size) : "it is empty";
    if (fault) {
        return du_fail(ctx, DU_E_RULESET, DUNO(0512), "the rule set %s is not used: %s", path, fault);
    }
    made->pool = pool;
    *ruleset = made;
    return APR_SUCCESS;
}

apr_int64_t du_ruleset_generation(const du_ruleset_t *ruleset)
{
    return ruleset->header->generation;
}

apr_time_t du_ruleset_compiled(const du_ruleset_t *ruleset)
{
    return ruleset->header->compiled;
}

apr_uint32_t du_ruleset_count(const du_ruleset_t *ruleset)
{
    return ruleset->header->nrules;
}

apr_size_t du_ruleset_size(const du_ruleset_t *ruleset)
{
    return (apr_size_t)ruleset->header->size;
}

static int has_key(const du_ruleset_t *ruleset, const du_rs_rule_t *rule, const du_key_t *key)
{
#define PART_IS_SAME(part) if (!du_text_same(ruleset->blob + rule->part, key->part)) return 0;
    DU_KEY_PARTS(PART_IS_SAME)
#undef PART_IS_SAME
    return 1;
}

const du_rs_rule_t *du_ruleset_find(const du_ruleset_t *ruleset, const du_key_t *key)
{
    apr_uint32_t mask = ruleset->header->nbuckets - 1;
    apr_uint32_t hash, number;

    if (!du_key_is_complete(key)) {
        return NULL;
    }
    hash = du_key_hash(key);
    for (apr_uint32_t i = hash & mask; (number = ruleset->buckets[i]) != 0; i = (i + 1) & mask) {
        const du_rs_rule_t *rule = &ruleset->rules[number - 1];

        if (rule->hash == hash && has_key(ruleset, rule, key)) {
            return rule;
        }
    }
    return NULL;
}

const du_rs_image_t *du_ruleset_image(const du_ruleset_t *ruleset, const du_rs_rule_t *rule, du_slot_e slot)
{
    return rule->image[slot] ? &ruleset->images[rule->image[slot] - 1] : NULL;
}

const char *du_ruleset_version(const du_ruleset_t *ruleset, const du_rs_image_t *image)
{
    return ruleset->blob + image->version;
}

int du_ruleset_image_file(const du_ruleset_t *ruleset, const du_rs_image_t *image, int index, const char **name,
                          const char **signature, const char **timestamp)
{
    const du_rs_record_t *file;

    if (index < 0 || (apr_uint32_t)index >= image->nfiles) {
        return 0;
    }
    file = &ruleset->files[image->first_file + (apr_uint32_t)index];
    *name = ruleset->blob + file->name;
    *signature = ruleset->blob + file->signature;
    *timestamp = ruleset->blob + file->timestamp;
    return 1;
}

void du_ruleset_reply(const du_ruleset_t *ruleset, const du_rs_image_t *image, const char **bytes, apr_size_t *len)
{
    *bytes = ruleset->blob + (image ? image->reply : ruleset->header->nothing);
    *len = image ? image->reply_len : ruleset->header->nothing_len;
}

/* The rule's image of that version. Exact spelling goes first: 5.4.0A and 5.4.0a would be two versions. */
static const du_rs_image_t *image_of_version(const du_ruleset_t *ruleset, const du_rs_rule_t *rule, const char *version)
{
    const du_rs_image_t *found = NULL;

    for (int slot = 0; slot < DU_SLOTS; slot++) {
        const du_rs_image_t *image = du_ruleset_image(ruleset, rule, (du_slot_e)slot);

        if (image && du_text_equal(du_ruleset_version(ruleset, image), version)) {
            return image;
        }
        if (image && du_text_same(du_ruleset_version(ruleset, image), version)) {
            found = image;
        }
    }
    return found;
}

/* Fills in size, digest and name if the image has such a file. */
static const char *find_file(const du_ruleset_t *ruleset, const du_rs_image_t *image, const char *name,
                             du_rs_file_t *file)
{
    for (apr_uint32_t i = 0; i < image->nfiles; i++) {
        const du_rs_record_t *record = &ruleset->files[image->first_file + i];

        if (du_text_same(ruleset->blob + record->name, name)) {
            file->size = record->size;
            file->digest = record->digest;
            return ruleset->blob + record->name;
        }
        if (du_text_same(ruleset->blob + record->signature, name)) {
            file->size = record->signature_size;
            file->digest = record->signature_digest;
            return ruleset->blob + record->signature;
        }
    }
    return NULL;
}

/* Cuts "a/b/c" into exactly n parts without an empty one; path is changed. */
static int split(char *path, const char **part, int n)
{
    for (int i = 0; i < n; i++) {
        char *slash = strchr(path, '/');

        if (!*path || path == slash || (slash == NULL) != (i == n - 1)) {
            return 0;
        }
        part[i] = path;
        if (slash) {
            *slash = '\0';
            path = slash + 1;
        }
    }
    return 1;
}

apr_status_t du_ruleset_file(const du_ruleset_t *ruleset, const char *url_path, apr_pool_t *pool, du_rs_file_t *file)
{
    enum { TYPE, BRAND, MODEL, REVISION, LOCALE, VERSION, UPDATE_TYPE, NAME, PARTS };
    const char *part[PARTS], *name;
    const du_rs_rule_t *rule;
    const du_rs_image_t *image;
    du_key_t key;

    if (!split(apr_pstrdup(pool, url_path), part, PARTS)) {
        return DU_E_NOT_FOUND;
    }
    key = (du_key_t){part[TYPE], part[BRAND], part[MODEL], part[REVISION], part[LOCALE]};
    rule = du_ruleset_find(ruleset, &key);
    image = rule ? image_of_version(ruleset, rule, part[VERSION]) : NULL;
    if (!image || !du_text_same(ruleset->blob + rule->update_type, part[UPDATE_TYPE])) {
        return DU_E_NOT_FOUND;
    }
    name = find_file(ruleset, image, part[NAME], file);
    if (!name) {
        return DU_E_NOT_FOUND;
    }
    /* on disk it is spelled as the rule is, not as the phone asked */
#define RULE_PART(p) key.p = ruleset->blob + rule->p;
    DU_KEY_PARTS(RULE_PART)
#undef RULE_PART
    file->path = apr_pstrcat(pool, DU_IMAGE_ROOT "/",
                             du_image_path(pool, &key, du_ruleset_version(ruleset, image),
                                           ruleset->blob + rule->update_type),
                             "/", name, NULL);
    return APR_SUCCESS;
}
