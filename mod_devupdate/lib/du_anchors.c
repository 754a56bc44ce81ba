#include "du_anchors.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "du_file.h"
#include "du_text.h"

apr_status_t du_anchors_make_directory(du_ctx_t *ctx, const char *files)
{
    apr_status_t rv = du_file_make_dirs(files, DU_ANCHORS_DIRECTORY, ctx->pool);

    return rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)
               ? APR_SUCCESS
               : du_fail(ctx, rv, DUNO(0660), "cannot make %s/" DU_ANCHORS_DIRECTORY ": %pm", files, &rv);
}

static apr_status_t free_store(void *store)
{
    X509_STORE_free(store);
    return APR_SUCCESS;
}

static apr_status_t take_certificates(du_ctx_t *ctx, du_anchors_t *anchors, const char *path, BIO *pem)
{
    int before = anchors->count;
    X509 *certificate;

    while ((certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        anchors->count += X509_STORE_add_cert(anchors->store, certificate);
        X509_free(certificate);
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE || anchors->count == before) {
        ERR_clear_error();
        return du_fail(ctx, DU_E_MALFORMED, DUNO(0661), "%s is not a file of certificates in PEM form", path);
    }
    ERR_clear_error();
    return APR_SUCCESS;
}

static apr_status_t parse_file(du_ctx_t *ctx, du_anchors_t *anchors, const char *path, const char *bytes,
                               apr_size_t len)
{
    BIO *pem = BIO_new_mem_buf(bytes, (int)len);
    apr_status_t rv = pem ? take_certificates(ctx, anchors, path, pem) : APR_ENOMEM;

    BIO_free(pem);
    return rv;
}

static apr_status_t read_file(du_ctx_t *ctx, du_anchors_t *anchors, const char *path)
{
    char *bytes = apr_palloc(ctx->pool, DU_ANCHORS_MAX_BYTES + 1);
    apr_size_t len = 0;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, ctx->pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, bytes, DU_ANCHORS_MAX_BYTES + 1, &len);
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS) {
        return du_fail(ctx, DU_E_TOO_LARGE, DUNO(0662), "%s is larger than %d bytes", path, DU_ANCHORS_MAX_BYTES);
    }
    if (!APR_STATUS_IS_EOF(rv)) {
        return du_fail(ctx, rv, DUNO(0663), "cannot read the certificates in %s: %pm", path, &rv);
    }
    return parse_file(ctx, anchors, path, bytes, len);
}

static apr_status_t read_entries(du_ctx_t *ctx, du_anchors_t *anchors, const char *path, apr_dir_t *dir)
{
    apr_status_t rv = APR_SUCCESS;
    apr_finfo_t entry;
    int files = 0;

    while (rv == APR_SUCCESS && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (*entry.name == '.') {
            continue;
        }
        if (++files > DU_ANCHORS_MAX_FILES) {
            return du_fail(ctx, DU_E_TOO_LARGE, DUNO(0664), "%s has more than %d files", path, DU_ANCHORS_MAX_FILES);
        }
        rv = read_file(ctx, anchors, apr_pstrcat(ctx->pool, path, "/", entry.name, NULL));
    }
    return rv;
}

static apr_status_t read_directory(du_ctx_t *ctx, du_anchors_t *anchors, const char *path)
{
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, path, ctx->pool);

    if (rv == APR_SUCCESS) {
        rv = read_entries(ctx, anchors, path, dir);
        apr_dir_close(dir);
        return rv;
    }
    return APR_STATUS_IS_ENOENT(rv)
               ? APR_SUCCESS
               : du_fail(ctx, rv, DUNO(0665), "cannot read the trust anchors in %s: %pm", path, &rv);
}

apr_status_t du_anchors_read(du_ctx_t *ctx, const char *files, const char *extra, du_anchors_t **result)
{
    du_anchors_t *anchors = *result = apr_pcalloc(ctx->pool, sizeof(*anchors));
    apr_status_t rv;

    anchors->store = X509_STORE_new();
    if (!anchors->store) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(ctx->pool, anchors->store, free_store, apr_pool_cleanup_null);
    rv = read_directory(ctx, anchors, apr_pstrcat(ctx->pool, files, "/" DU_ANCHORS_DIRECTORY, NULL));
    return rv == APR_SUCCESS && extra ? read_file(ctx, anchors, extra) : rv;
}
