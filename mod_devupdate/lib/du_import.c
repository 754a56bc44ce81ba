#include "du_import.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "du_cab_signature.h"
#include "du_identity.h"
#include "du_image.h"
#include "du_package.h"
#include "du_text.h"
#include "du_trust.h"

#define LOCK_PAUSE (APR_USEC_PER_SEC / 5) /* between two looks whether another import has ended */

typedef struct work_t {
    du_ctx_t *ctx;
    du_store_t *store;
    du_import_t *import;
    du_image_lock_t *lock;
    apr_array_header_t *images; /* of du_package_image_t; import->arrivals has the same order */
    int begun;                  /* arrivals whose images are in place, or were on the way */
    apr_off_t done, total;      /* bytes of images, for progress */
} work_t;

/* "Not there" is an answer that some steps hope for. */
static int is_new(work_t *work, apr_status_t rv)
{
    if (rv != DU_E_NOT_FOUND) {
        return 0;
    }
    memset(&work->ctx->failure, 0, sizeof(work->ctx->failure));
    return 1;
}

static const char *shown(work_t *work, const char *text)
{
    return du_text_for_log(work->ctx->pool, text);
}

static const char *key_shown(work_t *work, const du_key_t *key)
{
    return shown(work, du_key_path(work->ctx->pool, key));
}

static const char *name_of(const du_import_t *import)
{
    return import->name ? import->name : apr_filepath_name_get(import->path);
}

static void describe_package(work_t *work, const du_cab_t *cab)
{
    du_import_t *import = work->import;
    const char *name = name_of(import);

    import->package = (du_package_t){
        .filename = du_text_is_utf8(name, strlen(name)) ? name : shown(work, name),
        .size = cab->size,
        .digest = du_text_hex(work->ctx->pool, cab->digest, DU_DIGEST_SIZE),
        .imported = du_now(work->ctx),
        .actor = import->actor.name,
        .note = du_text_or_empty(import->actor.note),
        .trust = DU_TRUST_VERIFIED, /* until an image is less */
    };
}

