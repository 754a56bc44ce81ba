#include "du_image_check.h"

#include <string.h>

#include <apr_file_io.h>
#include <openssl/evp.h>

#define BLOCK 65536 /* bytes read at a time */

/* 1 and the digest of everything in the file. */
static int compute(apr_file_t *file, EVP_MD_CTX *hash, apr_pool_t *pool, unsigned char *digest)
{
    char *block = apr_palloc(pool, BLOCK);
    apr_size_t len = BLOCK;
    apr_status_t rv = APR_SUCCESS;
    int ok = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;

    while (ok && (rv = apr_file_read(file, block, &len)) == APR_SUCCESS) {
        ok = EVP_DigestUpdate(hash, block, len) == 1;
        len = BLOCK;
    }
    return ok && APR_STATUS_IS_EOF(rv) && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
}

static du_image_file_e compare(const char *path, apr_pool_t *pool, const unsigned char *expected)
{
    unsigned char digest[DU_DIGEST_SIZE];
    EVP_MD_CTX *hash;
    apr_file_t *file;
    int is_read;

    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool) != APR_SUCCESS) {
        return DU_IMAGE_FILE_UNREAD;
    }
    hash = EVP_MD_CTX_new();
    is_read = compute(file, hash, pool, digest);
    EVP_MD_CTX_free(hash);
    apr_file_close(file);
    if (!is_read) {
        return DU_IMAGE_FILE_UNREAD;
    }
    return memcmp(digest, expected, sizeof(digest)) == 0 ? DU_IMAGE_FILE_RIGHT : DU_IMAGE_FILE_DIGEST;
}

du_image_file_e du_image_check_file(du_ctx_t *ctx, const char *path, apr_off_t size, const unsigned char *digest)
{
    du_image_file_e what = DU_IMAGE_FILE_RIGHT;
    apr_finfo_t info;
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create(&pool, ctx->pool);
    rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_SIZE, pool);
    if (APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv)) {
        what = DU_IMAGE_FILE_MISSING;
    } else if (rv != APR_SUCCESS || info.filetype != APR_REG) {
        what = DU_IMAGE_FILE_UNREAD;
    } else if (info.size != size) {
        what = DU_IMAGE_FILE_SIZE;
    } else if (digest) {
        what = compare(path, pool, digest);
    }
    apr_pool_destroy(pool);
    return what;
}
