#include "du_files.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#include "du_identity.h"
#include "du_text.h"

static apr_hash_t *index_of(const apr_array_header_t *dirs, apr_pool_t *pool)
{
    apr_hash_t *index = apr_hash_make(pool);

    for (int i = 0; i < dirs->nelts; i++) {
        const du_image_dir_t *dir = &APR_ARRAY_IDX(dirs, i, du_image_dir_t);

        apr_hash_set(index, dir->path, APR_HASH_KEY_STRING, dir);
    }
    return index;
}

/* Takes the directory out of the index: what is left in it are orphans. */
static void join(apr_hash_t *index, const du_stored_t *stored, apr_pool_t *pool, du_files_entry_t *entry)
{
    const du_rule_t *rule = &stored->rule;
    const char *path = du_image_path(pool, &rule->key, stored->version, rule->update_type);
    const du_image_dir_t *dir = apr_hash_get(index, path, APR_HASH_KEY_STRING);

    memset(entry, 0, sizeof(*entry));
    entry->stored = stored;
    entry->dir.path = path;
    if (dir) {
        entry->dir = *dir;
        apr_hash_set(index, path, APR_HASH_KEY_STRING, NULL);
    }
}

/* The tree is read first: an import places its files before it writes its rows. */
apr_status_t du_files_list(du_ctx_t *ctx, du_store_t *store, const char *files, apr_pool_t *pool,
                           apr_array_header_t **entries)
{
    apr_array_header_t *dirs, *images = NULL;
    apr_hash_t *index;
    apr_status_t rv = du_image_tree(ctx, files, pool, &dirs);

    if (rv == APR_SUCCESS) {
        rv = du_store_images(ctx, store, pool, &images);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    index = index_of(dirs, pool);
    *entries = apr_array_make(pool, images->nelts + 1, sizeof(du_files_entry_t));
    for (int i = 0; i < images->nelts; i++) {
        join(index, &APR_ARRAY_IDX(images, i, du_stored_t), pool, apr_array_push(*entries));
    }
    for (int i = 0; i < dirs->nelts; i++) {
        const du_image_dir_t *dir = &APR_ARRAY_IDX(dirs, i, du_image_dir_t);

        if (apr_hash_get(index, dir->path, APR_HASH_KEY_STRING)) {
            APR_ARRAY_PUSH(*entries, du_files_entry_t) = (du_files_entry_t){NULL, *dir};
        }
    }
    return APR_SUCCESS;
}

static int is_listed(const apr_array_header_t *ids, apr_int64_t id)
{
    for (int i = 0; i < ids->nelts; i++) {
        if (APR_ARRAY_IDX(ids, i, apr_int64_t) == id) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t check_ids(du_ctx_t *ctx, const apr_array_header_t *entries, const apr_array_header_t *ids)
{
    apr_array_header_t *images = apr_array_make(ctx->pool, entries->nelts + 1, sizeof(du_stored_t));

    for (int i = 0; i < entries->nelts; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_files_entry_t);

        if (entry->stored) {
            APR_ARRAY_PUSH(images, du_stored_t) = *entry->stored;
        }
    }
    return du_store_forgettable(ctx, images, ids, &images);
}

apr_status_t du_files_removable(du_ctx_t *ctx, du_store_t *store, const char *files, const apr_array_header_t *ids,
                                apr_array_header_t **removable)
{
    apr_array_header_t *entries = apr_array_make(ctx->pool, 1, sizeof(du_files_entry_t));
    apr_status_t rv = du_identity_check(ctx, store, files);

    *removable = apr_array_make(ctx->pool, 16, sizeof(du_files_entry_t));
    if (rv == APR_SUCCESS) {
        rv = du_files_list(ctx, store, files, ctx->pool, &entries);
    }
    if (rv == APR_SUCCESS) {
        rv = check_ids(ctx, entries, ids);
    }
    for (int i = 0; i < entries->nelts && rv == APR_SUCCESS; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_files_entry_t);
        const du_stored_t *stored = entry->stored;

        if (ids ? stored && is_listed(ids, stored->id) : !stored || !stored->is_named) {
            APR_ARRAY_PUSH(*removable, du_files_entry_t) = *entry;
        }
    }
    return rv;
}

const char *du_files_digest(apr_pool_t *pool, const apr_array_header_t *removable)
{
    apr_array_header_t *lines = apr_array_make(pool, removable->nelts, sizeof(const char *));
    unsigned char digest[DU_DIGEST_SIZE];
    const char *text;

    for (int i = 0; i < removable->nelts; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(removable, i, du_files_entry_t);

        APR_ARRAY_PUSH(lines, const char *) = apr_pstrcat(
            pool, entry->stored ? du_text_number(pool, entry->stored->id) : "", " ", entry->dir.path, NULL);
    }
    text = apr_array_pstrcat(pool, lines, '\n');
    EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL);
    return du_text_hex(pool, digest, sizeof(digest));
}

