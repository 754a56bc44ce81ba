/*
 * The ASN.1 form of what is signed in a catalogue and in a cabinet: certificate trust list and SpcIndirectDataContent.
 * OpenSSL's templates make the parsers.
 */
#ifndef DU_CATALOG_LIST_H
#define DU_CATALOG_LIST_H

#include <openssl/asn1t.h>
#include <openssl/x509.h>

#define DU_SPC_INDIRECT_DATA "1.3.6.1.4.1.311.2.1.4"

typedef struct du_trusted_subject_t {
    ASN1_OCTET_STRING *identifier;
    STACK_OF(X509_ATTRIBUTE) * attributes;
} DU_TRUSTED_SUBJECT;
DECLARE_ASN1_ITEM(DU_TRUSTED_SUBJECT)
DEFINE_STACK_OF(DU_TRUSTED_SUBJECT)

/* CertificateTrustList, [MS-CAESO] 2.2.7 */
typedef struct du_trust_list_t {
    ASN1_INTEGER *version; /* may be NULL */
    STACK_OF(ASN1_OBJECT) * usage;
    ASN1_OCTET_STRING *identifier; /* may be NULL */
    ASN1_INTEGER *sequence;        /* may be NULL */
    ASN1_TIME *this_update;
    ASN1_TIME *next_update; /* may be NULL */
    X509_ALGOR *algorithm;
    STACK_OF(DU_TRUSTED_SUBJECT) * subjects; /* may be NULL */
    STACK_OF(X509_EXTENSION) * extensions;   /* may be NULL */
} DU_TRUST_LIST;
DECLARE_ASN1_ITEM(DU_TRUST_LIST)

typedef struct du_indirect_type_t {
    ASN1_OBJECT *type;
    ASN1_TYPE *value; /* may be NULL */
} DU_INDIRECT_TYPE;

/* SpcIndirectDataContent of "Windows Authenticode Portable Executable Signature Format" */
typedef struct du_indirect_data_t {
    DU_INDIRECT_TYPE *data;
    X509_SIG *digest; /* DigestInfo */
} DU_INDIRECT_DATA;
DECLARE_ASN1_ITEM(DU_INDIRECT_DATA)

/* Both give NULL if the bytes are not exactly one. Freed by ASN1_item_free() with the item. */
DU_TRUST_LIST *du_trust_list_parse(const unsigned char *der, size_t len);
DU_INDIRECT_DATA *du_indirect_data_parse(const unsigned char *der, size_t len);

#endif
