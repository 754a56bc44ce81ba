#include "du_trust.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#include "du_catalog.h"
#include "du_pkcs7.h"
#include "du_text.h"

#define BLOCK_SIZE (256 * 1024)

typedef struct judging_t {
    du_ctx_t *ctx;
    const du_anchors_t *anchors;
    apr_hash_t *catalogs; /* const du_member_t * -> du_catalog_t * */
    apr_hash_t *sha1;     /* const du_member_t * -> unsigned char * */
} judging_t;

const char *du_trust_least(const char *a, const char *b)
{
    if (du_text_equal(a, DU_TRUST_UNVERIFIED) || du_text_equal(b, DU_TRUST_UNVERIFIED)) {
        return DU_TRUST_UNVERIFIED;
    }
    return du_text_equal(a, DU_TRUST_EXPIRED) ? a : b;
}

static apr_status_t open_member(judging_t *judging, const du_member_t *member, apr_file_t **file)
{
    return apr_file_open(file, member->staged, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT,
                         judging->ctx->pool);
}

static apr_status_t read_failure(judging_t *judging, const du_member_t *member, apr_status_t rv)
{
    return du_fail(judging->ctx, rv, DUNO(0667), "cannot read %s: %pm", member->staged, &rv);
}

/*
 * SHA-1 of a member
 */

static apr_status_t digest_file(apr_pool_t *pool, apr_file_t *file, EVP_MD_CTX *hash)
{
    unsigned char *block = apr_palloc(pool, BLOCK_SIZE);
    apr_size_t len = 0;
    apr_status_t rv;

    do {
        rv = apr_file_read_full(file, block, BLOCK_SIZE, &len);
        if (!EVP_DigestUpdate(hash, block, len)) {
            return APR_EGENERAL;
        }
    } while (rv == APR_SUCCESS);
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

static apr_status_t digest_member(judging_t *judging, const du_member_t *member, unsigned char *digest)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    apr_file_t *file;
    apr_status_t rv = open_member(judging, member, &file);

    if (rv == APR_SUCCESS) {
        rv = hash && EVP_DigestInit_ex(hash, EVP_sha1(), NULL) ? digest_file(judging->ctx->pool, file, hash)
                                                               : APR_EGENERAL;
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS && !EVP_DigestFinal_ex(hash, digest, NULL)) {
        rv = APR_EGENERAL;
    }
    EVP_MD_CTX_free(hash);
    return rv == APR_SUCCESS ? rv : read_failure(judging, member, rv);
}

static apr_status_t sha1_of(judging_t *judging, const du_member_t *member, const unsigned char **digest)
{
    unsigned char *known = apr_hash_get(judging->sha1, &member, sizeof(member));
    apr_status_t rv = APR_SUCCESS;

    if (!known) {
        known = apr_palloc(judging->ctx->pool, du_catalog_digest_size(DU_CATALOG_SHA1));
        rv = digest_member(judging, member, known);
        apr_hash_set(judging->sha1, apr_pmemdup(judging->ctx->pool, &member, sizeof(member)), sizeof(member), known);
    }
    *digest = known;
    return rv;
}

/*
 * Catalogues
 */

/* One that is too large is cut off, which makes it too large for its reader, too. */
static apr_status_t read_catalog(judging_t *judging, const du_member_t *member, du_catalog_t **catalog)
{
    apr_pool_t *pool = judging->ctx->pool;
    apr_size_t len = (apr_size_t)(member->size > DU_PKCS7_MAX_BYTES ? DU_PKCS7_MAX_BYTES + 1 : member->size);
    unsigned char *bytes = apr_palloc(pool, len + 1);
    apr_file_t *file;
    apr_status_t rv = open_member(judging, member, &file);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, bytes, len, NULL);
        apr_file_close(file);
    }
    if (rv != APR_SUCCESS) {
        return read_failure(judging, member, rv);
    }
    *catalog = du_catalog_read(pool, judging->anchors, du_now(judging->ctx), bytes, len);
    return APR_SUCCESS;
}

