/* Catalogues and their signatures, made by t/tools/catalog_maker.c: what is verified, and what everything else is called. */
#include "unit.h"

#include "../tools/catalog_maker.h"
#include "du_catalog.h"
#include "du_chain.h"
#include "du_pkcs7.h"

#define DAY ((time_t)86400)
#define NOW ((time_t)1500000000) /* 2017-07-14 */

/* Made once: keys take their time. */
static maker_identity_t root, other_root, middle, middle_for_mail, vendor, vendor_below, vendor_for_mail_below, old_vendor, new_vendor,
    mail, bare, alone, clock_, old_clock, clock_for_code, weak, md5_below, by_md5;
static const unsigned char content[] = "an image";
static unsigned char sha1[EVP_MAX_MD_SIZE], sha256[EVP_MAX_MD_SIZE], md5[EVP_MAX_MD_SIZE];

static maker_identity_t identity(const char *name, const maker_identity_t *issuer, const char *use, time_t from, time_t until)
{
    maker_certificate_t form = {.name = name, .issuer = issuer, .use = use, .is_authority = !use, .from = NOW + from * DAY, .until = NOW + until * DAY};

    return maker_identity(&form);
}

static maker_identity_t special(const char *name, const maker_identity_t *issuer, const maker_certificate_t *how)
{
    maker_certificate_t form = *how;

    form.name = name;
    form.issuer = issuer;
    form.from = NOW - 1000 * DAY;
    form.until = NOW + 1000 * DAY;
    return maker_identity(&form);
}

static void make_identities(void)
{
    root = identity("Root", NULL, NULL, -3000, 3000);
    other_root = identity("Other Root", NULL, NULL, -3000, 3000);
    middle = identity("Middle", &root, NULL, -3000, 2000);
    middle_for_mail = special("Middle For Mail", &root, &(maker_certificate_t){.is_authority = 1, .use = "emailProtection"});
    vendor = identity("Vendor", &root, "codeSigning", -100, 1000);
    vendor_below = identity("Vendor", &middle, "codeSigning", -100, 1000);
    vendor_for_mail_below = identity("Vendor", &middle_for_mail, "codeSigning", -100, 1000);
    old_vendor = identity("Old Vendor", &root, "codeSigning", -1000, -500);
    new_vendor = identity("New Vendor", &root, "codeSigning", 1, 500);
    mail = identity("Mail", &root, "emailProtection", -100, 1000);
    bare = special("Bare", &root, &(maker_certificate_t){.use = NULL});
    alone = identity("Alone", NULL, "codeSigning", -100, 1000);
    clock_ = identity("Clock", &root, "timeStamping", -2000, 1000);
    old_clock = identity("Old Clock", &root, "timeStamping", -1000, -600);
    clock_for_code = identity("No Clock", &root, "codeSigning", -2000, 1000);
    weak = special("Weak", &root, &(maker_certificate_t){.use = "codeSigning", .bits = 768});
    md5_below = special("Forged", &root, &(maker_certificate_t){.use = "codeSigning", .digest = "MD5"});
    by_md5 = special("By MD5", NULL, &(maker_certificate_t){.is_authority = 1, .digest = "MD5"});
    maker_digest("SHA1", content, sizeof(content), sha1);
    maker_digest("SHA256", content, sizeof(content), sha256);
    maker_digest("MD5", content, sizeof(content), md5);
}

/* A list that vouches for the content by SHA-256, signed by the vendor, unless told otherwise. */
static maker_catalogue_t form_of(const maker_identity_t *signer)
{
    maker_catalogue_t form = {.signers = {signer}, .count = 1, .digests = (const unsigned char(*)[EVP_MAX_MD_SIZE])sha256};

    return form;
}

static apr_status_t free_store(void *store)
{
    X509_STORE_free(store);
    return APR_SUCCESS;
}

static apr_status_t free_der(void *der)
{
    OPENSSL_free(der);
    return APR_SUCCESS;
}

static apr_status_t free_identity(void *data)
{
    maker_identity_t *identity = data;

    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    return APR_SUCCESS;
}

/* Freed with the test. */
static unsigned char *make(const maker_catalogue_t *form, size_t *len)
{
    unsigned char *der = maker_catalogue(form, len);

    apr_pool_cleanup_register(unit.pool, der, free_der, apr_pool_cleanup_null);
    return der;
}

