#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_text.h"

static void set_text(apr_pool_t *pool, json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, ctl_json_text(pool, text));
}

static void set_number(json_t *object, const char *name, apr_int64_t number)
{
    json_object_set_new(object, name, json_integer(number));
}

static void set_digest(apr_pool_t *pool, json_t *object, const char *name, const unsigned char *digest)
{
    set_text(pool, object, name, du_text_hex(pool, digest, DU_DIGEST_SIZE));
}

void ctl_json_key(apr_pool_t *pool, json_t *object, const du_key_t *key, const char *update_type)
{
    set_text(pool, object, "device_type", key->type);
    set_text(pool, object, "brand", key->brand);
    set_text(pool, object, "model", key->model);
    set_text(pool, object, "revision", key->revision);
    set_text(pool, object, "locale", key->locale);
    set_text(pool, object, "update_type", update_type);
}

void ctl_json_versions(apr_pool_t *pool, json_t *object, const du_versions_t *versions)
{
#define SLOT_NAME(id, name) #name "_version",
    static const char *const names[] = {DU_SLOT_LIST(SLOT_NAME)};
#undef SLOT_NAME

    for (int slot = 0; slot < DU_SLOTS; slot++) {
        const char *version = du_text_or_null(versions->slot[slot]);

        json_object_set_new(object, names[slot], version ? ctl_json_text(pool, version) : json_null());
    }
}

json_t *ctl_json_rule(apr_pool_t *pool, const du_rule_t *rule)
{
    json_t *object = json_object();

    set_number(object, "id", rule->id);
    ctl_json_key(pool, object, &rule->key, rule->update_type);
    ctl_json_versions(pool, object, &rule->versions);
    return object;
}

json_t *ctl_json_files(apr_pool_t *pool, const du_image_t *image)
{
    json_t *array = json_array();

    for (int i = 0; i < image->nfiles; i++) {
        const du_file_t *file = &image->files[i];
        json_t *object = json_object();

        set_text(pool, object, "name", file->name);
        set_number(object, "size", file->size);
        set_digest(pool, object, "sha256", file->digest);
        set_text(pool, object, "signature", file->signature);
        set_number(object, "signature_size", file->signature_size);
        set_digest(pool, object, "signature_sha256", file->signature_digest);
        set_text(pool, object, "timestamp", file->timestamp);
        json_array_append_new(array, object);
    }
    return array;
}

json_t *ctl_json_package(apr_pool_t *pool, const du_package_t *package)
{
    json_t *object = json_object();

    set_number(object, "id", package->id);
    set_text(pool, object, "filename", package->filename);
    set_number(object, "size", package->size);
    set_text(pool, object, "sha256", package->digest);
    json_object_set_new(object, "imported", ctl_json_time(pool, package->imported));
    set_text(pool, object, "actor", package->actor);
    set_text(pool, object, "note", package->note);
    ctl_json_trust(pool, object, package->trust, package->signer);
    return object;
}

/* Files of one image may share a catalogue. */
static int is_shown(const du_image_t *image, int file)
{
    for (int i = 0; i < file; i++) {
        if (du_text_equal(image->files[i].signature, image->files[file].signature)) {
            return 1;
        }
    }
    return 0;
}

void ctl_files_print(apr_pool_t *pool, const du_image_t *image)
{
    static const char *const titles[] = {"FILE", "BYTES", "SHA-256"};
    ctl_table_t *table = ctl_table_make(pool, "    ", 3, titles);

    for (int i = 0; i < image->nfiles; i++) {
        const du_file_t *file = &image->files[i];
        const char *content[] = {file->name, apr_off_t_toa(pool, file->size),
                                 du_text_hex(pool, file->digest, DU_DIGEST_SIZE)};
        const char *signature[] = {file->signature, apr_off_t_toa(pool, file->signature_size),
                                   du_text_hex(pool, file->signature_digest, DU_DIGEST_SIZE)};

        ctl_table_row(table, content);
        if (!is_shown(image, i)) {
            ctl_table_row(table, signature);
        }
    }
    ctl_table_print(table);
}

void ctl_json_trust(apr_pool_t *pool, json_t *object, const char *trust, const char *signer)
{
    const char *name = du_text_or_null(signer);

    set_text(pool, object, "trust", trust);
    json_object_set_new(object, "signer", name ? ctl_json_text(pool, name) : json_null());
}

const char *ctl_trust_text(apr_pool_t *pool, const char *trust, const char *signer, const char *doubt)
{
    if (du_text_equal(trust, DU_TRUST_VERIFIED)) {
        return apr_pstrcat(pool, "verified, signed by ", signer, NULL);
    }
    if (du_text_equal(trust, DU_TRUST_EXPIRED)) {
        return apr_pstrcat(pool, "verified, but with an expired certificate, signed by ", signer, NULL);
    }
    return doubt ? apr_pstrcat(pool, "NOT VERIFIED: ", doubt, NULL) : "NOT VERIFIED";
}

const char *ctl_package_trust_text(const char *trust)
{
    if (du_text_equal(trust, DU_TRUST_UNVERIFIED)) {
        return "NOT VERIFIED, imported with --allow-unsigned";
    }
    return du_text_equal(trust, DU_TRUST_EXPIRED) ? "verified, but with expired certificates" : "verified";
}
