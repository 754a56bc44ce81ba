#include "catalog_maker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "du_catalog_list.h"

#define CTL_TYPE      "1.3.6.1.4.1.311.10.1"
#define CATALOG_LIST  "1.3.6.1.4.1.311.12.1.1"
#define CATALOG_V1    "1.3.6.1.4.1.311.12.1.2"
#define CATALOG_V2    "1.3.6.1.4.1.311.12.1.3"
#define SPC_PE_IMAGE  "1.3.6.1.4.1.311.2.1.15"
#define RFC3161_TOKEN "1.3.6.1.4.1.311.3.3.1"

#define MUST(done) must((done) ? 1 : 0, #done, __LINE__)

static void must(int done, const char *what, int line)
{
    if (!done) {
        fprintf(stderr, "catalog_maker.c:%d: %s\n", line, what);
        ERR_print_errors_fp(stderr);
        exit(EXIT_FAILURE);
    }
}

void maker_digest(const char *name, const void *bytes, size_t len, unsigned char *digest)
{
    MUST(EVP_Digest(bytes, len, digest, NULL, EVP_get_digestbyname(name), NULL));
}

/*
 * Certificates
 */

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    MUST(extension && X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

static void add_extensions(const maker_certificate_t *form, X509 *certificate)
{
    char use[200];

    add_extension(certificate, NID_basic_constraints, form->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(certificate, NID_key_usage, form->is_authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    if (form->use) {
        snprintf(use, sizeof(use), "%s%s", strcmp(form->use, "timeStamping") == 0 ? "critical," : "", form->use);
        add_extension(certificate, NID_ext_key_usage, use);
    }
}

/* Issuer and serial number are how a signature names its certificate. */
static void set_serial(X509 *certificate)
{
    BIGNUM *number = BN_new();

    MUST(number && BN_rand(number, 120, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
    MUST(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)));
    BN_free(number);
}

maker_identity_t maker_identity(const maker_certificate_t *form)
{
    maker_identity_t made = {X509_new(), EVP_RSA_gen(form->bits ? form->bits : 2048)};
    X509_NAME *name = X509_get_subject_name(made.certificate);
    const maker_identity_t *issuer = form->issuer ? form->issuer : &made;

    MUST(made.key && X509_set_version(made.certificate, X509_VERSION_3));
    set_serial(made.certificate);
    MUST(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)form->name, -1, -1, 0));
    MUST(X509_set_issuer_name(made.certificate, X509_get_subject_name(issuer->certificate)));
    MUST(ASN1_TIME_set(X509_getm_notBefore(made.certificate), form->from));
    MUST(ASN1_TIME_set(X509_getm_notAfter(made.certificate), form->until));
    MUST(X509_set_pubkey(made.certificate, made.key));
    add_extensions(form, made.certificate);
    MUST(X509_sign(made.certificate, issuer->key, EVP_get_digestbyname(form->digest ? form->digest : "SHA256")));
    return made;
}

void maker_write_identity(const maker_identity_t *identity, const char *path)
{
    BIO *file = BIO_new_file(path, "w");

    MUST(file && PEM_write_bio_X509(file, identity->certificate));
    MUST(PEM_write_bio_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL));
    BIO_free(file);
}

maker_identity_t maker_read_identity(const char *path)
{
    BIO *file = BIO_new_file(path, "r");
    maker_identity_t identity = {0};

    MUST(file);
    identity.certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
    identity.key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
    MUST(identity.certificate && identity.key);
    BIO_free(file);
    return identity;
}

/*
 * The list
 */

static void *new_item(const ASN1_ITEM *item)
{
    void *value = ASN1_item_new(item);

    MUST(value);
    return value;
}

static ASN1_STRING *packed(const void *value, const ASN1_ITEM *item)
{
    ASN1_STRING *string = ASN1_STRING_new();
    unsigned char *der = NULL;
    int len = ASN1_item_i2d(value, &der, item);

    MUST(len > 0 && string);
    ASN1_STRING_set0(string, der, len);
    return string;
}

static X509_ATTRIBUTE *attribute_of(const char *dotted, ASN1_STRING *sequence)
{
    X509_ATTRIBUTE *attribute = X509_ATTRIBUTE_create_by_txt(NULL, dotted, V_ASN1_SEQUENCE, ASN1_STRING_get0_data(sequence),
                                                             ASN1_STRING_length(sequence));

    MUST(attribute);
    ASN1_STRING_free(sequence);
    return attribute;
}