static void drop_later(maker_identity_t *identity)
{
    apr_pool_cleanup_register(unit.pool, apr_pmemdup(unit.pool, identity, sizeof(*identity)), free_identity, apr_pool_cleanup_null);
}

static du_anchors_t *anchors_of(const maker_identity_t *identity)
{
    du_anchors_t *anchors = apr_pcalloc(unit.pool, sizeof(*anchors));

    anchors->store = X509_STORE_new();
    apr_pool_cleanup_register(unit.pool, anchors->store, free_store, apr_pool_cleanup_null);
    if (identity) {
        ck_assert(X509_STORE_add_cert(anchors->store, identity->certificate));
    }
    return anchors;
}

static du_catalog_t *read_bytes(const unsigned char *bytes, size_t len, const maker_identity_t *anchor)
{
    return du_catalog_read(unit.pool, anchors_of(anchor), apr_time_from_sec(NOW), bytes, len);
}

static du_catalog_t *read_with(const maker_catalogue_t *form, const maker_identity_t *anchor)
{
    size_t len;
    unsigned char *der = make(form, &len);

    return read_bytes(der, len, anchor);
}

static du_catalog_t *read_form(const maker_catalogue_t *form)
{
    return read_with(form, &root);
}

static int vouches(const du_catalog_t *catalog)
{
    return catalog->signature.state <= DU_SIGNATURE_EXPIRED && (du_catalog_lists(catalog, DU_CATALOG_SHA256, sha256) ||
                                                                du_catalog_lists(catalog, DU_CATALOG_SHA1, sha1));
}

static void assert_judged(const du_catalog_t *catalog, du_signature_e state, const char *says)
{
    const du_signature_t *signature = &catalog->signature;
    const char *said = signature->fault ? signature->fault : signature->who;

    ck_assert_msg(signature->state == state && strstr(said, says), "%d: %s", signature->state, said);
    ck_assert(!signature->fault == (state == DU_SIGNATURE_GOOD));
    ck_assert(vouches(catalog) == (state <= DU_SIGNATURE_EXPIRED));
}

static const struct {
    const char *digest, *signing;
    maker_form_e form;
    du_catalog_digest_e kind;
} forms[] = {
    {"SHA256", "SHA256", MAKER_ATTRIBUTE, DU_CATALOG_SHA256}, {"SHA256", "SHA256", MAKER_RAW, DU_CATALOG_SHA256},
    {"SHA256", "SHA256", MAKER_HEX, DU_CATALOG_SHA256},       {"SHA1", "SHA1", MAKER_ATTRIBUTE, DU_CATALOG_SHA1},
    {"SHA1", "SHA1", MAKER_RAW, DU_CATALOG_SHA1},             {"SHA1", "SHA1", MAKER_HEX, DU_CATALOG_SHA1},
    {"SHA1", "SHA256", MAKER_HEX, DU_CATALOG_SHA1},           {"SHA256", "SHA512", MAKER_ATTRIBUTE, DU_CATALOG_SHA256},
};

