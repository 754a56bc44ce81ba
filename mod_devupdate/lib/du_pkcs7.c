#include "du_pkcs7.h"

#include <string.h>

#include <openssl/err.h>

int du_pkcs7_digest_is_fit(int nid)
{
    return nid == NID_sha1 || nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

int du_pkcs7_is(const ASN1_OBJECT *object, const char *dotted)
{
    char name[80];

    return object && OBJ_obj2txt(name, sizeof(name), object, 1) > 0 && strcmp(name, dotted) == 0;
}

static apr_status_t free_pkcs7(void *p7)
{
    PKCS7_free(p7);
    return APR_SUCCESS;
}

static const char *check_form(const PKCS7 *p7, const char *content_type)
{
    const PKCS7_SIGNED *signed_data = p7->d.sign;

    if (!PKCS7_type_is_signed((PKCS7 *)p7) || !signed_data || !signed_data->contents) {
        return "is not PKCS#7 signed data";
    }
    if (!du_pkcs7_is(signed_data->contents->type, content_type)) {
        return "has content of another type";
    }
    if (sk_X509_num(signed_data->cert) > DU_PKCS7_MAX_CERTIFICATES) {
        return "has too many certificates";
    }
    if (sk_PKCS7_SIGNER_INFO_num(signed_data->signer_info) < 1) {
        return "is not signed";
    }
    return sk_PKCS7_SIGNER_INFO_num(signed_data->signer_info) > 1 ? "has more than one signer" : NULL;
}

/* The content of a type that OpenSSL does not know is kept as it came. */
static const char *find_content(du_pkcs7_t *result)
{
    const ASN1_TYPE *other = result->p7->d.sign->contents->d.other;
    int type = other ? ASN1_TYPE_get(other) : -1;

    if (type != V_ASN1_SEQUENCE && type != V_ASN1_OCTET_STRING) {
        return "has no content";
    }
    result->content = ASN1_STRING_get0_data(other->value.asn1_string);
    result->length = (apr_size_t)ASN1_STRING_length(other->value.asn1_string);
    return NULL;
}

/* OpenSSL takes the digest from the filter that the bytes went through. (PKCS7_verify() does the same for all digests that the
 * data announce, and loses memory if those are several.) */
int du_pkcs7_signs(PKCS7 *p7, PKCS7_SIGNER_INFO *info, X509 *signer, const unsigned char *bytes, apr_size_t len)
{
    int digest = OBJ_obj2nid(info->digest_alg->algorithm);
    BIO *hash = BIO_new(BIO_f_md()), *sink = BIO_new(BIO_s_null());
    int fits = hash && sink && du_pkcs7_digest_is_fit(digest) && BIO_set_md(hash, EVP_get_digestbynid(digest)) == 1 &&
               BIO_push(hash, sink) && BIO_write(hash, bytes, (int)len) == (int)len &&
               PKCS7_signatureVerify(hash, p7, info, signer) == 1;

    BIO_free(hash);
    BIO_free(sink);
    return fits;
}

/* 1 if the signature is one of the content: of a SEQUENCE without its tag and length, which must be definite (DER). */
static int signs_content(const du_pkcs7_t *data)
{
    const unsigned char *at = data->content;
    long length = (long)data->length;
    int tag, class;

    if (ASN1_TYPE_get(data->p7->d.sign->contents->d.other) == V_ASN1_SEQUENCE) {
        int said = ASN1_get_object(&at, &length, &tag, &class, (long)data->length);

        if (said != V_ASN1_CONSTRUCTED || at + length != data->content + data->length) {
            return 0;
        }
    }
    return du_pkcs7_signs(data->p7, data->info, data->signer, at, (apr_size_t)length);
}

/* The signed attributes bind the signature to the kind of content: without them, a signature of one thing could be
 * passed off as that of another. */
static const char *check_attributes(PKCS7_SIGNER_INFO *info, const char *content_type)
{
    const ASN1_TYPE *type = PKCS7_get_signed_attribute(info, NID_pkcs9_contentType);

    if (!PKCS7_get_signed_attribute(info, NID_pkcs9_messageDigest)) {
        return "has no signed attributes";
    }
    return type && ASN1_TYPE_get(type) == V_ASN1_OBJECT && du_pkcs7_is(type->value.object, content_type)
               ? NULL
               : "is signed as something else";
}

static const char *check_signature(du_pkcs7_t *result)
{
    const PKCS7_ISSUER_AND_SERIAL *name = result->info->issuer_and_serial;

    if (!du_pkcs7_digest_is_fit(OBJ_obj2nid(result->info->digest_alg->algorithm))) {
        return "is signed with a digest that is no longer safe";
    }
    result->signer = X509_find_by_issuer_and_serial(result->p7->d.sign->cert, name->issuer, name->serial);
    if (!result->signer) {
        return "has no certificate of its signer";
    }
    return signs_content(result) ? NULL : "has a signature that does not fit its content";
}

static const char *check(du_pkcs7_t *result, const char *content_type)
{
    const char *fault = check_form(result->p7, content_type);

    if (!fault) {
        fault = find_content(result);
    }
    if (!fault) {
        result->info = sk_PKCS7_SIGNER_INFO_value(result->p7->d.sign->signer_info, 0);
        fault = check_attributes(result->info, content_type);
    }
    return fault ? fault : check_signature(result);
}

const char *du_pkcs7_read(apr_pool_t *pool, const unsigned char *der, apr_size_t len, const char *content_type,
                          du_pkcs7_t *result)
{
    const unsigned char *at = der;
    const char *fault;

    memset(result, 0, sizeof(*result));
    if (len > DU_PKCS7_MAX_BYTES) {
        return "is larger than 4 MiB";
    }
    result->p7 = d2i_PKCS7(NULL, &at, (long)len);
    if (result->p7) {
        apr_pool_cleanup_register(pool, result->p7, free_pkcs7, apr_pool_cleanup_null);
    }
    fault = result->p7 && at == der + len ? check(result, content_type) : "is not PKCS#7 signed data";
    ERR_clear_error();
    return fault;
}