/* What signing tools say of a program, word for word: a link to "<<<Obsolete>>>". osslsigncode wants it. */
static const unsigned char pe_image[] = {0x30, 0x25, 0x03, 0x01, 0x00, 0xa0, 0x20, 0xa2, 0x1e, 0x80, 0x1c, 0, '<', 0,   '<', 0,   '<', 0,   'O', 0,
                                         'b',  0,    's',  0,    'o',  0,    'l',  0,    'e',  0,    't',  0, 'e', 0,   '>', 0,   '>', 0,   '>'};

static void set_pe_image(DU_INDIRECT_TYPE *data)
{
    ASN1_STRING *value = ASN1_STRING_new();

    MUST(ASN1_STRING_set(value, pe_image, sizeof(pe_image)));
    data->type = OBJ_txt2obj(SPC_PE_IMAGE, 1);
    data->value = ASN1_TYPE_new();
    ASN1_TYPE_set(data->value, V_ASN1_SEQUENCE, value);
}

static X509_ATTRIBUTE *indirect_data(const char *digest_name, const unsigned char *digest, int len)
{
    DU_INDIRECT_DATA *data = new_item(ASN1_ITEM_rptr(DU_INDIRECT_DATA));
    X509_ALGOR *algorithm;
    ASN1_OCTET_STRING *value;
    ASN1_STRING *der;

    set_pe_image(data->data);
    X509_SIG_getm(data->digest, &algorithm, &value);
    MUST(X509_ALGOR_set0(algorithm, OBJ_txt2obj(digest_name, 0), V_ASN1_NULL, NULL));
    MUST(ASN1_OCTET_STRING_set(value, digest, len));
    der = packed(data, ASN1_ITEM_rptr(DU_INDIRECT_DATA));
    ASN1_item_free((ASN1_VALUE *)data, ASN1_ITEM_rptr(DU_INDIRECT_DATA));
    return attribute_of(DU_SPC_INDIRECT_DATA, der);
}

static void set_hex(ASN1_OCTET_STRING *identifier, const unsigned char *digest, int len)
{
    unsigned char text[4 * EVP_MAX_MD_SIZE + 2] = {0}; /* with a NUL behind it, as makecat writes it */

    for (int i = 0; i < len; i++) {
        char two[3];

        snprintf(two, sizeof(two), "%02X", digest[i]);
        text[4 * i] = (unsigned char)two[0];
        text[4 * i + 2] = (unsigned char)two[1];
    }
    MUST(ASN1_OCTET_STRING_set(identifier, text, 4 * len + 2));
}

static DU_TRUSTED_SUBJECT *subject_of(const maker_catalogue_t *form, const char *digest_name, const unsigned char *digest)
{
    DU_TRUSTED_SUBJECT *subject = new_item(ASN1_ITEM_rptr(DU_TRUSTED_SUBJECT));
    int len = EVP_MD_get_size(EVP_get_digestbyname(digest_name));

    if (form->form == MAKER_RAW) {
        MUST(ASN1_OCTET_STRING_set(subject->identifier, digest, len));
    } else if (form->form == MAKER_HEX) {
        set_hex(subject->identifier, digest, len);
    } else {
        MUST(ASN1_OCTET_STRING_set(subject->identifier, (const unsigned char *)"a member", -1));
    }
    if (form->form == MAKER_ATTRIBUTE) {
        subject->attributes = sk_X509_ATTRIBUTE_new_null();
        MUST(sk_X509_ATTRIBUTE_push(subject->attributes, indirect_data(digest_name, digest, len)));
    }
    return subject;
}

