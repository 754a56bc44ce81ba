/* A security catalogue, judged by one trust anchor at one time (the corpus is made by t/fuzz/make-catalogs). */
#include "fuzz.h"

#include <string.h>

#include <openssl/pem.h>

#include "du_catalog.h"

#define NOW 1500000000 /* 2017-07-14: the corpus has a certificate that had expired then */

static const char root[] =
#include "fuzz_catalog_root.h"
    ;

static const du_anchors_t *make_anchors(void)
{
    static du_anchors_t anchors;

    if (!anchors.store) {
        BIO *pem = BIO_new_mem_buf(root, -1);
        X509 *certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);

        anchors.store = X509_STORE_new();
        FUZZ_HOLDS(certificate && anchors.store && X509_STORE_add_cert(anchors.store, certificate));
        X509_free(certificate);
        BIO_free(pem);
    }
    return &anchors;
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    static const unsigned char nobody[32] = {0};
    const du_catalog_t *catalog =
        du_catalog_read(ctx->pool, make_anchors(), apr_time_from_sec(NOW), (const unsigned char *)data, size);
    const du_signature_t *signature = &catalog->signature;

    FUZZ_HOLDS(!signature->fault == (signature->state == DU_SIGNATURE_GOOD));
    FUZZ_HOLDS(!signature->who == (signature->state > DU_SIGNATURE_EXPIRED));
    if (signature->state != DU_SIGNATURE_BROKEN) {
        FUZZ_HOLDS(signature->signer && strlen(signature->signer) < 500);
        FUZZ_HOLDS(signature->signed_at <= apr_time_from_sec(NOW));
        FUZZ_HOLDS(catalog->members[DU_CATALOG_SHA1] + catalog->members[DU_CATALOG_SHA256] <= DU_CATALOG_MAX_MEMBERS);
    }
    (void)du_catalog_lists(catalog, DU_CATALOG_SHA256, nobody);
    return signature->state <= DU_SIGNATURE_EXPIRED;
}
