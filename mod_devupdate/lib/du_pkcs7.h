/*
 * A PKCS#7 SignedData with one signer: its form, and whether the signature fits the content. Who signed, and whether that
 * is anybody to trust, is du_chain.h's.
 *
 * What is signed is the content without its outermost tag and length (RFC 2315 section 9.3), also where the content is
 * Microsoft's: for that reason OpenSSL is handed the bytes.
 */
#ifndef DU_PKCS7_H
#define DU_PKCS7_H

#include <apr_pools.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>

#define DU_PKCS7_MAX_BYTES        (4 * 1024 * 1024)
#define DU_PKCS7_MAX_CERTIFICATES 32

typedef struct du_pkcs7_t {
    PKCS7 *p7;
    PKCS7_SIGNER_INFO *info; /* the one there is; p7's */
    X509 *signer;            /* its certificate; p7's */
    const unsigned char
        *content; /* with tag and length if it is a SEQUENCE, the value alone if it is an OCTET STRING */
    apr_size_t length;
} du_pkcs7_t;

/*
 * Reads it and checks the signature. NULL if all is well, otherwise what is wrong, to be put behind "its catalogue".
 * Accepted are: exactly one signer whose certificate is in it, SHA-1 or SHA-2, signed attributes with the digest and with
 * the given content type (dotted), at most DU_PKCS7_MAX_CERTIFICATES certificates, not a byte more. *result lives in pool.
 */
const char *du_pkcs7_read(apr_pool_t *pool, const unsigned char *der, apr_size_t len, const char *content_type,
                          du_pkcs7_t *result);

/* 1 if a signer's record is a signature of these bytes that the certificate has made, with a digest that is fit. p7 is what the
 * record is from. */
int du_pkcs7_signs(PKCS7 *p7, PKCS7_SIGNER_INFO *info, X509 *signer, const unsigned char *bytes, apr_size_t len);

/* 1 if digests of that kind may be signed: SHA-1 and SHA-2. MD5 was used to forge a signature of Microsoft's in 2012. */
int du_pkcs7_digest_is_fit(int nid);

/* 1 if the object has that dotted name. */
int du_pkcs7_is(const ASN1_OBJECT *object, const char *dotted);

#endif