static ASN1_STRING *list_of(const maker_catalogue_t *form)
{
    const char *digest_name = form->digest ? form->digest : "SHA256";
    DU_TRUST_LIST *list = new_item(ASN1_ITEM_rptr(DU_TRUST_LIST));
    ASN1_STRING *der;

    MUST(sk_ASN1_OBJECT_push(list->usage, OBJ_txt2obj(form->usage ? form->usage : CATALOG_LIST, 1)));
    list->identifier = ASN1_OCTET_STRING_new();
    MUST(ASN1_OCTET_STRING_set(list->identifier, (const unsigned char *)"0123456789abcdef", 16));
    MUST(ASN1_TIME_set_string(list->this_update, "160906000000Z"));
    MUST(X509_ALGOR_set0(list->algorithm, OBJ_txt2obj(form->form == MAKER_HEX ? CATALOG_V1 : CATALOG_V2, 1), V_ASN1_NULL, NULL));
    list->subjects = sk_DU_TRUSTED_SUBJECT_new_null();
    for (int i = 0; i < form->count; i++) {
        MUST(sk_DU_TRUSTED_SUBJECT_push(list->subjects, subject_of(form, digest_name, form->digests[i])));
    }
    der = packed(list, ASN1_ITEM_rptr(DU_TRUST_LIST));
    ASN1_item_free((ASN1_VALUE *)list, ASN1_ITEM_rptr(DU_TRUST_LIST));
    return der;
}

/*
 * Signatures
 */

/* The bytes that are signed: the list without its tag and length. */
static const unsigned char *inner(const ASN1_STRING *list, long *len)
{
    const unsigned char *at = ASN1_STRING_get0_data(list);
    int tag, class;

    MUST(ASN1_get_object(&at, len, &tag, &class, ASN1_STRING_length(list)) == V_ASN1_CONSTRUCTED);
    return at;
}

static void sign_bare(PKCS7_SIGNER_INFO *info, const maker_identity_t *signer, const EVP_MD *md, const unsigned char *bytes, long len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char *value = OPENSSL_malloc((size_t)EVP_PKEY_get_size(signer->key));
    size_t size = (size_t)EVP_PKEY_get_size(signer->key);

    MUST(EVP_DigestSignInit(ctx, NULL, md, NULL, signer->key) && EVP_DigestSign(ctx, value, &size, bytes, (size_t)len));
    ASN1_STRING_set0(info->enc_digest, value, (int)size);
    EVP_MD_CTX_free(ctx);
}

static PKCS7_SIGNER_INFO *sign(PKCS7 *p7, const maker_catalogue_t *form, const maker_identity_t *signer, const ASN1_STRING *list)
{
    const EVP_MD *md = EVP_get_digestbyname(form->signing ? form->signing : "SHA256");
    PKCS7_SIGNER_INFO *info = PKCS7_add_signature(p7, signer->certificate, signer->key, md);
    unsigned char digest[EVP_MAX_MD_SIZE];
    const unsigned char *bytes;
    long len;

    MUST(info && PKCS7_add_certificate(p7, signer->certificate));
    bytes = inner(list, &len);
    if (form->without_attributes) {
        sign_bare(info, signer, md, bytes, len);
        return info;
    }
    MUST(EVP_Digest(bytes, (size_t)len, digest, NULL, md, NULL));
    MUST(PKCS7_add_attrib_content_type(info, OBJ_txt2obj(CTL_TYPE, 1)));
    MUST(PKCS7_add1_attrib_digest(info, digest, EVP_MD_get_size(md)));
    MUST(PKCS7_SIGNER_INFO_sign(info));
    return info;
}

static void stamp_pkcs9(PKCS7 *p7, PKCS7_SIGNER_INFO *info, const maker_catalogue_t *form)
{
    PKCS7_SIGNER_INFO *counter = PKCS7_SIGNER_INFO_new();
    ASN1_TIME *when = ASN1_UTCTIME_set(NULL, form->stamped);
    unsigned char digest[EVP_MAX_MD_SIZE];

    maker_digest("SHA256", ASN1_STRING_get0_data(info->enc_digest), (size_t)ASN1_STRING_length(info->enc_digest), digest);
    MUST(PKCS7_SIGNER_INFO_set(counter, form->stamper->certificate, form->stamper->key, EVP_sha256()));
    MUST(PKCS7_add_attrib_content_type(counter, NULL) && PKCS7_add0_attrib_signing_time(counter, when));
    MUST(PKCS7_add1_attrib_digest(counter, digest, EVP_MD_get_size(EVP_sha256())));
    MUST(PKCS7_SIGNER_INFO_sign(counter));
    MUST(PKCS7_add_attribute(info, NID_pkcs9_countersignature, V_ASN1_SEQUENCE, packed(counter, ASN1_ITEM_rptr(PKCS7_SIGNER_INFO))));
    MUST(PKCS7_add_certificate(p7, form->stamper->certificate));
    PKCS7_SIGNER_INFO_free(counter);
}

