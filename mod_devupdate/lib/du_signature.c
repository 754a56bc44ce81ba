#include "du_signature.h"

#include <apr_strings.h>

#include "du_chain.h"
#include "du_pkcs7.h"
#include "du_timestamp.h"

static void describe_good(apr_pool_t *pool, du_signature_t *signature)
{
    signature->state = DU_SIGNATURE_GOOD;
    signature->who =
        apr_psprintf(pool, "%s (%s %s)", signature->signer, signature->signed_at ? "signed" : "valid until",
                     du_chain_date(pool, signature->signed_at ? signature->signed_at : signature->until));
}

static void describe_expired(apr_pool_t *pool, const char *fault, const char *stamp, du_signature_t *signature)
{
    signature->state = DU_SIGNATURE_EXPIRED;
    signature->who = apr_psprintf(pool, "%s (expired %s)", signature->signer, du_chain_date(pool, signature->until));
    signature->fault = apr_psprintf(pool, "is signed by %s, %s; %s", signature->signer, fault,
                                    stamp ? stamp : "no time-stamp proves that it was signed before");
}

static void judge_signer(apr_pool_t *pool, const du_anchors_t *anchors, apr_time_t now, const du_pkcs7_t *data,
                         du_signature_t *signature)
{
    const char *stamp;
    du_chain_t chain;

    signature->signer = du_chain_name(pool, data->signer);
    signature->signed_at = du_timestamp_time(pool, data, anchors, now, &stamp);
    du_chain_judge(pool, anchors, data->signer, data->p7->d.sign->cert, DU_CHAIN_CODE_SIGNING,
                   signature->signed_at ? signature->signed_at : now, &chain);
    signature->until = chain.until;
    if (chain.state == DU_CHAIN_GOOD) {
        describe_good(pool, signature);
    } else if (chain.state == DU_CHAIN_EXPIRED) {
        describe_expired(pool, chain.fault, stamp, signature);
    } else {
        signature->state = DU_SIGNATURE_UNTRUSTED;
        signature->fault = apr_pstrcat(pool, "is signed by ", signature->signer, ", ", chain.fault, NULL);
    }
}

void du_signature_judge(apr_pool_t *pool, const du_anchors_t *anchors, apr_time_t now, const unsigned char *der,
                        apr_size_t len, const char *content_type, du_signature_t *signature)
{
    du_pkcs7_t data;

    *signature = (du_signature_t){.state = DU_SIGNATURE_BROKEN};
    signature->fault = du_pkcs7_read(pool, der, len, content_type, &data);
    signature->content = data.content;
    signature->length = data.length;
    if (!signature->fault) {
        judge_signer(pool, anchors, now, &data, signature);
    }
}
