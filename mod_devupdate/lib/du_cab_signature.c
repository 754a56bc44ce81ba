#include "du_cab_signature.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "du_cab_numbers.h"
#include "du_catalog_list.h"
#include "du_pkcs7.h"

/* The header of a cabinet, [MS-CAB] 2.1, as signing tools fill its reserved bytes. */
#define HEADER_SIZE    60
#define HEADER_FLAGS   30 /* u2 */
#define FLAG_RESERVE   4
#define HEADER_CABINET 34 /* u2: number in a set; here begins what is not covered by the digest */
#define HEADER_RESERVE 36 /* u2: bytes of the reserved area, 20 in a signed cabinet */
#define RESERVE_SIZE   20
#define RESERVE_MARK   40 /* u4: 0x00100000 */
#define MARK           0x00100000
#define RESERVE_OFFSET 44 /* u4: where the signature is */
#define RESERVE_LENGTH 48 /* u4 */
#define RESERVE_END    56 /* from here on everything up to the signature is covered */
#define MAX_PADDING    7  /* zeros that fill it up to a multiple of 8 */
#define BLOCK_SIZE     (256 * 1024)

typedef struct signed_t {
    du_ctx_t *ctx;
    const char *path;
    apr_file_t *file;
    apr_off_t size;
    apr_off_t offset; /* of the signature; 0 if there is none */
    apr_off_t length;
    unsigned char header[HEADER_SIZE];
    du_signature_t signature;
} signed_t;

static apr_status_t broken(signed_t *cab, const char *fault)
{
    cab->signature = (du_signature_t){.state = DU_SIGNATURE_BROKEN, .fault = fault};
    return APR_SUCCESS;
}

static apr_status_t read_at(signed_t *cab, apr_off_t offset, unsigned char *bytes, apr_size_t len)
{
    apr_status_t rv = apr_file_seek(cab->file, APR_SET, &offset);

    return rv == APR_SUCCESS ? apr_file_read_full(cab->file, bytes, len, NULL) : rv;
}

static apr_status_t read_header(signed_t *cab)
{
    const unsigned char *header = cab->header;
    apr_finfo_t info;
    apr_status_t rv = apr_file_info_get(&info, APR_FINFO_SIZE, cab->file);

    cab->size = info.size;
    if (rv != APR_SUCCESS || cab->size < HEADER_SIZE) {
        return rv;
    }
    rv = read_at(cab, 0, cab->header, HEADER_SIZE);
    if (rv == APR_SUCCESS && (du_cab_u2(header + HEADER_FLAGS) & FLAG_RESERVE) &&
        du_cab_u2(header + HEADER_RESERVE) == RESERVE_SIZE && du_cab_u4(header + RESERVE_MARK) == MARK) {
        cab->offset = du_cab_u4(header + RESERVE_OFFSET);
        cab->length = du_cab_u4(header + RESERVE_LENGTH);
    }
    return rv;
}

/* The bytes of the signature without the padding behind it, or 0 if it is not as long as it says. */
static apr_size_t unpadded(const unsigned char *der, apr_size_t len)
{
    const unsigned char *at = der;
    apr_size_t whole;
    long length;
    int tag, class;

    if (ASN1_get_object(&at, &length, &tag, &class, (long)len) != V_ASN1_CONSTRUCTED) {
        return 0;
    }
    whole = (apr_size_t)(at - der) + (apr_size_t)length;
    for (apr_size_t i = whole; i < len; i++) {
        if (der[i] != 0) {
            return 0;
        }
    }
    return len - whole <= MAX_PADDING ? whole : 0;
}

static apr_status_t digest_rest(signed_t *cab, EVP_MD_CTX *hash)
{
    unsigned char *block = apr_palloc(cab->ctx->pool, BLOCK_SIZE);
    apr_status_t rv = APR_SUCCESS;

    for (apr_off_t at = RESERVE_END; rv == APR_SUCCESS && at < cab->offset; at += BLOCK_SIZE) {
        apr_off_t rest = cab->offset - at;
        apr_size_t len = (apr_size_t)(rest < BLOCK_SIZE ? rest : BLOCK_SIZE);

        rv = read_at(cab, at, block, len);
        if (rv == APR_SUCCESS && !EVP_DigestUpdate(hash, block, len)) {
            rv = APR_EGENERAL;
        }
    }
    return rv;
}