static apr_array_header_t *ids_of(const apr_array_header_t *entries, apr_pool_t *pool)
{
    apr_array_header_t *ids = apr_array_make(pool, 16, sizeof(apr_int64_t));

    for (int i = 0; i < entries->nelts; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_files_entry_t);

        if (entry->stored) {
            APR_ARRAY_PUSH(ids, apr_int64_t) = entry->stored->id;
        }
    }
    return ids;
}

static apr_array_header_t *orphans_of(const apr_array_header_t *entries, apr_pool_t *pool)
{
    apr_array_header_t *orphans = apr_array_make(pool, 16, sizeof(const char *));

    for (int i = 0; i < entries->nelts; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(entries, i, du_files_entry_t);

        if (!entry->stored) {
            APR_ARRAY_PUSH(orphans, const char *) = entry->dir.path;
        }
    }
    return orphans;
}

static int was_forgotten(const apr_array_header_t *forgotten, const du_stored_t *stored)
{
    for (int i = 0; i < forgotten->nelts; i++) {
        if (APR_ARRAY_IDX(forgotten, i, du_stored_t).id == stored->id) {
            return 1;
        }
    }
    return 0;
}

/* Only what the transaction forgot: somebody may have restored a version since the list was made. */
static apr_status_t remove_files(du_ctx_t *ctx, du_image_lock_t *lock, const apr_array_header_t *removable,
                                 const apr_array_header_t *forgotten, apr_array_header_t *removed)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < removable->nelts && rv == APR_SUCCESS; i++) {
        const du_files_entry_t *entry = &APR_ARRAY_IDX(removable, i, du_files_entry_t);

        if (!entry->stored || was_forgotten(forgotten, entry->stored)) {
            rv = du_image_remove(ctx, lock, entry->dir.path);
            APR_ARRAY_PUSH(removed, du_files_entry_t) = *entry;
        }
    }
    return rv;
}

/* With `shown` it is these that the transaction forgets, or none: one of them may be named again by now. */
static apr_status_t clear_locked(du_ctx_t *ctx, du_store_t *store, const char *files, const apr_array_header_t *ids,
                                 const char *shown, const du_actor_t *actor, du_image_lock_t *lock,
                                 apr_array_header_t *removed)
{
    apr_array_header_t *removable, *forgotten;
    apr_status_t rv = du_files_removable(ctx, store, files, ids, &removable);

    if (rv == APR_SUCCESS && shown && strcmp(shown, du_files_digest(ctx->pool, removable)) != 0) {
        rv = du_fail(ctx, DU_E_CONFLICT, DUNO(1137), "what is unused has changed since it was shown");
    }
    if (rv == APR_SUCCESS && removable->nelts > 0) {
        rv = du_identity_claim(ctx, store, files);
    }
    if (shown && rv == APR_SUCCESS) {
        ids = ids_of(removable, ctx->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = du_store_forget(ctx, store, ids, orphans_of(removable, ctx->pool), actor, &forgotten);
    }
    return rv == APR_SUCCESS ? remove_files(ctx, lock, removable, forgotten, removed) : rv;
}

apr_status_t du_files_clear(du_ctx_t *ctx, du_store_t *store, const char *files, const apr_array_header_t *ids,
                            const char *shown, const du_actor_t *actor, apr_array_header_t **removed)
{
    du_image_lock_t *lock;
    const char *staging;
    apr_status_t rv = du_image_lock(ctx, files, ctx->pool, &lock, &staging);

    *removed = apr_array_make(ctx->pool, 16, sizeof(du_files_entry_t));
    if (rv == APR_SUCCESS) {
        rv = clear_locked(ctx, store, files, ids, shown, actor, lock, *removed);
        du_image_unlock(lock);
    }
    return rv;
}
