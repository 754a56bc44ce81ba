#include "ctl_doctor.h"

#include <string.h>

#include <apr_date.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "ctl_phone.h"
#include "du_text.h"
#include "du_trace.h"

#define INSIDE  "/RequestHandler/ucdevice.upx"
#define OUTSIDE "/RequestHandlerExt/ucdevice.upx"

/* An address that nobody has (RFC 5737), which a client pretends to come from. */
#define FORGED "192.0.2.66"

#define RECORD_PATIENCE                                                                                              \
    apr_time_from_sec(2) /* a record is written before its answer is; a file server may be behind */

/* What a client may write who wants to be taken for somebody else. */
static const char *const forged[] = {"X-Forwarded-For: " FORGED,
                                     "Forwarded: for=" FORGED,
                                     "X-Real-IP: " FORGED,
                                     "X-Remote-User: doctor",
                                     "Remote-User: doctor",
                                     "X-Forwarded-User: doctor",
                                     "X-MS-Client-Principal-Name: doctor",
                                     NULL};

/* A check of a phone that no rule knows, with a serial number of its own; NULL if there is no room for it. */
static const char *make_check(ctl_doctor_t *doctor, apr_size_t *len, const char **serial)
{
    ctl_t phone = *doctor->ctl;
    unsigned char random[8];
    const char *body;

    memset(phone.option, 0, sizeof(phone.option));
    apr_generate_random_bytes(random, sizeof(random));
    *serial = apr_pstrcat(phone.pool, "doctor-", du_text_hex(phone.pool, random, sizeof(random)), NULL);
    phone.option[CTL_OPT_TYPE] = DU_RECORD_DOCTOR;
    phone.option[CTL_OPT_BRAND] = phone.option[CTL_OPT_MODEL] = "devupdatectl";
    phone.option[CTL_OPT_REVISION] = phone.option[CTL_OPT_LOCALE] = "-";
    phone.option[CTL_OPT_VERSION] = DU_VERSION;
    phone.option[CTL_OPT_SERIAL] = *serial;
    return ctl_phone_request(&phone, &body, len) == APR_SUCCESS ? body : "";
}

/* Checks for an update at one of the endpoints; the serial number under which that is on record. */
static const char *check(ctl_doctor_t *doctor, const ctl_place_t *place, const char *path, int with_account,
                         const char *const *headers, ctl_answer_t *answer)
{
    const char *serial;
    ctl_ask_t ask = {.method = "POST", .path = path, .headers = headers, .with_account = with_account};

    ask.body = make_check(doctor, &ask.len, &serial);
    ctl_doctor_ask(doctor, place, &ask, answer);
    return serial;
}

/* What the server thinks the time is, for the check of the clock. */
static void note_date(ctl_doctor_t *doctor, const ctl_answer_t *answer)
{
    const char *date = apr_table_get(answer->headers, "Date");

    doctor->date = date ? apr_date_parse_http(date) : 0;
    doctor->date_seen = du_now(doctor->ctl->ctx);
}

/* 1 if the answer is a reply to a check, and not somebody else's page. */
static int is_reply(ctl_doctor_t *doctor, const ctl_answer_t *answer, const char **fault)
{
    ctl_reply_t *reply;
    int is_one = ctl_phone_reply(doctor->ctl, answer->body, answer->len, &reply) == APR_SUCCESS;

    *fault = is_one ? NULL : ctl_doctor_failure(doctor);
    return is_one;
}

/* What is wrong with a reply that should be there, and 1; 0 if it is right. */
static int judge_reply(ctl_doctor_t *doctor, const ctl_place_t *place, const char *path, const ctl_answer_t *answer)
{
    const char *type = apr_table_get(answer->headers, "Content-Type"), *fault;

    if (answer->fault) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1020), "look whether the server runs and the way to it is open",
                         "%s%s does not answer: %s", place->base, path, answer->fault);
    } else if (answer->status != 200) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1021), "look at DevUpdateEngine, Require and the proxy's rules",
                         "%s%s answers a check with HTTP %ld", place->base, path, answer->status);
    } else if (!is_reply(doctor, answer, &fault)) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1022),
                         "find out who answers there: a proxy, or another virtual host",
                         "%s%s answers a check with something else, of type %s: %s", place->base, path,
                         type ? du_text_for_log(doctor->ctl->pool, type) : "unknown", fault);
    } else {
        return 0;
    }
    return 1;
}

void ctl_doctor_inside(ctl_doctor_t *doctor)
{
    ctl_answer_t answer;

    if (!doctor->inside.base) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "no URL for phones inside was given");
        return;
    }
    check(doctor, &doctor->inside, INSIDE, 0, NULL, &answer);
    note_date(doctor, &answer);
    doctor->inside.is_away = answer.fault != NULL;
    if (!judge_reply(doctor, &doctor->inside, INSIDE, &answer)) {
        ctl_doctor_right(doctor, CTL_OK, "%s" INSIDE " answers a check without a name", doctor->inside.base);
    }
}