START_TEST(forms_of_members)
{
    maker_catalogue_t form = form_of(&vendor);
    du_catalog_t *catalog;
    unsigned char almost[EVP_MAX_MD_SIZE];

    form.digest = forms[_i].digest;
    form.signing = forms[_i].signing;
    form.form = forms[_i].form;
    form.digests = (const unsigned char(*)[EVP_MAX_MD_SIZE])(forms[_i].kind == DU_CATALOG_SHA1 ? sha1 : sha256);
    catalog = read_form(&form);
    assert_judged(catalog, DU_SIGNATURE_GOOD, "Vendor (valid until 2020-04-09)");
    ck_assert_str_eq(catalog->signature.signer, "Vendor");
    ck_assert_int_eq(catalog->members[forms[_i].kind], 1);
    ck_assert_int_eq(catalog->members[!forms[_i].kind], 0);
    memcpy(almost, form.digests[0], sizeof(almost));
    for (apr_size_t bit = 0; bit < 8 * du_catalog_digest_size(forms[_i].kind); bit++) {
        almost[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert(!du_catalog_lists(catalog, forms[_i].kind, almost));
        almost[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}
END_TEST

START_TEST(many_members)
{
    unsigned char(*digests)[EVP_MAX_MD_SIZE] = apr_pcalloc(unit.pool, (DU_CATALOG_MAX_MEMBERS + 1) * sizeof(*digests));
    maker_catalogue_t form = form_of(&vendor);
    du_catalog_t *catalog;

    for (int i = 0; i <= DU_CATALOG_MAX_MEMBERS; i++) {
        memcpy(digests[i], &i, sizeof(i));
    }
    form.form = MAKER_RAW;
    form.digests = (const unsigned char(*)[EVP_MAX_MD_SIZE])digests;
    form.count = DU_CATALOG_MAX_MEMBERS;
    catalog = read_form(&form);
    ck_assert_ptr_null(catalog->signature.fault);
    ck_assert(du_catalog_lists(catalog, DU_CATALOG_SHA256, digests[DU_CATALOG_MAX_MEMBERS - 1]));
    ck_assert(!du_catalog_lists(catalog, DU_CATALOG_SHA256, digests[DU_CATALOG_MAX_MEMBERS]));
    form.count++;
    assert_judged(read_form(&form), DU_SIGNATURE_BROKEN, "has too many members");
}
END_TEST

/* What counts is nothing: the name of a member, MD5, a digest that is too short. */
START_TEST(members_without_a_digest)
{
    maker_catalogue_t form = form_of(&vendor);
    du_catalog_t *catalog;

    form.form = MAKER_NAME;
    catalog = read_form(&form);
    ck_assert_ptr_null(catalog->signature.fault);
    ck_assert_int_eq(catalog->members[DU_CATALOG_SHA1] + catalog->members[DU_CATALOG_SHA256], 0);
    form.digest = "MD5";
    form.digests = (const unsigned char(*)[EVP_MAX_MD_SIZE])md5;
    for (form.form = MAKER_ATTRIBUTE; form.form <= MAKER_RAW; form.form++) {
        catalog = read_form(&form);
        ck_assert_ptr_null(catalog->signature.fault);
        ck_assert_int_eq(catalog->members[DU_CATALOG_SHA1] + catalog->members[DU_CATALOG_SHA256], 0);
    }
}
END_TEST

static const struct {
    const maker_identity_t *signer, *with, *anchor;
    du_signature_e state;
    const char *says;
} signers[] = {
    {&vendor, NULL, &root, DU_SIGNATURE_GOOD, "Vendor (valid until"},
    {&vendor, NULL, &other_root, DU_SIGNATURE_UNTRUSTED, "is signed by Vendor, whom no trust anchor vouches for"},
    {&vendor, NULL, NULL, DU_SIGNATURE_UNTRUSTED, "no trust anchor"},
    {&vendor, &root, &other_root, DU_SIGNATURE_UNTRUSTED, "no trust anchor"},
    {&vendor_below, &middle, &root, DU_SIGNATURE_GOOD, "Vendor"},
    {&vendor_below, NULL, &root, DU_SIGNATURE_UNTRUSTED, "no trust anchor"},
    {&vendor_below, NULL, &middle, DU_SIGNATURE_GOOD, "Vendor"}, /* an anchor need not be a root */
    {&vendor_for_mail_below, &middle_for_mail, &root, DU_SIGNATURE_UNTRUSTED, "authority's certificate is not for this"},
    {&alone, NULL, &root, DU_SIGNATURE_UNTRUSTED, "no trust anchor"},
    {&alone, NULL, &alone, DU_SIGNATURE_GOOD, "Alone"},
    {&mail, NULL, &root, DU_SIGNATURE_UNTRUSTED, "not one for signing code"},
    {&bare, NULL, &root, DU_SIGNATURE_UNTRUSTED, "not one for signing code"},
    {&clock_, NULL, &root, DU_SIGNATURE_UNTRUSTED, "not one for signing code"},
    {&root, NULL, &root, DU_SIGNATURE_UNTRUSTED, "not one for signing code"},
    {&weak, NULL, &root, DU_SIGNATURE_UNTRUSTED, "a key is too short"},
    {&md5_below, NULL, &root, DU_SIGNATURE_UNTRUSTED, "a digest is no longer safe"},
    {&old_vendor, NULL, &root, DU_SIGNATURE_EXPIRED, "a certificate expired on 2016-03-01; no time-stamp proves"},
    {&new_vendor, NULL, &root, DU_SIGNATURE_UNTRUSTED, "not yet valid"},
};

START_TEST(who_signed)
{
    maker_catalogue_t form = form_of(signers[_i].signer);

    form.others[0] = signers[_i].with;
    assert_judged(read_with(&form, signers[_i].anchor), signers[_i].state, signers[_i].says);
}
END_TEST

/* The signature that a root has made on itself proves nothing, so it may be of any kind. */
START_TEST(anchor_signed_by_md5)
{
    maker_identity_t below = special("Below", &by_md5, &(maker_certificate_t){.use = "codeSigning"});
    maker_catalogue_t form = form_of(&below);

    drop_later(&below);
    assert_judged(read_with(&form, &by_md5), DU_SIGNATURE_GOOD, "Below");
}
END_TEST

static const struct {
    const maker_identity_t *signer, *stamper;
    int forms; /* bits: PKCS#9, RFC 3161 */
    int day;   /* of the stamp */
    du_signature_e state;
    const char *says;
} stamps[] = {
    {&old_vendor, &clock_, 3, -700, DU_SIGNATURE_GOOD, "Old Vendor (signed 2015-08-14)"},
    {&old_vendor, &clock_, 3, -400, DU_SIGNATURE_EXPIRED, "expired on 2016-03-01"}, /* stamped after it had expired */
    {&old_vendor, &clock_, 3, -1001, DU_SIGNATURE_UNTRUSTED, "not yet valid"},
    {&old_vendor, &clock_, 3, 1, DU_SIGNATURE_EXPIRED, "its time-stamp is of the future"},
    {&old_vendor, &old_clock, 3, -700, DU_SIGNATURE_GOOD, "Old Vendor (signed 2015-08-14)"},
    {&old_vendor, &old_clock, 3, -550, DU_SIGNATURE_EXPIRED, "its time-stamp is from Old Clock, in whose chain"},
    {&old_vendor, &clock_for_code, 1, -700, DU_SIGNATURE_EXPIRED, "not one for time-stamps"},
    {&vendor, &clock_, 3, -50, DU_SIGNATURE_GOOD, "Vendor (signed 2017-05-25)"},
    {&vendor, &clock_for_code, 1, -50, DU_SIGNATURE_GOOD, "Vendor (valid until 2020-04-09)"},
    {&mail, &clock_, 3, -50, DU_SIGNATURE_UNTRUSTED, "not one for signing code"},
};

START_TEST(when_it_was_signed)
{
    for (maker_stamp_e stamp = MAKER_PKCS9; stamp <= MAKER_RFC3161; stamp++) {
        maker_catalogue_t form = form_of(stamps[_i].signer);

        form.stamp = stamp;
        form.stamper = stamps[_i].stamper;
        form.stamped = NOW + stamps[_i].day * DAY;
        if (stamps[_i].forms & 1 << (stamp - MAKER_PKCS9)) {
            assert_judged(read_form(&form), stamps[_i].state, stamps[_i].says);
        }
    }
}
END_TEST

/* A clock that no anchor vouches for proves nothing. */
START_TEST(stamp_of_a_stranger)
{
    maker_identity_t stranger = identity("Stranger", &other_root, "timeStamping", -2000, 1000);

    drop_later(&stranger);
    for (maker_stamp_e stamp = MAKER_PKCS9; stamp <= MAKER_RFC3161; stamp++) {
        maker_catalogue_t form = form_of(&old_vendor);

        form.stamp = stamp;
        form.stamper = &stranger;
        form.stamped = NOW - 700 * DAY;
        form.others[0] = &other_root;
        assert_judged(read_form(&form), DU_SIGNATURE_EXPIRED, "its time-stamp is from Stranger, whom no trust anchor");
    }
}
END_TEST

static PKCS7 *unpacked(const maker_catalogue_t *form)
{
    size_t len;
    const unsigned char *at = make(form, &len);
    PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)len);

    ck_assert_ptr_nonnull(p7);
    return p7;
}

static PKCS7_SIGNER_INFO *signer_of(PKCS7 *p7)
{
    return sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(p7), 0);
}

