/*
 * Makes certificates and security catalogues for tests.
 *
 *   make_catalog identity OUT.pem NAME [--issuer FILE.pem] [--authority] [--use codeSigning|timeStamping|...]
 *                [--from SECONDS] [--until SECONDS] [--digest NAME] [--bits N]
 *   make_catalog catalogue OUT.cat [--signer FILE.pem]... [--with FILE.pem]... [--signing DIGEST] [--digest SHA1|SHA256|MD5]
 *                [--form attribute|hex|raw|name] [--stamp pkcs9|rfc3161 --stamper FILE.pem --stamped SECONDS]
 *                [--list HEX]... FILE...
 *
 * A .pem of an identity has its certificate and its key. --list adds a member with that digest, FILE one with its digest.
 * Times are seconds since 1970. A catalogue without a signer is not signed, one with two has two.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "catalog_maker.h"

#define MOST_MEMBERS 4096

static unsigned char digests[MOST_MEMBERS][EVP_MAX_MD_SIZE];
static maker_identity_t identities[3 * MAKER_MOST];
static int nidentities;

static void fail(const char *what)
{
    fprintf(stderr, "make_catalog: %s\n", what);
    exit(2);
}

static const maker_identity_t *identity_at(const char *path)
{
    if (nidentities == (int)(sizeof(identities) / sizeof(*identities))) {
        fail("too many identities");
    }
    identities[nidentities] = maker_read_identity(path);
    return &identities[nidentities++];
}

static void add_identity(const maker_identity_t **list, const char *path)
{
    int n = 0;

    while (list[n]) {
        n++;
    }
    if (n == MAKER_MOST - 1) {
        fail("too many certificates");
    }
    list[n] = identity_at(path);
}

static int index_of(const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    fail(word);
    return 0;
}

static void make_identity(int argc, char **argv)
{
    static const struct option options[] = {{"issuer", 1, NULL, 'i'}, {"authority", 0, NULL, 'a'}, {"use", 1, NULL, 'u'},
                                            {"from", 1, NULL, 'f'},   {"until", 1, NULL, 't'},     {"digest", 1, NULL, 'd'},
                                            {"bits", 1, NULL, 'b'},   {NULL, 0, NULL, 0}};
    maker_certificate_t form = {.from = time(NULL) - 86400, .until = time(NULL) + 86400 * 365};
    maker_identity_t made;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'i': form.issuer = identity_at(optarg); break;
        case 'a': form.is_authority = 1; break;
        case 'u': form.use = optarg; break;
        case 'f': form.from = (time_t)atoll(optarg); break;
        case 't': form.until = (time_t)atoll(optarg); break;
        case 'd': form.digest = optarg; break;
        case 'b': form.bits = (unsigned)atoi(optarg); break;
        default: exit(2);
        }
    }
    if (argc - optind != 2) {
        fail("which file, which name?");
    }
    form.name = argv[optind + 1];
    made = maker_identity(&form);
    maker_write_identity(&made, argv[optind]);
    X509_free(made.certificate);
    EVP_PKEY_free(made.key);
}

static void add_hex(maker_catalogue_t *form, const char *hex)
{
    long len;
    unsigned char *bytes = OPENSSL_hexstr2buf(hex, &len);

    if (!bytes || len > EVP_MAX_MD_SIZE || form->count == MOST_MEMBERS) {
        fail(hex);
    }
    memcpy(digests[form->count++], bytes, (size_t)len);
    OPENSSL_free(bytes);
}

static void add_file(maker_catalogue_t *form, const char *path)
{
    FILE *file = fopen(path, "rb");
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char block[65536];
    size_t len;

    if (!file || form->count == MOST_MEMBERS ||
        !EVP_DigestInit_ex(hash, EVP_get_digestbyname(form->digest ? form->digest : "SHA256"), NULL)) {
        fail(path);
    }
    while ((len = fread(block, 1, sizeof(block), file)) > 0) {
        EVP_DigestUpdate(hash, block, len);
    }
    EVP_DigestFinal_ex(hash, digests[form->count++], NULL);
    EVP_MD_CTX_free(hash);
    fclose(file);
}

static void write_file(const char *path, const unsigned char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        fail(path);
    }
}

static void make_catalogue(int argc, char **argv)
{
    static const struct option options[] = {{"signer", 1, NULL, 's'},  {"with", 1, NULL, 'w'},    {"signing", 1, NULL, 'g'},
                                            {"digest", 1, NULL, 'd'},  {"form", 1, NULL, 'f'},    {"stamp", 1, NULL, 'k'},
                                            {"stamper", 1, NULL, 'p'}, {"stamped", 1, NULL, 't'}, {"list", 1, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    static const char *const forms[] = {"attribute", "hex", "raw", "name", NULL};
    static const char *const stamps[] = {"none", "pkcs9", "rfc3161", NULL};
    maker_catalogue_t form = {.digests = (const unsigned char(*)[EVP_MAX_MD_SIZE])digests};
    unsigned char *der;
    size_t len;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 's': add_identity(form.signers, optarg); break;
        case 'w': add_identity(form.others, optarg); break;
        case 'g': form.signing = optarg; break;
        case 'd': form.digest = optarg; break;
        case 'f': form.form = (maker_form_e)index_of(optarg, forms); break;
        case 'k': form.stamp = (maker_stamp_e)index_of(optarg, stamps); break;
        case 'p': form.stamper = identity_at(optarg); break;
        case 't': form.stamped = (time_t)atoll(optarg); break;
        case 'l': add_hex(&form, optarg); break;
        default: exit(2);
        }
    }
    if (optind == argc) {
        fail("which file is to be written?");
    }
    for (int i = optind + 1; i < argc; i++) {
        add_file(&form, argv[i]);
    }
    der = maker_catalogue(&form, &len);
    write_file(argv[optind], der, len);
    OPENSSL_free(der);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "identity") == 0) {
        make_identity(argc - 1, argv + 1);
    } else if (argc > 1 && strcmp(argv[1], "catalogue") == 0) {
        make_catalogue(argc - 1, argv + 1);
    } else {
        fail("identity or catalogue?");
    }
    return 0;
}
