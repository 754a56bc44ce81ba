#include "du_cab_input.h"

#include <errno.h>

#define BLOCK_SIZE (256 * 1024)

apr_status_t du_cab_input_open(du_ctx_t *ctx, const char *path, du_cab_input_t **result)
{
    du_cab_input_t *input = *result = apr_pcalloc(ctx->pool, sizeof(*input));
    apr_finfo_t info;
    apr_status_t rv =
        apr_file_open(&input->file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, ctx->pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&info, APR_FINFO_TYPE | APR_FINFO_SIZE, input->file);
    }
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0613), "cannot open %s: %pm", path, &rv);
    }
    if (info.filetype != APR_REG) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0614), "%s is not a file", path);
    }
    input->ctx = ctx;
    input->path = path;
    input->total = info.size;
    input->buffer = apr_palloc(ctx->pool, BLOCK_SIZE);
    return APR_SUCCESS;
}

void du_cab_input_close(du_cab_input_t *input)
{
    EVP_MD_CTX_free(input->hash);
    apr_file_close(input->file);
}

static apr_status_t read_failure(du_cab_input_t *input, apr_status_t rv)
{
    input->failed = rv;
    return du_fail(input->ctx, rv, DUNO(0604), "cannot read %s: %pm", input->path, &rv);
}

apr_status_t du_cab_input_start(du_cab_input_t *input)
{
    apr_off_t front = 0;
    apr_status_t rv = apr_file_seek(input->file, APR_SET, &front);

    if (rv != APR_SUCCESS) {
        return read_failure(input, rv);
    }
    input->hash = EVP_MD_CTX_new();
    return input->hash && EVP_DigestInit_ex(input->hash, EVP_sha256(), NULL) ? APR_SUCCESS
                                                                             : read_failure(input, APR_EGENERAL);
}

/* *len is 0 at the end of the file. */
static apr_status_t read_block(du_cab_input_t *input, apr_size_t *len)
{
    apr_status_t rv = apr_file_read_full(input->file, input->buffer, BLOCK_SIZE, len);

    if (APR_STATUS_IS_EOF(rv)) {
        rv = APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && !EVP_DigestUpdate(input->hash, input->buffer, *len)) {
        rv = APR_EGENERAL;
    }
    if (rv != APR_SUCCESS) {
        return read_failure(input, rv);
    }
    input->done += (apr_off_t)*len;
    if (input->progress) {
        input->progress(input->baton, "read", input->done, input->total);
    }
    return APR_SUCCESS;
}

la_ssize_t du_cab_input_read(struct archive *archive, void *baton, const void **data)
{
    du_cab_input_t *input = baton;
    apr_size_t len = 0;

    if (read_block(input, &len) != APR_SUCCESS) {
        archive_set_error(archive, EIO, "the file cannot be read");
        return -1;
    }
    *data = input->buffer;
    return (la_ssize_t)len;
}

apr_status_t du_cab_input_finish(du_cab_input_t *input, unsigned char *digest)
{
    apr_size_t len;

    do {
        apr_status_t rv = read_block(input, &len);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    } while (len > 0);
    return EVP_DigestFinal_ex(input->hash, digest, NULL) ? APR_SUCCESS : read_failure(input, APR_EGENERAL);
}
