#include "du_identity.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "du_file.h"
#include "du_image.h"
#include "du_text.h"

#define IDENTITY_MAX 64 /* bytes of the file that are looked at: more than an identity has */

static const char *path_of(du_ctx_t *ctx, const char *files)
{
    return apr_pstrcat(ctx->pool, files, "/" DU_IMAGE_ROOT "/" DU_IDENTITY_FILE, NULL);
}

/* What stands in the file, "" if there is none. Text that is no identity is one that no store has. */
static apr_status_t read_file(du_ctx_t *ctx, const char *path, const char **identity)
{
    char *text = apr_pcalloc(ctx->pool, IDENTITY_MAX + 1);
    apr_size_t len = 0;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, ctx->pool);

    *identity = text;
    if (APR_STATUS_IS_ENOENT(rv)) {
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, text, IDENTITY_MAX, &len);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        return du_fail(ctx, rv, DUNO(0535), "%s cannot be read: %pm", path, (void *)&rv);
    }
    text[strcspn(text, "\n")] = '\0';
    return APR_SUCCESS;
}

/* *is_claimed: the file has the store's identity, rather than none. */
static apr_status_t compare(du_ctx_t *ctx, du_store_t *store, const char *files, int *is_claimed)
{
    const char *path = path_of(ctx, files), *theirs, *ours;
    apr_status_t rv = read_file(ctx, path, &theirs);

    if (rv == APR_SUCCESS) {
        rv = du_store_identity(ctx, store, ctx->pool, &ours);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *is_claimed = *theirs != '\0';
    if (*theirs && !du_text_equal(theirs, ours)) {
        return du_fail(
            ctx, DU_E_CONFLICT, DUNO(0536),
            "the images in %s belong to the store with the identity %s, and this one has %s; name the store and the "
            "files that belong together, or remove %s if these images shall be this store's",
            files, du_text_for_log(ctx->pool, theirs), *ours ? ours : "none yet", path);
    }
    return APR_SUCCESS;
}

/* By way of staging, which the next command empties if this one is killed. */
static apr_status_t write_file(const char *files, const char *path, const char *identity, apr_pool_t *pool)
{
    const char *root = apr_pstrcat(pool, files, "/" DU_IMAGE_ROOT, NULL);
    const char *staged = apr_pstrcat(pool, root, "/" DU_IMAGE_STAGING "/work", "/identity", NULL);
    const char *text = apr_pstrcat(pool, identity, "\n", NULL);
    apr_status_t rv = du_file_create(staged, text, strlen(text), pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_rename(staged, path, pool);
    }
    return rv == APR_SUCCESS ? du_file_sync_dir(root, pool) : rv;
}

apr_status_t du_identity_check(du_ctx_t *ctx, du_store_t *store, const char *files)
{
    int is_claimed;

    return compare(ctx, store, files, &is_claimed);
}

apr_status_t du_identity_claim(du_ctx_t *ctx, du_store_t *store, const char *files)
{
    const char *path = path_of(ctx, files), *ours;
    int is_claimed;
    apr_status_t rv = compare(ctx, store, files, &is_claimed);

    if (rv != APR_SUCCESS || is_claimed) {
        return rv;
    }
    rv = du_store_identify(ctx, store, ctx->pool, &ours);
    if (rv == APR_SUCCESS) {
        rv = write_file(files, path, ours, ctx->pool);
        if (rv != APR_SUCCESS) {
            return du_fail(ctx, rv, DUNO(0537), "%s cannot be written: %pm", path, (void *)&rv);
        }
    }
    return rv;
}