/* A good stamp on another signature of the same signer proves nothing about this one. */
START_TEST(stamp_of_another_signature)
{
    for (maker_stamp_e stamp = MAKER_PKCS9; stamp <= MAKER_RFC3161; stamp++) {
        maker_catalogue_t form = form_of(&old_vendor), other = form_of(&old_vendor);
        PKCS7 *p7 = unpacked(&form), *stamped;
        unsigned char *der = NULL;
        int len;

        other.digests = (const unsigned char(*)[EVP_MAX_MD_SIZE])md5;
        other.stamp = stamp;
        other.stamper = &clock_;
        other.stamped = NOW - 700 * DAY;
        stamped = unpacked(&other);
        ck_assert_int_eq(PKCS7_set_attributes(signer_of(p7), signer_of(stamped)->unauth_attr), 1);
        ck_assert_int_eq(PKCS7_add_certificate(p7, clock_.certificate), 1);
        len = i2d_PKCS7(p7, &der);
        assert_judged(read_bytes(der, (size_t)len, &root), DU_SIGNATURE_EXPIRED, "its time-stamp does not fit the signature");
        OPENSSL_free(der);
        PKCS7_free(p7);
        PKCS7_free(stamped);
    }
}
END_TEST

static void two_signers(maker_catalogue_t *form)
{
    form->signers[1] = &vendor_below;
}

