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
    ruleset->replies = (const void *)(ruleset->images + h->nimages);
    ruleset->dialects = (const void *)(ruleset->replies + h->nreplies);
    ruleset->subnets = (const void *)(ruleset->dialects + h->ndialects);
    ruleset->tests = (const void *)(ruleset->subnets + h->nsubnets);
    ruleset->held = (const void *)(ruleset->tests + h->ntests);
    ruleset->buckets = (const void *)(ruleset->held + h->nheld);
    ruleset->settings = (const void *)(ruleset->buckets + h->nbuckets);
    ruleset->blob = (const void *)(ruleset->settings + h->nsettings);
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

void du_ruleset_key(const du_ruleset_t *ruleset, apr_uint32_t number, du_key_t *key)
{
#define KEY_PART(part) key->part = ruleset->blob + ruleset->rules[number].part;
    DU_KEY_PARTS(KEY_PART)
#undef KEY_PART
}

static int has_key(const du_ruleset_t *ruleset, const du_rs_rule_t *rule, const du_key_t *key)
{
    int same = 1;

#define COMPARE(part) same = same && du_text_same(ruleset->blob + rule->part, key->part);
    DU_KEY_PARTS(COMPARE)
#undef COMPARE
    return same;
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

/*
 * Replies
 */

/* 1 if the condition is none, or if `holds` of it. */
static int allows(const char *condition, const char *text, int (*holds)(const char *text, const char *condition))
{
    return !*condition || holds(text, condition);
}

int du_ruleset_dialect(const du_ruleset_t *ruleset, const char *type, const char *vendor, const char *user_agent)
{
    int last = (int)ruleset->header->ndialects - 1;

    for (int i = 0; i < last; i++) {
        const du_rs_dialect_t *dialect = &ruleset->dialects[i];

        if (allows(ruleset->blob + dialect->type, type, du_text_same) &&
            allows(ruleset->blob + dialect->vendor, vendor, du_text_same) &&
            allows(ruleset->blob + dialect->user_agent, user_agent, du_text_contains)) {
            return i;
        }
    }
    return last;
}

const char *du_ruleset_media_type(const du_ruleset_t *ruleset, int dialect)
{
    return ruleset->blob + ruleset->dialects[dialect].media_type;
}

void du_ruleset_reply(const du_ruleset_t *ruleset, const du_rs_image_t *image, int dialect, const char **bytes,
                      apr_size_t *len)
{
    *bytes = image ? "" : ruleset->blob + ruleset->dialects[dialect].nothing;
    *len = image ? 0 : ruleset->dialects[dialect].nothing_len;
    for (apr_uint32_t i = 0; image && i < image->nreplies; i++) {
        const du_rs_reply_t *reply = &ruleset->replies[image->first_reply + i];

        if (reply->dialect == (apr_uint32_t)dialect) {
            *bytes = ruleset->blob + reply->bytes;
            *len = reply->len;
        }
    }
}

/*
 * Settings
 */

void du_ruleset_settings(const du_ruleset_t *ruleset, du_settings_t *settings)
{
    *settings = (du_settings_t){{NULL}};
    for (apr_uint32_t i = 0; ruleset && i < ruleset->header->nsettings; i++) {
        const du_rs_setting_t *listed = &ruleset->settings[i];

        for (int id = 0; id < DU_SETTINGS; id++) {
            if (du_text_same(du_setting_name((du_setting_e)id), ruleset->blob + listed->name)) {
                settings->value[id] = ruleset->blob + listed->value;
            }
        }
    }
}

/*
 * Test devices, held phones
 */

/* The longest prefix wins, and it comes first. */
apr_uint32_t du_ruleset_site(const du_ruleset_t *ruleset, const du_address_t *address)
{
    for (apr_uint32_t i = 0; address && i < ruleset->header->nsubnets; i++) {
        if (du_subnet_contains(&ruleset->subnets[i].subnet, address)) {
            return ruleset->subnets[i].site;
        }
    }
    return 0;
}

#define NUMBERS_OF(record) ((apr_uint32_t)(sizeof(record) / sizeof(apr_uint32_t)))

/* The first of n records, each with an identifier, that is not before that one. stride is the numbers of a record. */
static apr_uint32_t lower_bound(const du_ruleset_t *ruleset, const apr_uint32_t *identifiers, apr_uint32_t n,
                                apr_uint32_t stride, const char *identifier)
{
    apr_uint32_t low = 0, high = n;

    while (low < high) {
        apr_uint32_t middle = low + (high - low) / 2;

        if (strcmp(ruleset->blob + identifiers[middle * stride], identifier) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int is_listed(const du_ruleset_t *ruleset, const char *identifier, const du_address_t *address)
{
    apr_uint32_t n = ruleset->header->ntests;
    apr_uint32_t i = identifier ? lower_bound(ruleset, (const apr_uint32_t *)ruleset->tests, n,
                                              NUMBERS_OF(du_rs_test_t), identifier)
                                : n;

    for (; i < n; i++) {
        const du_rs_test_t *test = &ruleset->tests[i];

        if (!du_text_equal(ruleset->blob + test->identifier, identifier)) {
            return 0;
        }
        if (test->site == 0 || test->site == du_ruleset_site(ruleset, address)) {
            return 1;
        }
    }
    return 0;
}

/* Identifiers as the table has them, built without a pool: a decision allocates nothing. */
static const char *with_letter(char *to, char letter, const char *canonical)
{
    to[0] = letter;
    return canonical && apr_cpystrn(to + 1, canonical, DU_RS_IDENTIFIER_MAX - 1) ? to : NULL;
}

int du_ruleset_is_test(const du_ruleset_t *ruleset, const char *mac, const char *serial, const du_address_t *address)
{
    char identifier[DU_RS_IDENTIFIER_MAX];

    return ruleset->header->ntests > 0 &&
           (is_listed(ruleset, with_letter(identifier, DU_RS_MAC, mac), address) ||
            is_listed(ruleset, with_letter(identifier, DU_RS_SERIAL, serial), address));
}

static int is_held(const du_ruleset_t *ruleset, const char *identifier, const char *version)
{
    apr_uint32_t n = ruleset->header->nheld;
    apr_uint32_t i = identifier ? lower_bound(ruleset, (const apr_uint32_t *)ruleset->held, n,
                                              NUMBERS_OF(du_rs_held_t), identifier)
                                : n;

    for (; i < n && du_text_equal(ruleset->blob + ruleset->held[i].identifier, identifier); i++) {
        if (du_text_equal(ruleset->blob + ruleset->held[i].version, version)) {
            return 1;
        }
    }
    return 0;
}

int du_ruleset_is_held(const du_ruleset_t *ruleset, const char *mac, const char *serial, const char *version)
{
    char identifier[DU_RS_IDENTIFIER_MAX];

    return ruleset->header->nheld > 0 && (is_held(ruleset, with_letter(identifier, DU_RS_MAC, mac), version) ||
                                          is_held(ruleset, with_letter(identifier, DU_RS_SERIAL, serial), version));
}

/* The rule's image of that version. Exact spelling goes first: 5.4.0A and 5.4.0a would be two versions. */
static const du_rs_image_t *image_of_version(const du_ruleset_t *ruleset, const du_rs_rule_t *rule,
                                             const char *version)
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
    file->path =
        apr_pstrcat(pool, DU_IMAGE_ROOT "/",
                    du_image_path(pool, &key, du_ruleset_version(ruleset, image), ruleset->blob + rule->update_type),
                    "/", name, NULL);
    return APR_SUCCESS;
}