/* Everything before the signature, without what the signing changed: the header's checksum, the cabinet's number in a set,
 * and the reserved bytes with the signature's place. */
static apr_status_t digest_cabinet(signed_t *cab, const EVP_MD *kind, unsigned char *digest)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    apr_status_t rv = APR_EGENERAL;

    if (hash && EVP_DigestInit_ex(hash, kind, NULL) && EVP_DigestUpdate(hash, cab->header, 4) &&
        EVP_DigestUpdate(hash, cab->header + 8, HEADER_CABINET - 8)) {
        rv = digest_rest(cab, hash);
    }
    if (rv == APR_SUCCESS && !EVP_DigestFinal_ex(hash, digest, NULL)) {
        rv = APR_EGENERAL;
    }
    EVP_MD_CTX_free(hash);
    return rv;
}

static apr_status_t check_digest(signed_t *cab, const X509_SIG *info)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    const ASN1_OCTET_STRING *said;
    const X509_ALGOR *algorithm;
    const EVP_MD *kind;
    apr_status_t rv;
    int nid;

    X509_SIG_get0(info, &algorithm, &said);
    nid = OBJ_obj2nid(algorithm->algorithm);
    if (!du_pkcs7_digest_is_fit(nid)) {
        return broken(cab, "is signed with a digest that is no longer safe");
    }
    kind = EVP_get_digestbynid(nid);
    rv = digest_cabinet(cab, kind, digest);
    if (rv == APR_SUCCESS && (ASN1_STRING_length(said) != EVP_MD_get_size(kind) ||
                              memcmp(ASN1_STRING_get0_data(said), digest, (size_t)ASN1_STRING_length(said)) != 0)) {
        return broken(cab, "was changed after it was signed");
    }
    return rv;
}

static apr_status_t check_content(signed_t *cab)
{
    DU_INDIRECT_DATA *data = du_indirect_data_parse(cab->signature.content, cab->signature.length);
    apr_status_t rv = data ? check_digest(cab, data->digest) : broken(cab, "has a signature without a digest");

    ASN1_item_free((ASN1_VALUE *)data, ASN1_ITEM_rptr(DU_INDIRECT_DATA));
    return rv;
}

static apr_status_t judge(signed_t *cab, const du_anchors_t *anchors)
{
    apr_pool_t *pool = cab->ctx->pool;
    unsigned char *der;
    apr_status_t rv;

    if (cab->offset < HEADER_SIZE || cab->offset + cab->length != cab->size || cab->length > DU_PKCS7_MAX_BYTES) {
        return broken(cab, "has no signature where its header says");
    }
    der = apr_palloc(pool, (apr_size_t)cab->length + 1);
    rv = read_at(cab, cab->offset, der, (apr_size_t)cab->length);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    du_signature_judge(pool, anchors, du_now(cab->ctx), der, unpadded(der, (apr_size_t)cab->length),
                       DU_SPC_INDIRECT_DATA, &cab->signature);
    return cab->signature.state == DU_SIGNATURE_BROKEN ? APR_SUCCESS : check_content(cab);
}

static const char *describe(apr_pool_t *pool, const du_signature_t *signature)
{
    switch (signature->state) {
    case DU_SIGNATURE_GOOD:
    case DU_SIGNATURE_EXPIRED:
        return signature->who;
    case DU_SIGNATURE_UNTRUSTED:
        return apr_pstrcat(pool, "not trusted: it ", signature->fault, NULL);
    default:
        return apr_pstrcat(pool, "broken: it ", signature->fault, NULL);
    }
}

apr_status_t du_cab_signature_read(du_ctx_t *ctx, const du_anchors_t *anchors, const char *path, const char **said)
{
    signed_t cab = {.ctx = ctx, .path = path};
    apr_status_t rv =
        apr_file_open(&cab.file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, ctx->pool);

    *said = "";
    if (rv == APR_SUCCESS) {
        rv = read_header(&cab);
        if (rv == APR_SUCCESS && cab.offset > 0) {
            rv = judge(&cab, anchors);
            *said = rv == APR_SUCCESS ? describe(ctx->pool, &cab.signature) : "";
        }
        apr_file_close(cab.file);
    }
    return rv == APR_SUCCESS ? rv : du_fail(ctx, rv, DUNO(0666), "cannot read the signature of %s: %pm", path, &rv);
}
