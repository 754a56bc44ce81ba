#include "ctl_doctor.h"

#include <string.h>
#include <time.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "du_text.h"

#define SOON (30 * 86400) /* seconds before the end of a certificate in which a new one should be on its way */

static X509 *read_certificate(const char *pem)
{
    BIO *text = BIO_new_mem_buf(pem, -1);
    X509 *certificate = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;

    BIO_free(text);
    return certificate;
}

static const char *name_text(ctl_doctor_t *doctor, const X509_NAME *name)
{
    char text[256] = "";

    X509_NAME_oneline(name, text, sizeof(text));
    return du_text_for_log(doctor->ctl->pool, text);
}

/* Only the alternative names count, as phones and RFC 6125 have it. */
static int has_name(X509 *certificate, const char *name)
{
    return X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1 ||
           X509_check_ip_asc(certificate, name, 0) == 1;
}

static void judge_names(ctl_doctor_t *doctor, const ctl_place_t *place, X509 *certificate)
{
    const char *wanted = doctor->domain && place == &doctor->inside
                             ? apr_pstrcat(doctor->ctl->pool, CTL_DOCTOR_NAME ".", doctor->domain, NULL)
                             : NULL;

    if (!has_name(certificate, place->host)) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1012), "put it into the certificate as a subjectAltName",
                         "%s: the certificate does not name %s", place->word, place->host);
    } else if (wanted && !has_name(certificate, wanted)) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1011), "put it into the certificate as a subjectAltName",
                         "%s: the certificate does not name %s, by which phones come that nobody has signed in to",
                         place->word, wanted);
    } else if (wanted && !has_name(certificate, CTL_DOCTOR_NAME)) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1017),
                         "name it, too, if your authority gives out names without a domain",
                         "%s: the certificate does not have the short name " CTL_DOCTOR_NAME, place->word);
    } else {
        ctl_doctor_right(doctor, CTL_OK, "%s: it names %s%s%s", place->word, place->host, wanted ? " and " : "",
                         wanted ? wanted : "");
    }
}

/* The end of a certificate as text. */
static const char *end_of(ctl_doctor_t *doctor, const X509 *certificate)
{
    struct tm end = {0};

    ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end);
    return apr_psprintf(doctor->ctl->pool, "%04d-%02d-%02d", end.tm_year + 1900, end.tm_mon + 1, end.tm_mday);
}

static void judge_times(ctl_doctor_t *doctor, const ctl_place_t *place, const X509 *certificate)
{
    time_t now = (time_t)apr_time_sec(du_now(doctor->ctl->ctx)), soon = now + SOON;

    if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0 ||
        X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1013), "install one that is valid now, or set this host's clock",
                         "%s: the certificate is not valid today (its last day is %s)", place->word,
                         end_of(doctor, certificate));
    } else if (X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1014), "get a new one",
                         "%s: the certificate ends within 30 days, on %s", place->word, end_of(doctor, certificate));
    } else {
        ctl_doctor_right(doctor, CTL_OK, "%s: it is valid until %s", place->word, end_of(doctor, certificate));
    }
}

static void judge_key(ctl_doctor_t *doctor, const ctl_place_t *place, X509 *certificate)
{
    if (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) != EVP_PKEY_RSA) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1015), "use an RSA key, or a second certificate with one",
                         "%s: the certificate has no RSA key, which is what old phones understand", place->word);
    }
}

/* The places with TLS; where both are one server, it is looked at once. */
static int places_with_tls(ctl_doctor_t *doctor, const ctl_place_t **places)
{
    int count = 0;

    if (doctor->inside.base && doctor->inside.is_tls) {
        places[count++] = &doctor->inside;
    }
    if (doctor->outside.is_tls && !du_text_same(doctor->outside.base, doctor->inside.base)) {
        places[count++] = &doctor->outside;
    }
    if (count == 0) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "no https URL was given");
    }
    return count;
}

void ctl_doctor_certificate(ctl_doctor_t *doctor)
{
    const ctl_place_t *places[2];
    int count = places_with_tls(doctor, places);

    for (int i = 0; i < count; i++) {
        const char *fault;
        apr_array_header_t *chain = ctl_doctor_certificates(doctor, places[i], &fault);
        X509 *certificate = chain ? read_certificate(APR_ARRAY_IDX(chain, 0, const char *)) : NULL;

        if (!certificate) {
            ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1010), "look at the TLS settings of the server or the proxy",
                             "%s: %s shows no certificate: %s", places[i]->word, places[i]->base, fault);
            continue;
        }
        judge_names(doctor, places[i], certificate);
        judge_times(doctor, places[i], certificate);
        judge_key(doctor, places[i], certificate);
        X509_free(certificate);
    }
}

