#include "ctl_phone.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#include "du_text.h"

/* A name from the reply becomes a name on this disk: nothing but a plain one will do. */
static apr_status_t check_name(ctl_t *ctl, const char *name)
{
    if (!du_text_is_segment(name, CTL_NAME_MAX)) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0843), "the reply offers a file called \"%s\": refused",
                       du_text_for_log(ctl->pool, name));
    }
    return APR_SUCCESS;
}

/* Several files may have one signature. */
static int is_listed(const apr_array_header_t *list, const char *name)
{
    for (int i = 0; i < list->nelts; i++) {
        if (du_text_equal(APR_ARRAY_IDX(list, i, ctl_fetched_t).name, name)) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t add_name(ctl_t *ctl, apr_array_header_t *list, const char *directory, const char *name)
{
    apr_status_t status = name ? check_name(ctl, name) : APR_SUCCESS;

    if (status == APR_SUCCESS && name && !is_listed(list, name)) {
        ctl_fetched_t *file = &APR_ARRAY_PUSH(list, ctl_fetched_t);

        memset(file, 0, sizeof(*file));
        file->name = name;
        file->path = apr_pstrcat(ctl->pool, directory, "/", name, NULL);
    }
    return status;
}

/* Every name is checked before the first file is fetched. */
static apr_status_t list_names(ctl_t *ctl, const ctl_reply_t *reply, const char *directory, apr_array_header_t *list)
{
    for (int i = 0; i < reply->files->nelts; i++) {
        const ctl_offer_t *offer = &APR_ARRAY_IDX(reply->files, i, ctl_offer_t);
        apr_status_t status = add_name(ctl, list, directory, offer->name);

        if (status == APR_SUCCESS) {
            status = add_name(ctl, list, directory, offer->signature);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t verify(ctl_t *ctl, const ctl_fetched_t *file)
{
    const ctl_got_t *got = &file->got;
    const char *name = du_text_for_log(ctl->pool, file->name);
    char ours[(DU_DIGEST_SIZE + 2) / 3 * 4 + 1];

    if (got->announced >= 0 && got->size != got->announced) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0844),
                       "%s has %" APR_OFF_T_FMT " bytes, but %" APR_OFF_T_FMT " were announced", name, got->size,
                       got->announced);
    }
    EVP_EncodeBlock((unsigned char *)ours, got->digest, DU_DIGEST_SIZE);
    if (got->offered && !du_text_equal(got->offered, ours)) {
        return du_fail(ctl->ctx, DU_E_PEER, DUNO(0845),
                       "%s has the SHA-256 digest %s, but the server says it is %s: not kept", name, ours,
                       du_text_for_log(ctl->pool, got->offered));
    }
    return APR_SUCCESS;
}

static apr_status_t fetch_one(ctl_t *ctl, ctl_http_t *http, const char *base, const char *directory,
                              ctl_fetched_t *file)
{
    char *temporary = apr_pstrcat(ctl->pool, directory, "/." CTL_NAME ".XXXXXX", NULL);
    apr_file_t *to;
    apr_status_t status, synced;

    status = apr_file_mktemp(&to, temporary, APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL, ctl->pool);
    if (status != APR_SUCCESS) {
        return du_fail(ctl->ctx, status, DUNO(0846), "cannot make a file in %s: %pm",
                       du_text_for_log(ctl->pool, directory), (void *)&status);
    }
    file->temporary = temporary;
    status = ctl_http_get(http, base, file->name, to, &file->got);
    synced = apr_file_sync(to);
    apr_file_close(to);
    if (status == APR_SUCCESS && synced != APR_SUCCESS) {
        return du_fail(ctl->ctx, synced, DUNO(0847), "cannot write %s: %pm", du_text_for_log(ctl->pool, file->path),
                       (void *)&synced);
    }
    return status == APR_SUCCESS ? verify(ctl, file) : status;
}

static apr_status_t fetch_all(ctl_t *ctl, ctl_http_t *http, const char *base, const char *directory,
                              apr_array_header_t *list)
{
    for (int i = 0; i < list->nelts; i++) {
        apr_status_t status = fetch_one(ctl, http, base, directory, &APR_ARRAY_IDX(list, i, ctl_fetched_t));

        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t keep_all(ctl_t *ctl, apr_array_header_t *list)
{
    for (int i = 0; i < list->nelts; i++) {
        ctl_fetched_t *file = &APR_ARRAY_IDX(list, i, ctl_fetched_t);
        apr_status_t status = apr_file_rename(file->temporary, file->path, ctl->pool);

        if (status != APR_SUCCESS) {
            return du_fail(ctl->ctx, status, DUNO(0848), "cannot put %s in its place: %pm",
                           du_text_for_log(ctl->pool, file->path), (void *)&status);
        }
        file->temporary = NULL;
    }
    return APR_SUCCESS;
}

static void discard(ctl_t *ctl, const apr_array_header_t *list)
{
    for (int i = 0; i < list->nelts; i++) {
        const ctl_fetched_t *file = &APR_ARRAY_IDX(list, i, ctl_fetched_t);

        if (file->temporary) {
            apr_file_remove(file->temporary, ctl->pool);
        }
    }
}

apr_status_t ctl_phone_fetch(ctl_t *ctl, ctl_http_t *http, const ctl_reply_t *reply, const char *base,
                             const char *directory, apr_array_header_t **fetched)
{
    apr_array_header_t *list = apr_array_make(ctl->pool, 8, sizeof(ctl_fetched_t));
    apr_status_t status = list_names(ctl, reply, directory, list);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_dir_make_recursive(directory, APR_FPROT_OS_DEFAULT, ctl->pool);
    if (status != APR_SUCCESS) {
        return du_fail(ctl->ctx, status, DUNO(0849), "cannot make the directory %s: %pm",
                       du_text_for_log(ctl->pool, directory), (void *)&status);
    }
    status = fetch_all(ctl, http, base, directory, list);
    if (status == APR_SUCCESS) {
        status = keep_all(ctl, list);
    }
    discard(ctl, list);
    *fetched = status == APR_SUCCESS ? list : NULL;
    return status;
}