/* A known package has something to bring if a rule of it was removed, or files of it cleared. */
static int brings_something(const work_t *work)
{
    for (int i = 0; i < work->import->arrivals->nelts; i++) {
        if (!APR_ARRAY_IDX(work->import->arrivals, i, du_arrival_t).already) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t check_news(work_t *work)
{
    du_import_t *import = work->import;
    char when[APR_RFC822_DATE_LEN];
    du_package_t *known;
    apr_status_t rv;

    rv = du_store_package_by_digest(work->ctx, work->store, import->package.digest, work->ctx->pool, &known);
    if (rv != APR_SUCCESS) {
        return is_new(work, rv) ? APR_SUCCESS : rv;
    }
    if (brings_something(work)) {
        return APR_SUCCESS;
    }
    import->package = *known;
    apr_rfc822_date(when, known->imported);
    return du_fail(work->ctx, DU_E_EXISTS, DUNO(0652), "already imported: %s is package %" APR_INT64_T_FMT " of %s",
                   shown(work, name_of(import)), known->id, when);
}

/* An image that is there stays as it is: phones may be downloading it. */
static apr_status_t compare_with_known(work_t *work, du_arrival_t *arrival)
{
    du_image_t *known;
    apr_status_t rv =
        du_store_image(work->ctx, work->store, arrival->rule_id, arrival->image.version, work->ctx->pool, &known);

    if (rv != APR_SUCCESS) {
        return is_new(work, rv) ? APR_SUCCESS : rv;
    }
    if (!du_image_same(&arrival->image, known)) {
        return du_fail(work->ctx, DU_E_PACKAGE, DUNO(0653), "version %s for %s was imported before with other files",
                       shown(work, arrival->image.version), key_shown(work, &arrival->key));
    }
    arrival->already = 1;
    arrival->image.trust = known->trust;
    arrival->image.signer = known->signer;
    return APR_SUCCESS;
}

/* Versions that differ in case only are different, but the URLs of their files are not. */
static apr_status_t check_version(work_t *work, const du_rule_t *rule, const char *version)
{
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        const char *other = rule->versions.slot[slot];

        if (du_text_same(other, version) && !du_text_equal(other, version)) {
            return du_fail(work->ctx, DU_E_PACKAGE, DUNO(0654),
                           "version %s for %s differs from version %s in case only", shown(work, version),
                           key_shown(work, &rule->key), shown(work, other));
        }
    }
    return APR_SUCCESS;
}

/* The first import decided how the key is spelled and so where its images lie. */
static apr_status_t join_rule(work_t *work, const du_rule_t *rule, du_arrival_t *arrival)
{
    apr_status_t rv;

    if (!du_text_same(rule->update_type, arrival->update_type)) {
        return du_fail(work->ctx, DU_E_PACKAGE, DUNO(0655), "%s has the update type %s; the package says %s",
                       key_shown(work, &rule->key), shown(work, rule->update_type),
                       shown(work, arrival->update_type));
    }
    arrival->key = rule->key;
    arrival->update_type = rule->update_type;
    arrival->rule_id = rule->id;
    du_lifecycle_apply(DU_ACTION_IMPORT, &rule->versions, arrival->image.version, &arrival->versions);
    rv = check_version(work, rule, arrival->image.version);
    return rv == APR_SUCCESS ? compare_with_known(work, arrival) : rv;
}

static apr_status_t take_arrival(work_t *work, const du_package_image_t *image)
{
    static const du_versions_t none = {{"", "", ""}};
    du_arrival_t *arrival = apr_array_push(work->import->arrivals);
    du_rule_t *rule;
    apr_status_t rv;

    arrival->key = image->key;
    arrival->update_type = image->update_type;
    arrival->image = image->image;
    arrival->doubt = image->doubt;
    rv = du_store_rule_by_key(work->ctx, work->store, &image->key, work->ctx->pool, &rule);
    if (rv == APR_SUCCESS) {
        return join_rule(work, rule, arrival);
    }
    if (!is_new(work, rv)) {
        return rv;
    }
    arrival->is_new_rule = 1;
    du_lifecycle_apply(DU_ACTION_IMPORT, &none, arrival->image.version, &arrival->versions);
    return APR_SUCCESS;
}

static apr_status_t take_arrivals(work_t *work)
{
    work->import->arrivals = apr_array_make(work->ctx->pool, work->images->nelts, sizeof(du_arrival_t));
    for (int i = 0; i < work->images->nelts; i++) {
        const du_package_image_t *image = &APR_ARRAY_IDX(work->images, i, du_package_image_t);
        apr_status_t rv = take_arrival(work, image);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        for (int j = 0; j < image->image.nfiles; j++) {
            work->total += image->image.files[j].size;
        }
    }
    return APR_SUCCESS;
}

/* What is not verified comes in if it is allowed to, and is marked for ever. What has expired does so as it is, or is
 * not verified where that is the policy. An image that is there already keeps its mark. */
static apr_status_t admit_arrival(work_t *work, const du_package_image_t *image, du_arrival_t *arrival,
                                  const char *expiry)
{
    int expired = du_text_equal(image->image.trust, DU_TRUST_EXPIRED);
    int refused =
        du_text_equal(image->image.trust, DU_TRUST_UNVERIFIED) || (expired && du_text_equal(expiry, "refuse"));

    if (refused && !work->import->allow_unsigned) {
        return du_fail(work->ctx, DU_E_PACKAGE, DUNO(0668), "%s; without --allow-unsigned nothing is imported",
                       image->doubt);
    }
    if (refused && !arrival->already) {
        arrival->image.trust = DU_TRUST_UNVERIFIED;
        arrival->image.signer = "";
    }
    if (expired && !refused) {
        du_log(work->ctx, DU_LOG_WARNING, DUNO(0669), "%s", image->doubt);
    }
    work->import->package.trust = du_trust_least(work->import->package.trust, arrival->image.trust);
    return APR_SUCCESS;
}

static apr_status_t admit_arrivals(work_t *work, const du_settings_t *settings)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < work->images->nelts; i++) {
        rv = admit_arrival(work, &APR_ARRAY_IDX(work->images, i, du_package_image_t),
                           &APR_ARRAY_IDX(work->import->arrivals, i, du_arrival_t),
                           du_setting_text(settings, DU_SET_CATALOG_EXPIRY));
    }
    return rv;
}