/* Anonymous checks must be refused, in a way that tells phones to authenticate. */
static void judge_refusal(ctl_doctor_t *doctor, const ctl_answer_t *answer, const char *who)
{
    const char *base = doctor->outside.base;

    if (answer->fault) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1023), "look whether the server runs and the way to it is open",
                         "%s" OUTSIDE " does not answer: %s", base, answer->fault);
    } else if (answer->status == 200) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1024), "take away what authenticates in the place of phones",
                         "%s" OUTSIDE " answers %s", base, who);
    } else if (answer->status == 401 && apr_table_get(answer->headers, "WWW-Authenticate")) {
        ctl_doctor_right(doctor, CTL_OK, "%s" OUTSIDE " refuses %s, and asks who it is", base, who);
    } else if (answer->status != 401 && answer->status != 403) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1025), "it should be 401: look at the proxy's rules",
                         "%s" OUTSIDE " answers %s with HTTP %ld", base, who, answer->status);
    } else if (!doctor->ctl->option[CTL_OPT_EXTERNAL]) {
        ctl_doctor_right(doctor, CTL_OK, "%s" OUTSIDE " refuses %s", base, who);
    } else {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1026), "use one of conf/examples/auth-*.conf there",
                         "%s" OUTSIDE " refuses %s with HTTP %ld, and does not ask who it is", base, who,
                         answer->status);
    }
}

void ctl_doctor_outside(ctl_doctor_t *doctor)
{
    ctl_answer_t answer;

    check(doctor, &doctor->outside, OUTSIDE, 0, NULL, &answer);
    judge_refusal(doctor, &answer, "a check without a name");
    if (answer.fault) {
        doctor->outside.is_away = 1;
        return;
    }
    check(doctor, &doctor->outside, OUTSIDE, 0, forged, &answer);
    judge_refusal(doctor, &answer, "one with a forged name");
    if (!doctor->ctl->option[CTL_OPT_NETRC]) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "no account to ask with; --netrc-file gives one");
        return;
    }
    check(doctor, &doctor->outside, OUTSIDE, 1, NULL, &answer);
    if (!judge_reply(doctor, &doctor->outside, OUTSIDE, &answer)) {
        ctl_doctor_right(doctor, CTL_OK, "%s" OUTSIDE " answers a check with a name", doctor->outside.base);
    }
}

/*
 * What the server has on record of a check
 */

static apr_status_t wait_for_record(ctl_doctor_t *doctor, const du_trace_t *trace, const char *serial,
                                    du_record_t *record)
{
    apr_time_t end = apr_time_now() + RECORD_PATIENCE;
    apr_status_t status;

    while ((status = du_trace_find(doctor->ctl->ctx, trace, serial, doctor->ctl->pool, record)) == DU_E_NOT_FOUND &&
           apr_time_now() < end) {
        apr_sleep(apr_time_from_msec(50));
    }
    return status;
}

static void judge_record(ctl_doctor_t *doctor, const ctl_place_t *place, const ctl_answer_t *answer,
                         const du_record_t *record)
{
    const char *address = du_text_for_log(doctor->ctl->pool, record->address);

    if (strcmp(record->address, FORGED) == 0) {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1038),
                         "list the proxies in RemoteIPInternalProxy one by one, and let them replace X-Forwarded-For",
                         "%s: the server believes the address that a client writes into its request", place->word);
    } else if (strcmp(record->address, answer->from) != 0) {
        ctl_doctor_wrong(
            doctor, CTL_WARNING, DUNO(1039),
            "behind a proxy: conf/examples/remoteip.conf; if addresses are translated on the way, nothing",
            "%s: the check came from %s, but on record is %s", place->word, answer->from, address);
    } else {
        ctl_doctor_right(doctor, CTL_OK, "%s: on record is the address that the check came from, %s", place->word,
                         address);
    }
}

/* Checks with forged headers, and looks for the record of that. Only a check that is on record was answered by the service. */
static void look_for_record(ctl_doctor_t *doctor, const ctl_place_t *place, const char *path)
{
    du_trace_t *trace;
    du_record_t record;
    ctl_answer_t answer;
    const char *serial;
    apr_status_t status = du_trace_begin(doctor->ctl->ctx, doctor->ctl->files, doctor->ctl->pool, &trace);

    serial = check(doctor, place, path, place == &doctor->outside, forged, &answer);
    if (answer.fault || answer.status != 200) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "%s: there was no reply", place->word);
        return;
    }
    status = status == APR_SUCCESS ? wait_for_record(doctor, trace, serial, &record) : status;
    if (status == APR_SUCCESS) {
        judge_record(doctor, place, &answer, &record);
    } else {
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1037),
                         "let no proxy keep replies to POST; name the file store of the nodes that answer (--files)",
                         "%s: the reply to a check is there, but no node has it on record: %s", place->word,
                         status == DU_E_NOT_FOUND ? "a cache answers, or these are other nodes' files"
                                                  : ctl_doctor_failure(doctor));
    }
}

void ctl_doctor_record(ctl_doctor_t *doctor)
{
    if (doctor->inside.base && !doctor->inside.is_away) {
        look_for_record(doctor, &doctor->inside, INSIDE);
    }
    if (doctor->ctl->option[CTL_OPT_NETRC] && !doctor->outside.is_away) {
        look_for_record(doctor, &doctor->outside, OUTSIDE);
    } else if (!doctor->outside.is_away) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "outside: no account to ask with; --netrc-file gives one");
    }
}
