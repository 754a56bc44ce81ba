#include "du_cab_input.h"

#include <errno.h>
#include <unistd.h>

#include <apr_portable.h>

#define WANTED (APR_FINFO_TYPE | APR_FINFO_SIZE | APR_FINFO_MTIME)

static apr_status_t read_failure(du_cab_input_t *input, apr_status_t rv)
{
    return du_fail(input->ctx, rv, DUNO(0604), "cannot read %s: %pm", input->path, &rv);
}

apr_status_t du_cab_input_open(du_ctx_t *ctx, const char *path, du_cab_input_t **result)
{
    du_cab_input_t *input = *result = apr_pcalloc(ctx->pool, sizeof(*input));
    apr_status_t rv =
        apr_file_open(&input->file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, ctx->pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&input->info, WANTED, input->file);
    }
    if (rv != APR_SUCCESS) {
        return du_fail(ctx, rv, DUNO(0613), "cannot open %s: %pm", path, &rv);
    }
    if (input->info.filetype != APR_REG) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0614), "%s is not a file", path);
    }
    apr_os_file_get(&input->fd, input->file);
    input->ctx = ctx;
    input->path = path;
    input->buffer = apr_palloc(ctx->pool, DU_CAB_INPUT_BLOCK);
    input->hash = EVP_MD_CTX_new();
    return input->hash && EVP_DigestInit_ex(input->hash, EVP_sha256(), NULL) ? APR_SUCCESS
                                                                             : read_failure(input, APR_EGENERAL);
}

void du_cab_input_close(du_cab_input_t *input)
{
    EVP_MD_CTX_free(input->hash);
    apr_file_close(input->file);
}

apr_status_t du_cab_input_read_at(int fd, apr_off_t at, void *bytes, apr_size_t size, apr_size_t *len)
{
    for (*len = 0; *len < size;) {
        ssize_t n = pread(fd, (char *)bytes + *len, size - *len, at + (apr_off_t)*len);

        if (n < 0 && errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
        if (n == 0) {
            break;
        }
        *len += n > 0 ? (apr_size_t)n : 0;
    }
    return APR_SUCCESS;
}

/* *len is 0 at the end of the file. */
static apr_status_t hash_block(du_cab_input_t *input, apr_size_t size, apr_size_t *len)
{
    apr_status_t rv = du_cab_input_read_at(input->fd, input->done, input->buffer, size, len);

    if (rv == APR_SUCCESS && !EVP_DigestUpdate(input->hash, input->buffer, *len)) {
        rv = APR_EGENERAL;
    }
    if (rv != APR_SUCCESS) {
        return read_failure(input, rv);
    }
    input->done += (apr_off_t)*len;
    if (*len > 0 && input->progress) {
        return input->progress(input->baton, "read", input->done, input->info.size);
    }
    return APR_SUCCESS;
}

apr_status_t du_cab_input_hash_to(du_cab_input_t *input, apr_off_t position)
{
    apr_status_t rv = APR_SUCCESS;
    apr_size_t len = 1;

    while (rv == APR_SUCCESS && len > 0 && input->done < position) {
        apr_off_t rest = position - input->done;

        rv = hash_block(input, rest < DU_CAB_INPUT_BLOCK ? (apr_size_t)rest : DU_CAB_INPUT_BLOCK, &len);
    }
    return rv;
}

apr_status_t du_cab_input_finish(du_cab_input_t *input, unsigned char *digest)
{
    apr_status_t rv = du_cab_input_hash_to(input, input->info.size);
    apr_finfo_t now;

    if (rv == APR_SUCCESS) {
        rv = apr_file_info_get(&now, WANTED, input->file);
    }
    if (rv == APR_SUCCESS && !EVP_DigestFinal_ex(input->hash, digest, NULL)) {
        rv = APR_EGENERAL;
    }
    if (rv != APR_SUCCESS) {
        return read_failure(input, rv);
    }
    if (input->done != now.size || input->info.size != now.size || input->info.mtime != now.mtime) {
        return du_fail(input->ctx, DU_E_PACKAGE, DUNO(0659), "%s was changed while it was read", input->path);
    }
    return APR_SUCCESS;
}
