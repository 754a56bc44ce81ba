#include "dua_record.h"

#include <apr_strings.h>

#include "du_text.h"

json_t *dua_json_text(apr_pool_t *pool, const char *text)
{
    json_t *json = json_string(du_text_or_empty(text));

    return json ? json : json_string(du_text_visible(pool, text));
}

json_t *dua_json_time(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t t = {0};

    apr_time_exp_gmt(&t, time);
    return json_string(apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
                                    t.tm_hour, t.tm_min, t.tm_sec));
}

void dua_set_text(apr_pool_t *pool, json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, dua_json_text(pool, text));
}

void dua_set_number(json_t *object, const char *name, apr_int64_t number)
{
    json_object_set_new(object, name, json_integer(number));
}

void dua_set_time(apr_pool_t *pool, json_t *object, const char *name, apr_time_t time)
{
    json_object_set_new(object, name, dua_json_time(pool, time));
}

void dua_set_flag(json_t *object, const char *name, int flag)
{
    json_object_set_new(object, name, json_boolean(flag));
}

static void set_digest(apr_pool_t *pool, json_t *object, const char *name, const unsigned char *digest)
{
    dua_set_text(pool, object, name, du_text_hex(pool, digest, DU_DIGEST_SIZE));
}

void dua_json_key(apr_pool_t *pool, json_t *object, const du_key_t *key, const char *update_type)
{
    dua_set_text(pool, object, "device_type", key->type);
    dua_set_text(pool, object, "brand", key->brand);
    dua_set_text(pool, object, "model", key->model);
    dua_set_text(pool, object, "revision", key->revision);
    dua_set_text(pool, object, "locale", key->locale);
    dua_set_text(pool, object, "update_type", update_type);
}

void dua_json_versions(apr_pool_t *pool, json_t *object, const du_versions_t *versions)
{
#define SLOT_NAME(id, name) #name "_version",
    static const char *const names[] = {DU_SLOT_LIST(SLOT_NAME)};
#undef SLOT_NAME

    for (int slot = 0; slot < DU_SLOTS; slot++) {
        const char *version = du_text_or_null(versions->slot[slot]);

        json_object_set_new(object, names[slot], version ? dua_json_text(pool, version) : json_null());
    }
}

json_t *dua_json_rule(apr_pool_t *pool, const du_rule_t *rule)
{
    json_t *object = json_object();

    dua_set_number(object, "id", rule->id);
    dua_json_key(pool, object, &rule->key, rule->update_type);
    dua_json_versions(pool, object, &rule->versions);
    return object;
}

json_t *dua_json_planned(apr_pool_t *pool, const du_planned_t *planned, const char *done)
{
    json_t *object = json_object(), *before = json_object(), *after = json_object();

    dua_json_versions(pool, before, &planned->before);
    dua_json_versions(pool, after, &planned->after);
    dua_set_number(object, "id", planned->rule->id);
    dua_json_key(pool, object, &planned->rule->key, planned->rule->update_type);
    dua_set_text(pool, object, "result", planned->changes ? done : "nothing");
    json_object_set_new(object, "before", before);
    json_object_set_new(object, "after", after);
    return object;
}

apr_status_t dua_json_phones(du_ctx_t *ctx, json_t *object, const du_planned_t *planned,
                             const du_plan_phones_t *phones)
{
    du_rule_count_t count;
    json_t *member;
    apr_status_t status = phones ? du_plan_phones_count(ctx, phones, planned, &count) : APR_SUCCESS;

    if (status != APR_SUCCESS || !phones) {
        json_object_set_new(object, "phones", json_null());
        return status;
    }
    member = json_object();
    dua_set_number(member, "known", count.known);
    dua_set_number(member, "other_version", count.others);
    dua_set_flag(member, "test_devices_only", count.test_devices_only);
    json_object_set_new(object, "phones", member);
    return APR_SUCCESS;
}

json_t *dua_json_files(apr_pool_t *pool, const du_image_t *image)
{
    json_t *array = json_array();

    for (int i = 0; i < image->nfiles; i++) {
        const du_file_t *file = &image->files[i];
        json_t *object = json_object();

        dua_set_text(pool, object, "name", file->name);
        dua_set_number(object, "size", file->size);
        set_digest(pool, object, "sha256", file->digest);
        dua_set_text(pool, object, "signature", file->signature);
        dua_set_number(object, "signature_size", file->signature_size);
        set_digest(pool, object, "signature_sha256", file->signature_digest);
        dua_set_text(pool, object, "timestamp", file->timestamp);
        json_array_append_new(array, object);
    }
    return array;
}

json_t *dua_json_package(apr_pool_t *pool, const du_package_t *package)
{
    json_t *object = json_object();

    dua_set_number(object, "id", package->id);
    dua_set_text(pool, object, "filename", package->filename);
    dua_set_number(object, "size", package->size);
    dua_set_text(pool, object, "sha256", package->digest);
    json_object_set_new(object, "imported", dua_json_time(pool, package->imported));
    dua_set_text(pool, object, "actor", package->actor);
    dua_set_text(pool, object, "note", package->note);
    dua_json_trust(pool, object, package->trust, package->signer);
    return object;
}

void dua_json_trust(apr_pool_t *pool, json_t *object, const char *trust, const char *signer)
{
    const char *name = du_text_or_null(signer);

    dua_set_text(pool, object, "trust", trust);
    json_object_set_new(object, "signer", name ? dua_json_text(pool, name) : json_null());
}

json_t *dua_json_chain(apr_pool_t *pool, const du_proof_t *chain)
{
    json_t *object = json_object();

    json_object_set_new(object, "result", json_string(du_proof_name(chain->what)));
    json_object_set_new(object, "rows", json_integer(chain->rows));
    json_object_set_new(object, "digest", chain->rows ? dua_json_text(pool, chain->digest) : json_null());
    json_object_set_new(object, "bad_row", chain->what == DU_PROOF_WHOLE ? json_null() : json_integer(chain->bad));
    return object;
}