static ASN1_INTEGER *next_serial(struct TS_resp_ctx *ctx, void *data)
{
    ASN1_INTEGER *serial = ASN1_INTEGER_new();

    (void)ctx, (void)data;
    MUST(serial && ASN1_INTEGER_set(serial, 1));
    return serial;
}

static int given_time(struct TS_resp_ctx *ctx, void *data, long *seconds, long *microseconds)
{
    (void)ctx;
    *seconds = (long)*(const time_t *)data;
    *microseconds = 0;
    return 1;
}

static BIO *stamp_request(const PKCS7_SIGNER_INFO *info)
{
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    BIO *bio = BIO_new(BIO_s_mem());

    maker_digest("SHA256", ASN1_STRING_get0_data(info->enc_digest), (size_t)ASN1_STRING_length(info->enc_digest), digest);
    MUST(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL));
    MUST(TS_MSG_IMPRINT_set_algo(imprint, algorithm) && TS_MSG_IMPRINT_set_msg(imprint, digest, 32));
    MUST(TS_REQ_set_version(request, 1) && TS_REQ_set_msg_imprint(request, imprint) && TS_REQ_set_cert_req(request, 1));
    MUST(i2d_TS_REQ_bio(bio, request));
    TS_MSG_IMPRINT_free(imprint);
    X509_ALGOR_free(algorithm);
    TS_REQ_free(request);
    return bio;
}

static void stamp_rfc3161(PKCS7_SIGNER_INFO *info, const maker_catalogue_t *form)
{
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    BIO *request = stamp_request(info);
    ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
    time_t stamped = form->stamped;
    TS_RESP *response;

    MUST(TS_RESP_CTX_set_signer_cert(ctx, form->stamper->certificate) && TS_RESP_CTX_set_signer_key(ctx, form->stamper->key));
    MUST(TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256()) && TS_RESP_CTX_add_md(ctx, EVP_sha256()));
    MUST(TS_RESP_CTX_set_def_policy(ctx, policy));
    TS_RESP_CTX_set_serial_cb(ctx, next_serial, NULL);
    TS_RESP_CTX_set_time_cb(ctx, given_time, &stamped);
    response = TS_RESP_create_response(ctx, request);
    MUST(response && TS_RESP_get_token(response));
    info->unauth_attr = info->unauth_attr ? info->unauth_attr : sk_X509_ATTRIBUTE_new_null();
    MUST(sk_X509_ATTRIBUTE_push(info->unauth_attr,
                                attribute_of(RFC3161_TOKEN, packed(TS_RESP_get_token(response), ASN1_ITEM_rptr(PKCS7)))));
    ASN1_OBJECT_free(policy);
    TS_RESP_free(response);
    TS_RESP_CTX_free(ctx);
    BIO_free(request);
}

static void set_content(PKCS7 *p7, ASN1_STRING *list)
{
    PKCS7 *content = PKCS7_new();

    content->type = OBJ_txt2obj(CTL_TYPE, 1);
    content->d.other = ASN1_TYPE_new();
    ASN1_TYPE_set(content->d.other, V_ASN1_SEQUENCE, list);
    MUST(PKCS7_set_content(p7, content));
}

unsigned char *maker_catalogue(const maker_catalogue_t *form, size_t *size)
{
    PKCS7 *p7 = PKCS7_new();
    ASN1_STRING *list = list_of(form);
    unsigned char *der = NULL;
    int len;

    MUST(PKCS7_set_type(p7, NID_pkcs7_signed));
    for (int i = 0; i < MAKER_MOST && form->signers[i]; i++) {
        PKCS7_SIGNER_INFO *info = sign(p7, form, form->signers[i], list);

        if (form->stamp == MAKER_PKCS9) {
            stamp_pkcs9(p7, info, form);
        } else if (form->stamp == MAKER_RFC3161) {
            stamp_rfc3161(info, form);
        }
    }
    for (int i = 0; i < MAKER_MOST && form->others[i]; i++) {
        MUST(PKCS7_add_certificate(p7, form->others[i]->certificate));
    }
    set_content(p7, list);
    len = i2d_PKCS7(p7, &der);
    MUST(len > 0);
    PKCS7_free(p7);
    *size = (size_t)len;
    return der;
}