/* Finds out what is known about the images; whether they come in is decided when it is clear which are new. */
static apr_status_t judge_package(work_t *work)
{
    du_import_t *import = work->import;
    du_anchors_t *anchors;
    apr_status_t rv = du_anchors_read(work->ctx, import->files, import->trust, &anchors);

    if (rv == APR_SUCCESS) {
        rv = du_cab_signature_read(work->ctx, anchors, import->path, &import->package.signer);
    }
    return rv == APR_SUCCESS ? du_trust_judge(work->ctx, anchors, work->images) : rv;
}

static const char *arrival_path(work_t *work, const du_arrival_t *arrival)
{
    return du_image_path(work->ctx->pool, &arrival->key, arrival->image.version, arrival->update_type);
}

/* Catalogues may be shared by files of one image; each is added with the first file that has it. */
static int is_repeated(const du_package_image_t *image, int i)
{
    for (int j = 0; j < i; j++) {
        if (image->signatures[j] == image->signatures[i]) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t build_image(work_t *work, const du_package_image_t *image, const char *building)
{
    du_import_t *import = work->import;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < image->image.nfiles; i++) {
        const du_file_t *file = &image->image.files[i];

        rv = du_image_add(work->ctx, building, image->members[i]->staged, file->name);
        if (rv == APR_SUCCESS && !is_repeated(image, i)) {
            rv = du_image_add(work->ctx, building, image->signatures[i]->staged, file->signature);
        }
        work->done += file->size;
        if (rv == APR_SUCCESS && import->progress) {
            rv = import->progress(import->baton, "store", work->done, work->total);
        }
    }
    return rv;
}

static apr_status_t place_images(work_t *work)
{
    apr_status_t rv = APR_SUCCESS;

    for (; rv == APR_SUCCESS && work->begun < work->images->nelts; work->begun++) {
        const du_package_image_t *image = &APR_ARRAY_IDX(work->images, work->begun, du_package_image_t);
        const du_arrival_t *arrival = &APR_ARRAY_IDX(work->import->arrivals, work->begun, du_arrival_t);
        const char *building;

        if (arrival->already) {
            continue;
        }
        rv = du_image_begin(work->ctx, work->lock, &building);
        if (rv == APR_SUCCESS) {
            rv = build_image(work, image, building);
        }
        if (rv == APR_SUCCESS) {
            rv = du_image_place(work->ctx, work->lock, building, arrival_path(work, arrival));
        }
    }
    return rv;
}

/* 1 if the store has no such version of such a rule. */
static int is_unrecorded(work_t *work, const du_arrival_t *arrival)
{
    du_rule_t *rule;
    du_image_t *image;
    apr_status_t rv = du_store_rule_by_key(work->ctx, work->store, &arrival->key, work->ctx->pool, &rule);

    if (rv == APR_SUCCESS) {
        rv = du_store_image(work->ctx, work->store, rule->id, arrival->image.version, work->ctx->pool, &image);
    }
    return rv == DU_E_NOT_FOUND;
}

/* Takes the placed images away, unless the store has, or may have, rows that name them: when the connection breaks
 * during the commit nobody knows, and files without a row are better than a row without files. */
static void withdraw(work_t *work)
{
    du_failure_t failure = work->ctx->failure;

    for (int i = 0; i < work->begun; i++) {
        const du_arrival_t *arrival = &APR_ARRAY_IDX(work->import->arrivals, i, du_arrival_t);

        if (!arrival->already && is_unrecorded(work, arrival)) {
            du_image_remove(work->ctx, work->lock, arrival_path(work, arrival));
        }
    }
    work->ctx->failure = failure;
}

static apr_status_t tell(const work_t *work, du_import_step_e step)
{
    const du_import_t *import = work->import;

    return import->step ? import->step(import->baton, step) : APR_SUCCESS;
}

static apr_status_t place_and_record(work_t *work)
{
    du_import_t *import = work->import;
    apr_status_t rv = place_images(work);

    if (rv == APR_SUCCESS) {
        rv = tell(work, DU_STEP_STORED);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_import(work->ctx, work->store, &import->package, import->arrivals, &import->actor);
    }
    if (rv != APR_SUCCESS) {
        withdraw(work);
        return rv;
    }
    if (du_identity_claim(work->ctx, work->store, import->files) != APR_SUCCESS) {
        du_report(work->ctx, DU_LOG_WARNING); /* the next import makes up for it */
    }
    tell(work, DU_STEP_COMMITTED);
    return APR_SUCCESS;
}

/* What is in the package and what is known of it: everything that can be said without changing anything. */
static apr_status_t examine(work_t *work, const du_cab_t *cab, int depth)
{
    apr_status_t rv;

    describe_package(work, cab);
    rv = du_package_match(work->ctx, cab, depth, &work->images);
    if (rv == APR_SUCCESS) {
        rv = tell(work, DU_STEP_DESCRIBED);
    }
    if (rv == APR_SUCCESS) {
        rv = judge_package(work);
    }
    if (rv == APR_SUCCESS) {
        rv = take_arrivals(work);
    }
    return rv == APR_SUCCESS ? check_news(work) : rv;
}

static apr_status_t import_locked(work_t *work, const char *staging)
{
    du_import_t *import = work->import;
    du_settings_t settings;
    du_import_limits_t limits;
    du_cab_t *cab;
    apr_status_t rv = du_identity_check(work->ctx, work->store, import->files);

    if (rv == APR_SUCCESS) {
        rv = du_store_settings(work->ctx, work->store, NULL, work->ctx->pool, &settings);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    limits = du_import_limits(&settings);
    rv = du_cab_unpack(work->ctx, import->path, staging, &limits, import->progress, import->baton, &cab);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = tell(work, DU_STEP_UNPACKED);
    if (rv == APR_SUCCESS) {
        rv = examine(work, cab, (int)limits.depth);
    }
    if (rv == APR_SUCCESS) {
        rv = admit_arrivals(work, &settings);
    }
    if (rv == APR_SUCCESS) {
        rv = tell(work, DU_STEP_VERIFIED);
    }
    return rv == APR_SUCCESS && !import->dry_run ? place_and_record(work) : rv;
}

/* The system wakes nobody who wants to be able to give up waiting, too. */
static apr_status_t lock(work_t *work, const char **staging)
{
    du_import_t *import = work->import;
    apr_pool_t *pool;
    apr_status_t rv;

    if (!import->progress) {
        return du_image_lock(work->ctx, import->files, work->ctx->pool, &work->lock, staging);
    }
    apr_pool_create(&pool, work->ctx->pool);
    while ((rv = du_image_trylock(work->ctx, import->files, pool, &work->lock, staging)) == APR_EBUSY) {
        apr_pool_clear(pool);
        rv = import->progress(import->baton, "wait", 0, 0);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        apr_sleep(LOCK_PAUSE);
    }
    return rv;
}

apr_status_t du_import_run(du_ctx_t *ctx, du_store_t *store, du_import_t *import)
{
    work_t work = {.ctx = ctx, .store = store, .import = import};
    const char *staging;
    apr_status_t rv = lock(&work, &staging);

    if (rv == APR_SUCCESS) {
        rv = import_locked(&work, staging);
        du_image_unlock(work.lock);
    }
    return rv;
}
