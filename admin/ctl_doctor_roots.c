#include "ctl_doctor.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_escape.h>
#include <apr_strings.h>

#include "du_image.h"
#include "du_text.h"

/* The old roots and the new ones (protocol.md section 1). */
static const char *const roots_inside[] = {"/RequestHandler/Files", "/DeviceUpdateFiles_Int", NULL};
static const char *const roots_outside[] = {"/RequestHandlerExt/Files", "/DeviceUpdateFiles_Ext", NULL};

/* A client that would take a compressed file, which no phone asks for: proxies must not do that to a signed image. */
static const char *const would_take_gzip[] = {"Accept-Encoding: gzip", NULL};

#define NO_SUCH "/devupdatectl-doctor/none" /* below a root: what no rule has */

/* A file that phones may fetch. */
typedef struct sample_t {
    const char *path; /* below a root, escaped; NULL = nothing is approved, or there is no store */
    apr_off_t size;
    const char *digest; /* as Repr-Digest has it */
} sample_t;

static void take_image(ctl_doctor_t *doctor, const du_rule_t *rule, const du_image_t *image, sample_t *sample)
{
    apr_pool_t *pool = doctor->ctl->pool;
    const du_file_t *file = &image->files[0];
    const char *directory = du_image_path(pool, &rule->key, image->version, rule->update_type);

    sample->path = apr_pescape_path(pool, apr_pstrcat(pool, "/", directory, "/", file->name, NULL), 0);
    sample->size = file->size;
    sample->digest = apr_pstrcat(
        pool, "sha-256=:", apr_pencode_base64_binary(pool, file->digest, DU_DIGEST_SIZE, APR_ENCODE_NONE, NULL), ":",
        NULL);
}

/* The first file of the first rule with an approved version. */
static void find_sample(ctl_doctor_t *doctor, sample_t *sample)
{
    ctl_t *ctl = doctor->ctl;
    apr_array_header_t *rules;

    if (!ctl->store || du_store_rules(ctl->ctx, ctl->store, ctl->pool, &rules) != APR_SUCCESS) {
        return;
    }
    for (int i = 0; i < rules->nelts && !sample->path; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(rules, i, du_rule_t);
        const char *version = rule->versions.slot[DU_APPROVED];
        du_image_t *image;

        if (*version && du_store_image(ctl->ctx, ctl->store, rule->id, version, ctl->pool, &image) == APR_SUCCESS &&
            image->nfiles > 0) {
            take_image(doctor, rule, image, sample);
        }
    }
}

static void ask(ctl_doctor_t *doctor, const ctl_place_t *place, const char *root, const char *path, int with_account,
                ctl_answer_t *answer)
{
    ctl_ask_t question = {.method = "HEAD",
                          .path = apr_pstrcat(doctor->ctl->pool, root, path, NULL),
                          .headers = would_take_gzip,
                          .with_account = with_account};

    ctl_doctor_ask(doctor, place, &question, answer);
}

static int has(const ctl_answer_t *answer, const char *name, const char *value)
{
    const char *is = apr_table_get(answer->headers, name);

    return value ? du_text_same(is, value) : is != NULL;
}

/* What is said of an approved file, but for its content, which is the disk's to show. */
static void judge_file(ctl_doctor_t *doctor, const char *url, const sample_t *sample, const ctl_answer_t *answer)
{
    const char *length = apr_table_get(answer->headers, "Content-Length");

    if (answer->status != 200) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1030),
                         "look whether the server's rule set follows and its proxy passes this URL",
                         "%s answers HTTP %ld for an approved file", url, answer->status);
    } else if (has(answer, "Content-Encoding", NULL) || !length) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1031),
                         "switch compression off there: images are compressed already",
                         "%s is sent compressed, or without its length", url);
    } else if (apr_atoi64(length) != sample->size) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1032), "find out who answers there: another node, an old cache",
                         "%s has %s bytes, and the approved file %" APR_OFF_T_FMT, url,
                         du_text_for_log(doctor->ctl->pool, length), sample->size);
    } else if (has(answer, "Repr-Digest", NULL) && !has(answer, "Repr-Digest", sample->digest)) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1033), "find out who answers there: another node, an old cache",
                         "%s is another file than the approved one", url);
    } else if (!has(answer, "Accept-Ranges", "bytes") || !has(answer, "ETag", NULL) ||
               !has(answer, "Last-Modified", NULL) || !has(answer, "Repr-Digest", NULL)) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1034), "let the proxy pass on all headers of an answer",
                         "%s comes without all of Accept-Ranges, ETag, Last-Modified and Repr-Digest: an interrupted "
                         "download begins anew",
                         url);
    } else {
        ctl_doctor_right(doctor, CTL_OK, "%s is there, with size, digest, tag and ranges", url);
    }
}

static void judge_unknown(ctl_doctor_t *doctor, const char *url, const ctl_answer_t *answer, int is_refused)
{
    int is_right = is_refused ? answer->status == 401 || answer->status == 403 : answer->status == 404;

    if (answer->fault || !is_right) {
        ctl_doctor_wrong(
            doctor, CTL_PROBLEM, DUNO(1028), "look at the proxy's rules: both roots belong to the service",
            "%s, asked for a file that no rule has, %s%s", url,
            is_refused ? "should refuse who says no name, and " : "should answer HTTP 404, and ",
            answer->fault ? answer->fault : apr_psprintf(doctor->ctl->pool, "answers HTTP %ld", answer->status));
    } else {
        ctl_doctor_right(doctor, CTL_OK, "%s %s", url,
                         is_refused ? "refuses who says no name" : "has only what rules name");
    }
}

static void visit(ctl_doctor_t *doctor, const ctl_place_t *place, const char *const *roots, int is_refused,
                  const sample_t *sample)
{
    int with_account = is_refused && doctor->ctl->option[CTL_OPT_NETRC];

    for (; *roots; roots++) {
        const char *url = apr_pstrcat(doctor->ctl->pool, place->base, *roots, NULL);
        ctl_answer_t answer;

        ask(doctor, place, *roots, NO_SUCH, 0, &answer);
        judge_unknown(doctor, url, &answer, is_refused);
        if (!answer.fault && sample->path && (!is_refused || with_account)) {
            ask(doctor, place, *roots, sample->path, with_account, &answer);
            judge_file(doctor, apr_pstrcat(doctor->ctl->pool, url, sample->path, NULL), sample, &answer);
        }
    }
}

void ctl_doctor_roots(ctl_doctor_t *doctor)
{
    sample_t sample = {0};

    find_sample(doctor, &sample);
    if (!sample.path) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "which file to ask for is not known: no store, or nothing is approved");
    }
    if (doctor->inside.base && !doctor->inside.is_away) {
        visit(doctor, &doctor->inside, roots_inside, 0, &sample);
    }
    if (!doctor->outside.is_away) {
        visit(doctor, &doctor->outside, roots_outside, 1, &sample);
    }
}