/*
 * Chain
 */

/* What is trusted: the bundle that was given, or what the system trusts. NULL if it cannot be read. */
static X509_STORE *open_anchors(const char *bundle)
{
    X509_STORE *anchors = X509_STORE_new();
    int is_read = anchors && (bundle ? X509_STORE_load_file(anchors, bundle) : X509_STORE_set_default_paths(anchors));

    if (!is_read) {
        X509_STORE_free(anchors);
        anchors = NULL;
    }
    ERR_clear_error();
    return anchors;
}

/* X509_V_OK, or why a chain does not end at what is trusted. Dates are another check's. */
static int verify(X509_STORE *anchors, X509 *certificate, STACK_OF(X509) * others)
{
    X509_STORE_CTX *run = X509_STORE_CTX_new();
    int error = X509_V_ERR_OUT_OF_MEM;

    if (run && X509_STORE_CTX_init(run, anchors, certificate, others) == 1) {
        X509_STORE_CTX_set_purpose(run, X509_PURPOSE_SSL_SERVER);
        X509_STORE_CTX_set_flags(run, X509_V_FLAG_NO_CHECK_TIME);
        X509_verify_cert(run);
        error = X509_STORE_CTX_get_error(run);
    }
    X509_STORE_CTX_free(run);
    return error;
}

/* The certificates behind the server's. */
static STACK_OF(X509) * read_others(const apr_array_header_t *chain)
{
    STACK_OF(X509) *others = sk_X509_new_null();

    for (int i = 1; others && i < chain->nelts; i++) {
        X509 *one = read_certificate(APR_ARRAY_IDX(chain, i, const char *));

        if (one && sk_X509_push(others, one) == 0) {
            X509_free(one);
        }
    }
    return others;
}

static void judge_chain(ctl_doctor_t *doctor, const ctl_place_t *place, X509_STORE *anchors, X509 *certificate,
                        STACK_OF(X509) * others)
{
    const char *bundle = doctor->ctl->option[CTL_OPT_CA];
    int shown = 1 + sk_X509_num(others), error = verify(anchors, certificate, others);
    const X509 *last = shown > 1 ? sk_X509_value(others, shown - 2) : certificate;
    const char *issuer = name_text(doctor, X509_get_issuer_name(last));

    if (error == X509_V_OK) {
        ctl_doctor_right(doctor, CTL_OK, "%s: it ends at what %s trusts (issuer %s)", place->word,
                         bundle ? bundle : "the system", issuer);
        return;
    }
    ctl_doctor_wrong(
        doctor, bundle ? CTL_PROBLEM : CTL_WARNING, DUNO(1016),
        bundle ? "let the server send all certificates between its own and the root, and phones trust that root"
               : "if this is a private authority, name its certificate with --ca-file; phones must have it, "
                 "too: they trust public authorities, and yours only after they were given its certificate",
        "%s: the chain of %d certificate%s does not end at what %s trusts: %s; the last issuer is %s", place->word,
        shown, shown == 1 ? "" : "s", bundle ? bundle : "the system", X509_verify_cert_error_string(error), issuer);
}

void ctl_doctor_chain(ctl_doctor_t *doctor)
{
    const char *bundle = doctor->ctl->option[CTL_OPT_CA];
    const ctl_place_t *places[2];
    int count = places_with_tls(doctor, places);
    X509_STORE *anchors = open_anchors(bundle);

    if (!anchors) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1007), "name a file with certificates in PEM",
                         "no certificates can be read from %s", bundle ? bundle : "where the system has them");
        return;
    }
    for (int i = 0; i < count; i++) {
        const char *fault;
        apr_array_header_t *chain = ctl_doctor_certificates(doctor, places[i], &fault);
        X509 *certificate = chain ? read_certificate(APR_ARRAY_IDX(chain, 0, const char *)) : NULL;
        STACK_OF(X509) *others = certificate ? read_others(chain) : NULL;

        if (!others) {
            ctl_doctor_right(doctor, CTL_SKIPPED, "%s: there is no certificate to look at", places[i]->word);
        } else {
            judge_chain(doctor, places[i], anchors, certificate, others);
        }
        sk_X509_pop_free(others, X509_free);
        X509_free(certificate);
    }
    X509_STORE_free(anchors);
}
