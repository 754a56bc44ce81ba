#include "du_catalog_list.h"

#include <openssl/err.h>

/* clang-format off */
ASN1_SEQUENCE(DU_TRUSTED_SUBJECT) = {
    ASN1_SIMPLE(DU_TRUSTED_SUBJECT, identifier, ASN1_OCTET_STRING),
    ASN1_SET_OF_OPT(DU_TRUSTED_SUBJECT, attributes, X509_ATTRIBUTE)
} ASN1_SEQUENCE_END(DU_TRUSTED_SUBJECT)

ASN1_SEQUENCE(DU_TRUST_LIST) = {
    ASN1_OPT(DU_TRUST_LIST, version, ASN1_INTEGER),
    ASN1_SEQUENCE_OF(DU_TRUST_LIST, usage, ASN1_OBJECT),
    ASN1_OPT(DU_TRUST_LIST, identifier, ASN1_OCTET_STRING),
    ASN1_OPT(DU_TRUST_LIST, sequence, ASN1_INTEGER),
    ASN1_SIMPLE(DU_TRUST_LIST, this_update, ASN1_TIME),
    ASN1_OPT(DU_TRUST_LIST, next_update, ASN1_TIME),
    ASN1_SIMPLE(DU_TRUST_LIST, algorithm, X509_ALGOR),
    ASN1_SEQUENCE_OF_OPT(DU_TRUST_LIST, subjects, DU_TRUSTED_SUBJECT),
    ASN1_EXP_SEQUENCE_OF_OPT(DU_TRUST_LIST, extensions, X509_EXTENSION, 0)
} ASN1_SEQUENCE_END(DU_TRUST_LIST)

ASN1_SEQUENCE(DU_INDIRECT_TYPE) = {
    ASN1_SIMPLE(DU_INDIRECT_TYPE, type, ASN1_OBJECT),
    ASN1_OPT(DU_INDIRECT_TYPE, value, ASN1_ANY)
} static_ASN1_SEQUENCE_END(DU_INDIRECT_TYPE)

ASN1_SEQUENCE(DU_INDIRECT_DATA) = {
    ASN1_SIMPLE(DU_INDIRECT_DATA, data, DU_INDIRECT_TYPE),
    ASN1_SIMPLE(DU_INDIRECT_DATA, digest, X509_SIG)
} ASN1_SEQUENCE_END(DU_INDIRECT_DATA)
                                              /* clang-format on */

                                              static void *
                                              parse(const unsigned char *der, size_t len, const ASN1_ITEM *item)
{
    const unsigned char *at = der;
    ASN1_VALUE *value = ASN1_item_d2i(NULL, &at, (long)len, item);

    if (value && at != der + len) {
        ASN1_item_free(value, item);
        value = NULL;
    }
    ERR_clear_error();
    return value;
}

DU_TRUST_LIST *du_trust_list_parse(const unsigned char *der, size_t len)
{
    return parse(der, len, ASN1_ITEM_rptr(DU_TRUST_LIST));
}

DU_INDIRECT_DATA *du_indirect_data_parse(const unsigned char *der, size_t len)
{
    return parse(der, len, ASN1_ITEM_rptr(DU_INDIRECT_DATA));
}
