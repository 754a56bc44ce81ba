#include "du_package.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "du_text.h"
#include "du_update_info.h"

typedef struct match_t {
    du_ctx_t *ctx;
    const du_member_t *members;
    int nmembers;
    apr_hash_t *by_name;            /* folded name -> const du_member_t * */
    const du_member_t *description; /* updateInfo.xml */
    char *named;                    /* by position: the description names this member */
} match_t;

static const char *shown(match_t *match, const char *text)
{
    return du_text_for_log(match->ctx->pool, text);
}

static apr_status_t find_description(match_t *match)
{
    for (const du_member_t *member = match->members; member < match->members + match->nmembers; member++) {
        if (!du_text_same(du_update_file_last(member->name), DU_UPDATE_INFO_NAME)) {
            continue;
        }
        if (match->description) {
            return du_fail(match->ctx, DU_E_PACKAGE, DUNO(0645), "the package has two descriptions: %s and %s",
                           shown(match, match->description->name), shown(match, member->name));
        }
        match->description = member;
        match->named[member - match->members] = 1;
    }
    return match->description
               ? APR_SUCCESS
               : du_fail(match->ctx, DU_E_PACKAGE, DUNO(0646), "the package has no " DU_UPDATE_INFO_NAME);
}

static apr_status_t read_description(match_t *match, int max_depth, apr_array_header_t **updates)
{
    const du_member_t *description = match->description;
    apr_pool_t *pool = match->ctx->pool;
    apr_size_t len = (apr_size_t)description->size;
    apr_file_t *file;
    char *data;
    apr_status_t rv;

    if (description->size > DU_UPDATE_INFO_MAX_BYTES) {
        return du_fail(match->ctx, DU_E_PACKAGE, DUNO(0647), "member %s is larger than %d bytes",
                       shown(match, description->name), DU_UPDATE_INFO_MAX_BYTES);
    }
    data = apr_palloc(pool, len + 1);
    rv = apr_file_open(&file, description->staged, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, data, len, NULL);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS) {
        return du_fail(match->ctx, rv, DUNO(0648), "cannot read %s: %pm", description->staged, &rv);
    }
    return du_update_info_parse(match->ctx, data, len, max_depth, updates);
}

static const du_member_t *find_member(match_t *match, const char *name)
{
    const char *own = match->description->name;
    apr_size_t dir = (apr_size_t)(du_update_file_last(own) - own);
    const char *full = apr_pstrcat(match->ctx->pool, apr_pstrmemdup(match->ctx->pool, own, dir), name, NULL);

    return apr_hash_get(match->by_name, du_text_fold(match->ctx->pool, full), APR_HASH_KEY_STRING);
}

static apr_status_t take_member(match_t *match, const du_update_t *update, const char *name,
                                const du_member_t **member)
{
    *member = find_member(match, name);
    if (!*member) {
        return du_fail(match->ctx, DU_E_PACKAGE, DUNO(0649),
                       DU_UPDATE_INFO_NAME " names %s for %s, which the package has not", shown(match, name),
                       shown(match, du_key_path(match->ctx->pool, &update->key)));
    }
    if ((*member)->size == 0) {
        return du_fail(match->ctx, DU_E_PACKAGE, DUNO(0650), "member %s is empty", shown(match, (*member)->name));
    }
    match->named[*member - match->members] = 1;
    return APR_SUCCESS;
}

static apr_status_t take_file(match_t *match, const du_update_t *update, int i, du_package_image_t *image)
{
    const du_update_file_t *from = &APR_ARRAY_IDX(update->files, i, du_update_file_t);
    du_file_t *file = &image->image.files[i];
    apr_status_t rv = take_member(match, update, from->name, &image->members[i]);

    if (rv == APR_SUCCESS) {
        rv = take_member(match, update, from->signature, &image->signatures[i]);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    file->name = du_update_file_last(image->members[i]->name);
    file->size = image->members[i]->size;
    memcpy(file->digest, image->members[i]->digest, DU_DIGEST_SIZE);
    file->signature = du_update_file_last(image->signatures[i]->name);
    file->signature_size = image->signatures[i]->size;
    memcpy(file->signature_digest, image->signatures[i]->digest, DU_DIGEST_SIZE);
    file->timestamp = from->timestamp;
    return APR_SUCCESS;
}

static apr_status_t take_image(match_t *match, const du_update_t *update, du_package_image_t *image)
{
    apr_size_t nfiles = (apr_size_t)update->files->nelts;

    image->key = update->key;
    image->update_type = update->update_type;
    image->image.version = update->version;
    image->image.nfiles = update->files->nelts;
    image->image.files = apr_pcalloc(match->ctx->pool, nfiles * sizeof(*image->image.files));
    image->members = apr_pcalloc(match->ctx->pool, nfiles * sizeof(*image->members));
    image->signatures = apr_pcalloc(match->ctx->pool, nfiles * sizeof(*image->signatures));
    for (int i = 0; i < update->files->nelts; i++) {
        apr_status_t rv = take_file(match, update, i, image);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_all_named(match_t *match)
{
    for (int i = 0; i < match->nmembers; i++) {
        if (!match->named[i]) {
            return du_fail(match->ctx, DU_E_PACKAGE, DUNO(0651), "member %s is not named by " DU_UPDATE_INFO_NAME,
                           shown(match, match->members[i].name));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t take_images(match_t *match, const apr_array_header_t *updates, apr_array_header_t *images)
{
    for (int i = 0; i < updates->nelts; i++) {
        apr_status_t rv = take_image(match, &APR_ARRAY_IDX(updates, i, du_update_t), apr_array_push(images));

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return check_all_named(match);
}

static void index_members(match_t *match)
{
    for (const du_member_t *member = match->members; member < match->members + match->nmembers; member++) {
        apr_hash_set(match->by_name, du_text_fold(match->ctx->pool, member->name), APR_HASH_KEY_STRING, member);
    }
}

apr_status_t du_package_match(du_ctx_t *ctx, const du_cab_t *cab, int max_depth, apr_array_header_t **images)
{
    match_t match = {.ctx = ctx, .members = (const du_member_t *)cab->members->elts, .nmembers = cab->members->nelts};
    apr_array_header_t *updates;
    apr_status_t rv;

    match.by_name = apr_hash_make(ctx->pool);
    match.named = apr_pcalloc(ctx->pool, (apr_size_t)match.nmembers + 1);
    index_members(&match);
    rv = find_description(&match);
    if (rv == APR_SUCCESS) {
        rv = read_description(&match, max_depth, &updates);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *images = apr_array_make(ctx->pool, updates->nelts, sizeof(du_package_image_t));
    return take_images(&match, updates, *images);
}
