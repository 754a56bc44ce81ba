#include "du_chain.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "du_pkcs7.h"
#include "du_text.h"

#define NAME_MAX_BYTES 100 /* of a signer's name; X.520 has 64 characters */

apr_time_t du_chain_time(const ASN1_TIME *time)
{
    apr_time_exp_t exploded = {0};
    apr_time_t result;
    struct tm tm;

    if (!time || ASN1_TIME_to_tm(time, &tm) != 1) {
        return 0;
    }
    exploded.tm_year = tm.tm_year;
    exploded.tm_mon = tm.tm_mon;
    exploded.tm_mday = tm.tm_mday;
    exploded.tm_hour = tm.tm_hour;
    exploded.tm_min = tm.tm_min;
    exploded.tm_sec = tm.tm_sec;
    return apr_time_exp_gmt_get(&result, &exploded) == APR_SUCCESS ? result : 0;
}

const char *du_chain_date(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, time);
    return apr_psprintf(pool, "%04d-%02d-%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
}

static int is_showable(const unsigned char *text, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] == 0x7f) {
            return 0;
        }
    }
    return len > 0 && len <= NAME_MAX_BYTES && du_text_is_utf8((const char *)text, len);
}

static const char *common_name(apr_pool_t *pool, const X509_NAME *subject)
{
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *utf8;
    int len = at < 0 ? -1 : ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    const char *name = NULL;

    if (len >= 0) {
        name = apr_pstrmemdup(pool, (char *)utf8, (apr_size_t)len);
        name = is_showable(utf8, (apr_size_t)len) ? name : du_text_for_log(pool, name);
        OPENSSL_free(utf8);
    }
    return du_text_or_null(name);
}

const char *du_chain_name(apr_pool_t *pool, const X509 *certificate)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    const char *name = common_name(pool, subject);
    char line[NAME_MAX_BYTES];

    return name ? name : du_text_for_log(pool, X509_NAME_oneline(subject, line, sizeof(line)));
}

/* Looks for a chain at a time, or without regard to time if that is 0. X509_V_OK or OpenSSL's reason; *found is NULL
 * then. No purpose is set: OpenSSL 3.0 has none for signing code. */
static int find_chain(const du_anchors_t *anchors, X509 *certificate, STACK_OF(X509) * others, apr_time_t at,
                      STACK_OF(X509) * *found)
{
    X509_STORE_CTX *search = X509_STORE_CTX_new();
    int result = X509_V_ERR_OUT_OF_MEM;

    *found = NULL;
    if (search && X509_STORE_CTX_init(search, anchors->store, certificate, others) == 1) {
        X509_STORE_CTX_set_depth(search, DU_CHAIN_MAX_DEPTH);
        X509_STORE_CTX_set_flags(search,
                                 X509_V_FLAG_PARTIAL_CHAIN); /* what is in the store is an anchor, root or not */
        if (at) {
            X509_STORE_CTX_set_time(search, 0, (time_t)apr_time_sec(at));
        } else {
            X509_STORE_CTX_set_flags(search, X509_V_FLAG_NO_CHECK_TIME);
        }
        result = X509_verify_cert(search) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(search);
        *found = result == X509_V_OK ? X509_STORE_CTX_get1_chain(search) : NULL;
    }
    X509_STORE_CTX_free(search);
    ERR_clear_error();
    return result;
}

static const char *fault_of_signer(X509 *certificate, du_chain_use_e use)
{
    apr_uint32_t wanted = use == DU_CHAIN_CODE_SIGNING ? XKU_CODE_SIGN : XKU_TIMESTAMP;
    apr_uint32_t usage = X509_get_extended_key_usage(certificate);

    if (!(X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) || !(usage & wanted)) {
        return use == DU_CHAIN_CODE_SIGNING ? "whose certificate is not one for signing code"
                                            : "whose certificate is not one for time-stamps";
    }
    return X509_get_key_usage(certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)
               ? NULL
               : "whose certificate is not one for signatures";
}

static const char *fault_of_authority(X509 *certificate, du_chain_use_e use)
{
    apr_uint32_t fit = use == DU_CHAIN_CODE_SIGNING ? XKU_CODE_SIGN | XKU_ANYEKU : XKU_TIMESTAMP | XKU_ANYEKU;

    return (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) &&
                   !(X509_get_extended_key_usage(certificate) & fit)
               ? "whose authority's certificate is not for this purpose"
               : NULL;
}

/* The anchor's own signature proves nothing, so its kind does not matter. */
static const char *fault_of_keys(X509 *certificate, int is_anchor)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    int digest = NID_undef;

    if (!key || EVP_PKEY_get_security_bits(key) < DU_CHAIN_LEAST) {
        return "in whose chain of certificates a key is too short";
    }
    X509_get_signature_info(certificate, &digest, NULL, NULL, NULL);
    return is_anchor || du_pkcs7_digest_is_fit(digest) ? NULL
                                                       : "in whose chain of certificates a digest is no longer safe";
}

static const char *fault_of_chain(const STACK_OF(X509) * found, du_chain_use_e use, apr_time_t at)
{
    int last = sk_X509_num(found) - 1;
    const char *fault = fault_of_signer(sk_X509_value(found, 0), use);

    for (int i = 0; !fault && i <= last; i++) {
        X509 *certificate = sk_X509_value(found, i);

        fault = i > 0 ? fault_of_authority(certificate, use) : NULL;
        fault = fault ? fault : fault_of_keys(certificate, i == last);
        if (!fault && du_chain_time(X509_get0_notBefore(certificate)) > at) {
            fault = "whose certificate is not yet valid";
        }
    }
    return fault;
}

static apr_time_t first_end(const STACK_OF(X509) * found)
{
    apr_time_t end = 0;

    for (int i = 0; i < sk_X509_num(found); i++) {
        apr_time_t until = du_chain_time(X509_get0_notAfter(sk_X509_value(found, i)));

        end = end && end < until ? end : until;
    }
    return end;
}

static const char *fault_of_search(apr_pool_t *pool, int result)
{
    switch (result) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "whom no trust anchor vouches for";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "whose certificate is not yet valid";
    default:
        return apr_psprintf(pool, "whose certificate does not hold (%s)",
                            du_text_for_log(pool, X509_verify_cert_error_string(result)));
    }
}

void du_chain_judge(apr_pool_t *pool, const du_anchors_t *anchors, X509 *certificate, STACK_OF(X509) * others,
                    du_chain_use_e use, apr_time_t at, du_chain_t *chain)
{
    STACK_OF(X509) * found;
    int result = find_chain(anchors, certificate, others, at, &found);
    int expired = result == X509_V_ERR_CERT_HAS_EXPIRED;

    *chain = (du_chain_t){.state = DU_CHAIN_UNTRUSTED};
    if (expired) {
        result = find_chain(anchors, certificate, others, 0, &found);
    }
    chain->fault = found ? fault_of_chain(found, use, at) : fault_of_search(pool, result);
    if (!chain->fault) {
        chain->until = first_end(found);
        chain->state = expired ? DU_CHAIN_EXPIRED : DU_CHAIN_GOOD;
    }
    if (chain->state == DU_CHAIN_EXPIRED) {
        chain->fault =
            apr_psprintf(pool, "in whose chain a certificate expired on %s", du_chain_date(pool, chain->until));
    }
    sk_X509_pop_free(found, X509_free);
}