static apr_status_t catalog_of(judging_t *judging, const du_member_t *member, du_catalog_t **catalog)
{
    apr_status_t rv = APR_SUCCESS;

    *catalog = apr_hash_get(judging->catalogs, &member, sizeof(member));
    if (!*catalog) {
        rv = read_catalog(judging, member, catalog);
        apr_hash_set(judging->catalogs, apr_pmemdup(judging->ctx->pool, &member, sizeof(member)), sizeof(member),
                     *catalog);
    }
    return rv;
}

/* *fault is NULL if the catalogue lists the member, otherwise what to say of the catalogue. */
static apr_status_t look_up(judging_t *judging, const du_catalog_t *catalog, const du_member_t *member,
                            const char **fault)
{
    const unsigned char *sha1;
    apr_status_t rv = APR_SUCCESS;

    *fault = NULL;
    if (du_catalog_lists(catalog, DU_CATALOG_SHA256, member->digest)) {
        return APR_SUCCESS;
    }
    *fault = catalog->members[DU_CATALOG_SHA256] ? "does not list it" : "lists no digest that counts";
    if (catalog->members[DU_CATALOG_SHA1]) {
        rv = sha1_of(judging, member, &sha1);
        *fault = rv == APR_SUCCESS && du_catalog_lists(catalog, DU_CATALOG_SHA1, sha1) ? NULL : "does not list it";
    }
    return rv;
}

/*
 * Images
 */

static const char *doubt_about(judging_t *judging, const du_member_t *member, const du_member_t *catalog,
                               const char *fault)
{
    apr_pool_t *pool = judging->ctx->pool;

    return apr_psprintf(pool, "member %s: its catalogue %s %s", du_text_for_log(pool, member->name),
                        du_text_for_log(pool, catalog->name), fault);
}

static const char *add_signer(apr_pool_t *pool, const char *signers, const char *who)
{
    if (!*signers) {
        return who;
    }
    return strstr(signers, who) ? signers : apr_pstrcat(pool, signers, "; ", who, NULL);
}

static void lower(du_package_image_t *image, const char *trust, const char *doubt)
{
    if (!image->doubt || !du_text_equal(image->image.trust, DU_TRUST_UNVERIFIED)) {
        image->doubt = doubt;
    }
    image->image.trust = du_trust_least(image->image.trust, trust);
}

static apr_status_t judge_file(judging_t *judging, du_package_image_t *image, int i)
{
    const du_member_t *member = image->members[i];
    const char *fault = NULL;
    du_catalog_t *catalog;
    apr_status_t rv = catalog_of(judging, image->signatures[i], &catalog);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (catalog->signature.state > DU_SIGNATURE_EXPIRED) {
        fault = catalog->signature.fault;
    } else {
        rv = look_up(judging, catalog, member, &fault);
    }
    if (fault) {
        lower(image, DU_TRUST_UNVERIFIED, doubt_about(judging, member, image->signatures[i], fault));
        return rv;
    }
    if (catalog->signature.state == DU_SIGNATURE_EXPIRED) {
        lower(image, DU_TRUST_EXPIRED, doubt_about(judging, member, image->signatures[i], catalog->signature.fault));
    }
    image->image.signer = add_signer(judging->ctx->pool, image->image.signer, catalog->signature.who);
    return rv;
}

static apr_status_t judge_image(judging_t *judging, du_package_image_t *image)
{
    apr_status_t rv = APR_SUCCESS;

    image->image.trust = DU_TRUST_VERIFIED;
    image->image.signer = "";
    image->doubt = NULL;
    for (int i = 0; rv == APR_SUCCESS && i < image->image.nfiles; i++) {
        rv = judge_file(judging, image, i);
    }
    if (du_text_equal(image->image.trust, DU_TRUST_UNVERIFIED)) {
        image->image.signer = "";
    }
    return rv;
}

apr_status_t du_trust_judge(du_ctx_t *ctx, const du_anchors_t *anchors, apr_array_header_t *images)
{
    judging_t judging = {.ctx = ctx, .anchors = anchors};
    apr_status_t rv = APR_SUCCESS;

    judging.catalogs = apr_hash_make(ctx->pool);
    judging.sha1 = apr_hash_make(ctx->pool);
    for (int i = 0; rv == APR_SUCCESS && i < images->nelts; i++) {
        rv = judge_image(&judging, &APR_ARRAY_IDX(images, i, du_package_image_t));
    }
    return rv;
}
