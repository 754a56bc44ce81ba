#include "du_catalog.h"

#include <apr_strings.h>
#include <openssl/sha.h>

#include "du_catalog_list.h"
#include "du_pkcs7.h"
#include "du_text.h"

#define USAGE_CATALOG_LIST "1.3.6.1.4.1.311.12.1.1"
#define MAX_DIGEST         SHA256_DIGEST_LENGTH

apr_size_t du_catalog_digest_size(du_catalog_digest_e kind)
{
    return kind == DU_CATALOG_SHA1 ? SHA_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
}

static void add_digest(du_catalog_t *catalog, du_catalog_digest_e kind, const unsigned char *digest)
{
    apr_ssize_t size = (apr_ssize_t)du_catalog_digest_size(kind);
    const void *kept = apr_pmemdup(apr_hash_pool_get(catalog->digests), digest, (apr_size_t)size);

    catalog->members[kind]++;
    apr_hash_set(catalog->digests, kept, size, kept);
}

int du_catalog_lists(const du_catalog_t *catalog, du_catalog_digest_e kind, const unsigned char *digest)
{
    return apr_hash_get(catalog->digests, digest, (apr_ssize_t)du_catalog_digest_size(kind)) != NULL;
}

/* An algorithm and a digest; those that do not count, or do not fit each other, are passed over. */
static void add_digest_info(du_catalog_t *catalog, const X509_SIG *info)
{
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *digest;
    int nid;

    X509_SIG_get0(info, &algorithm, &digest);
    nid = OBJ_obj2nid(algorithm->algorithm);
    for (du_catalog_digest_e kind = 0; kind < DU_CATALOG_DIGESTS; kind++) {
        if (nid == (kind == DU_CATALOG_SHA1 ? NID_sha1 : NID_sha256) &&
            (apr_size_t)ASN1_STRING_length(digest) == du_catalog_digest_size(kind)) {
            add_digest(catalog, kind, ASN1_STRING_get0_data(digest));
        }
    }
}

/* 1 if there is such an attribute, whatever it holds. */
static int add_attribute(du_catalog_t *catalog, const DU_TRUSTED_SUBJECT *subject)
{
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(subject->attributes); i++) {
        X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(subject->attributes, i);
        ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
        DU_INDIRECT_DATA *data = NULL;

        if (!du_pkcs7_is(X509_ATTRIBUTE_get0_object(attribute), DU_SPC_INDIRECT_DATA)) {
            continue;
        }
        if (value && ASN1_TYPE_get(value) == V_ASN1_SEQUENCE) {
            data = du_indirect_data_parse(ASN1_STRING_get0_data(value->value.sequence),
                                          (size_t)ASN1_STRING_length(value->value.sequence));
        }
        if (data) {
            add_digest_info(catalog, data->digest);
            ASN1_item_free((ASN1_VALUE *)data, ASN1_ITEM_rptr(DU_INDIRECT_DATA));
        }
        return 1;
    }
    return 0;
}

/* "D\0E\0..." with or without a NUL behind it: the ASCII of it; NULL if there is anything else. */
static const char *narrow(char *to, const unsigned char *utf16, apr_size_t len)
{
    apr_size_t units = len / 2;

    if (len % 2 || units < 2) {
        return NULL;
    }
    units -= utf16[len - 2] == 0 && utf16[len - 1] == 0;
    if (units > 2 * MAX_DIGEST) {
        return NULL;
    }
    for (apr_size_t i = 0; i < units; i++) {
        if (utf16[2 * i] == 0 || utf16[2 * i + 1] != 0) {
            return NULL;
        }
        to[i] = (char)utf16[2 * i];
    }
    to[units] = '\0';
    return to;
}

static void add_identifier(du_catalog_t *catalog, const ASN1_OCTET_STRING *identifier)
{
    const unsigned char *bytes = ASN1_STRING_get0_data(identifier);
    apr_size_t len = (apr_size_t)ASN1_STRING_length(identifier);
    unsigned char digest[MAX_DIGEST];
    char text[2 * MAX_DIGEST + 1];
    const char *hex = narrow(text, bytes, len);

    for (du_catalog_digest_e kind = 0; kind < DU_CATALOG_DIGESTS; kind++) {
        if (len == du_catalog_digest_size(kind)) {
            add_digest(catalog, kind, bytes);
        } else if (hex && du_text_unhex(hex, digest, du_catalog_digest_size(kind))) {
            add_digest(catalog, kind, digest);
        }
    }
}

static const char *take_members(du_catalog_t *catalog, const DU_TRUST_LIST *list)
{
    int count = sk_DU_TRUSTED_SUBJECT_num(list->subjects);

    if (!du_pkcs7_is(sk_ASN1_OBJECT_value(list->usage, 0), USAGE_CATALOG_LIST)) {
        return "is a list for another purpose";
    }
    if (count < 1) {
        return "has no members";
    }
    if (count > DU_CATALOG_MAX_MEMBERS) {
        return "has too many members";
    }
    for (int i = 0; i < count; i++) {
        const DU_TRUSTED_SUBJECT *subject = sk_DU_TRUSTED_SUBJECT_value(list->subjects, i);

        if (!add_attribute(catalog, subject)) {
            add_identifier(catalog, subject->identifier);
        }
    }
    return NULL;
}

static const char *read_list(du_catalog_t *catalog)
{
    DU_TRUST_LIST *list = du_trust_list_parse(catalog->signature.content, catalog->signature.length);
    const char *fault = list ? take_members(catalog, list) : "has no list of members";

    ASN1_item_free((ASN1_VALUE *)list, ASN1_ITEM_rptr(DU_TRUST_LIST));
    return fault;
}

du_catalog_t *du_catalog_read(apr_pool_t *pool, const du_anchors_t *anchors, apr_time_t now,
                              const unsigned char *bytes, apr_size_t len)
{
    du_catalog_t *catalog = apr_pcalloc(pool, sizeof(*catalog));
    const char *fault;

    catalog->digests = apr_hash_make(pool);
    du_signature_judge(pool, anchors, now, bytes, len, DU_CATALOG_TYPE, &catalog->signature);
    if (catalog->signature.state != DU_SIGNATURE_BROKEN) {
        fault = read_list(catalog);
        if (fault) {
            catalog->signature = (du_signature_t){.state = DU_SIGNATURE_BROKEN, .fault = fault};
        }
    }
    return catalog;
}