static void no_signer(maker_catalogue_t *form)
{
    form->signers[0] = NULL;
}

static void no_attributes(maker_catalogue_t *form)
{
    form->without_attributes = 1;
}

static void no_members(maker_catalogue_t *form)
{
    form->count = 0;
}

static void other_purpose(maker_catalogue_t *form)
{
    form->usage = "1.3.6.1.5.5.7.3.9"; /* what a list of trusted roots is for */
}

static void signed_by_md5(maker_catalogue_t *form)
{
    form->signing = "MD5";
}

static const struct {
    void (*change)(maker_catalogue_t *form);
    const char *says;
} broken[] = {
    {two_signers, "has more than one signer"},
    {no_signer, "is not signed"},
    {no_attributes, "has no signed attributes"},
    {no_members, "has no members"},
    {other_purpose, "is a list for another purpose"},
    {signed_by_md5, "is signed with a digest that is no longer safe"},
};

START_TEST(broken_in_form)
{
    maker_catalogue_t form = form_of(&vendor);

    broken[_i].change(&form);
    assert_judged(read_form(&form), DU_SIGNATURE_BROKEN, broken[_i].says);
}
END_TEST

START_TEST(too_many_certificates)
{
    PKCS7 *p7;
    maker_catalogue_t form = form_of(&vendor);
    size_t len;
    unsigned char *der = make(&form, &len), *more = NULL;
    const unsigned char *at = der;

    p7 = d2i_PKCS7(NULL, &at, (long)len);
    while (sk_X509_num(p7->d.sign->cert) <= DU_PKCS7_MAX_CERTIFICATES) {
        ck_assert(PKCS7_add_certificate(p7, middle.certificate));
    }
    len = (size_t)i2d_PKCS7(p7, &more);
    assert_judged(read_bytes(more, len, &root), DU_SIGNATURE_BROKEN, "has too many certificates");
    PKCS7_free(p7);
    OPENSSL_free(more);
}
END_TEST

/* A list that one has signed, and the signature of another: the digest does not fit. */
START_TEST(signature_of_another_list)
{
    maker_catalogue_t other = form_of(&vendor);
    size_t other_len;
    unsigned char *other_der;
    unsigned char changed[EVP_MAX_MD_SIZE];

    memcpy(changed, sha256, sizeof(changed));
    changed[0] ^= 1;
    other.digests = (const unsigned char(*)[EVP_MAX_MD_SIZE])changed;
    other_der = make(&other, &other_len);
    for (size_t i = 0; i + 32 <= other_len; i++) {
        if (memcmp(other_der + i, changed, 32) == 0) {
            memcpy(other_der + i, sha256, 32);
        }
    }
    assert_judged(read_bytes(other_der, other_len, &root), DU_SIGNATURE_BROKEN, "does not fit its content");
}
END_TEST

/* A bit flipped anywhere: either it cannot be read any more, or the signature is no good, or the bit was in what nobody
 * has signed and nobody looks at. Never does it vouch for anything else. */
