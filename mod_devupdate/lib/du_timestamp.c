#include "du_timestamp.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ts.h>

#define PKCS9_COUNTERSIGNATURE "1.2.840.113549.1.9.6"
#define MICROSOFT_TOKEN        "1.3.6.1.4.1.311.3.3.1"
#define TST_INFO               "1.2.840.113549.1.9.16.1.4" /* RFC 3161 section 2.4.2 */

typedef struct stamp_t {
    apr_pool_t *pool;
    const du_pkcs7_t *signature;
    X509 *signer;            /* of the time-stamp */
    STACK_OF(X509) * others; /* certificates that came with it */
    apr_time_t time;         /* that it gives */
} stamp_t;

static const ASN1_STRING *signature_value(const stamp_t *stamp)
{
    return stamp->signature->info->enc_digest;
}

/* The value of an unsigned attribute if that is a SEQUENCE. */
static const ASN1_STRING *find_attribute(const PKCS7_SIGNER_INFO *info, const char *dotted)
{
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(info->unauth_attr); i++) {
        X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(info->unauth_attr, i);
        ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);

        if (value && ASN1_TYPE_get(value) == V_ASN1_SEQUENCE &&
            du_pkcs7_is(X509_ATTRIBUTE_get0_object(attribute), dotted)) {
            return value->value.sequence;
        }
    }
    return NULL;
}

/*
 * PKCS#9: a signer's record over the value of the other signature
 */

static apr_time_t signing_time(PKCS7_SIGNER_INFO *info)
{
    const ASN1_TYPE *time = PKCS7_get_signed_attribute(info, NID_pkcs9_signingTime);
    int type = time ? ASN1_TYPE_get(time) : -1;

    return type == V_ASN1_UTCTIME || type == V_ASN1_GENERALIZEDTIME ? du_chain_time(time->value.asn1_string) : 0;
}

static const char *check_countersigner(stamp_t *stamp, PKCS7_SIGNER_INFO *info)
{
    const PKCS7_ISSUER_AND_SERIAL *name = info->issuer_and_serial;
    const ASN1_STRING *value = signature_value(stamp);
    PKCS7 *p7 = stamp->signature->p7;

    stamp->others = p7->d.sign->cert;
    stamp->signer = X509_find_by_issuer_and_serial(stamp->others, name->issuer, name->serial);
    stamp->time = signing_time(info);
    if (!stamp->signer || stamp->time <= 0) {
        return "its time-stamp has no time or no certificate";
    }
    return du_pkcs7_signs(p7, info, stamp->signer, ASN1_STRING_get0_data(value),
                          (apr_size_t)ASN1_STRING_length(value))
               ? NULL
               : "its time-stamp does not fit the signature";
}

static const char *read_countersignature(stamp_t *stamp, const ASN1_STRING *attribute)
{
    const unsigned char *at = ASN1_STRING_get0_data(attribute);
    PKCS7_SIGNER_INFO *info = d2i_PKCS7_SIGNER_INFO(NULL, &at, ASN1_STRING_length(attribute));
    const char *fault = info ? check_countersigner(stamp, info) : "its time-stamp is damaged";

    PKCS7_SIGNER_INFO_free(info);
    return fault;
}

/*
 * RFC 3161: signed data whose content is a digest of the value of the other signature, and a time
 */

static int is_imprint(const stamp_t *stamp, TS_MSG_IMPRINT *imprint)
{
    const ASN1_STRING *value = signature_value(stamp), *said = TS_MSG_IMPRINT_get_msg(imprint);
    int digest = OBJ_obj2nid(TS_MSG_IMPRINT_get_algo(imprint)->algorithm);
    unsigned char found[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    return du_pkcs7_digest_is_fit(digest) &&
           EVP_Digest(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value), found, &len,
                      EVP_get_digestbynid(digest), NULL) &&
           (unsigned)ASN1_STRING_length(said) == len && memcmp(ASN1_STRING_get0_data(said), found, len) == 0;
}

static const char *read_token(stamp_t *stamp, const ASN1_STRING *attribute)
{
    du_pkcs7_t token;
    const unsigned char *at;
    TS_TST_INFO *content;
    int fits;

    if (du_pkcs7_read(stamp->pool, ASN1_STRING_get0_data(attribute), (apr_size_t)ASN1_STRING_length(attribute),
                      TST_INFO, &token)) {
        return "its time-stamp is not one, or has an invalid signature";
    }
    at = token.content;
    content = d2i_TS_TST_INFO(NULL, &at, (long)token.length);
    fits = content && is_imprint(stamp, TS_TST_INFO_get_msg_imprint(content));
    stamp->time = fits ? du_chain_time(TS_TST_INFO_get_time(content)) : 0;
    stamp->signer = token.signer;
    stamp->others = token.p7->d.sign->cert;
    TS_TST_INFO_free(content);
    return stamp->time > 0 ? NULL : "its time-stamp does not fit the signature";
}

static const char *check_chain(stamp_t *stamp, const du_anchors_t *anchors, apr_time_t now)
{
    du_chain_t chain;

    if (stamp->time > now) {
        return "its time-stamp is of the future";
    }
    du_chain_judge(stamp->pool, anchors, stamp->signer, stamp->others, DU_CHAIN_TIME_STAMPING, stamp->time, &chain);
    return chain.fault ? apr_pstrcat(stamp->pool, "its time-stamp is from ",
                                     du_chain_name(stamp->pool, stamp->signer), ", ", chain.fault, NULL)
                       : NULL;
}

apr_time_t du_timestamp_time(apr_pool_t *pool, const du_pkcs7_t *signature, const du_anchors_t *anchors,
                             apr_time_t now, const char **fault)
{
    static const struct {
        const char *attribute;
        const char *(*read)(stamp_t *stamp, const ASN1_STRING *attribute);
    } forms[] = {{MICROSOFT_TOKEN, read_token}, {PKCS9_COUNTERSIGNATURE, read_countersignature}};

    *fault = NULL;
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        stamp_t stamp = {.pool = pool, .signature = signature};
        const ASN1_STRING *attribute = find_attribute(signature->info, forms[i].attribute);
        const char *said = attribute ? forms[i].read(&stamp, attribute) : NULL;

        said = attribute && !said ? check_chain(&stamp, anchors, now) : said;
        ERR_clear_error();
        if (attribute && !said) {
            *fault = NULL;
            return stamp.time;
        }
        *fault = *fault ? *fault : said;
    }
    return 0;
}