START_TEST(every_bit_counts)
{
    maker_catalogue_t form = form_of(&vendor);
    size_t len, spared = 0;
    unsigned char *der = make(&form, &len);
    apr_pool_t *all = unit.pool;

    for (size_t i = 0; i < len; i++) {
        du_catalog_t *catalog;

        apr_pool_create(&unit.pool, all);
        der[i] ^= (unsigned char)(1 << i % 8);
        catalog = read_bytes(der, len, &root);
        der[i] ^= (unsigned char)(1 << i % 8);
        ck_assert(catalog->signature.fault != NULL || vouches(catalog));
        spared += catalog->signature.fault == NULL;
        apr_pool_destroy(unit.pool);
    }
    unit.pool = all;
    ck_assert_msg(spared <= 40, "%d bytes may be changed", (int)spared); /* NULL parameters of algorithms, versions */
    assert_judged(read_bytes(der, len, &root), DU_SIGNATURE_GOOD, "Vendor");
}
END_TEST

START_TEST(every_length_but_one_is_wrong)
{
    maker_catalogue_t form = form_of(&vendor);
    size_t len;
    unsigned char *der = make(&form, &len);
    unsigned char *longer = apr_pcalloc(unit.pool, len + 8);

    for (size_t shorter = 0; shorter < len; shorter++) {
        ck_assert_int_eq(read_bytes(der, shorter, &root)->signature.state, DU_SIGNATURE_BROKEN);
    }
    memcpy(longer, der, len);
    for (size_t more = 1; more <= 8; more++) {
        ck_assert_int_eq(read_bytes(longer, len + more, &root)->signature.state, DU_SIGNATURE_BROKEN);
    }
}
END_TEST

/* Nested without end, and lengths beyond everything. */
START_TEST(nonsense)
{
    static const unsigned char huge[] = {0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
    size_t size = 1024 * 1024;
    unsigned char *deep = apr_palloc(unit.pool, size);

    for (size_t i = 0; i < size; i++) {
        deep[i] = i % 2 ? 0x80 : 0x30; /* of indefinite length, each in the one before */
    }
    assert_judged(read_bytes(deep, size, &root), DU_SIGNATURE_BROKEN, "is not PKCS#7");
    assert_judged(read_bytes(huge, sizeof(huge), &root), DU_SIGNATURE_BROKEN, "is not PKCS#7");
    assert_judged(read_bytes(deep, 0, &root), DU_SIGNATURE_BROKEN, "is not PKCS#7");
    deep = apr_pcalloc(unit.pool, DU_PKCS7_MAX_BYTES + 1);
    assert_judged(read_bytes(deep, DU_PKCS7_MAX_BYTES + 1, &root), DU_SIGNATURE_BROKEN, "is larger than 4 MiB");
}
END_TEST

/* A name from a certificate is a stranger's text. */
START_TEST(names_are_shown_harmless)
{
    maker_identity_t evil = identity("Evil\x1b[2J", &root, "codeSigning", -1, 1), foreign = identity("F\xc3\xbcr", &root, "codeSigning", -1, 1);

    drop_later(&evil);
    drop_later(&foreign);
    ck_assert_str_eq(du_chain_name(unit.pool, evil.certificate), "Evil\\x1b[2J");
    ck_assert_str_eq(du_chain_name(unit.pool, foreign.certificate), "F\xc3\xbcr");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("catalog");

    make_identities();
    tcase_add_loop_test(tests, forms_of_members, 0, COUNT_OF(forms));
    tcase_add_test(tests, many_members);
    tcase_add_test(tests, members_without_a_digest);
    tcase_add_loop_test(tests, who_signed, 0, COUNT_OF(signers));
    tcase_add_test(tests, anchor_signed_by_md5);
    tcase_add_loop_test(tests, when_it_was_signed, 0, COUNT_OF(stamps));
    tcase_add_test(tests, stamp_of_a_stranger);
    tcase_add_test(tests, stamp_of_another_signature);
    tcase_add_loop_test(tests, broken_in_form, 0, COUNT_OF(broken));
    tcase_add_test(tests, too_many_certificates);
    tcase_add_test(tests, signature_of_another_list);
    tcase_add_test(tests, every_bit_counts);
    tcase_add_test(tests, every_length_but_one_is_wrong);
    tcase_add_test(tests, nonsense);
    tcase_add_test(tests, names_are_shown_harmless);
    return unit_run(tests);
}
