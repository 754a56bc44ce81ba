#include "du_phone.h"

#include <ctype.h>
#include <string.h>

#include <apr_strings.h>

#include "du_decide.h"
#include "du_text.h"

static const char *const words[] = {
#define STATE(id, word) word,
    DU_PHONE_STATE_LIST(STATE)
#undef STATE
};

const char *du_phone_state_word(du_phone_state_e state)
{
    return words[state];
}

int du_phone_state_parse(const char *word, du_phone_state_e *state)
{
    for (int i = 0; i < DU_PHONE_STATES; i++) {
        if (du_text_same(words[i], word)) {
            *state = (du_phone_state_e)i;
            return 1;
        }
    }
    return 0;
}

static int is_result(const du_phone_t *phone, du_result_e result)
{
    return du_text_equal(phone->result, du_result_word(result));
}

static int is_reason(const du_phone_t *phone, du_reason_e reason)
{
    return du_text_equal(phone->reason, du_reason_word(reason));
}

/* The version that it was offered last is one that it does not get any more. */
static int is_held(const du_phone_t *phone)
{
    return *phone->offered && (du_text_equal(phone->held, phone->offered) || du_text_equal(phone->held, DU_HELD_ALL));
}

static int is_taken(const du_phone_t *phone)
{
    return *phone->taken && du_text_equal(phone->taken, phone->offered) && phone->taken_bytes > 0;
}

static int is_whole(const du_phone_t *phone)
{
    return phone->taken_size > 0 && phone->taken_bytes >= phone->taken_size;
}

int du_phone_has_offered(const du_phone_t *phone)
{
    return is_taken(phone) && is_whole(phone);
}

const char *du_phone_name(const du_phone_t *phone)
{
    return *phone->mac ? phone->mac : *phone->serial ? phone->serial : phone->address;
}

static du_phone_state_e state_of_offered(const du_phone_t *phone, int patience)
{
    if (is_held(phone) || phone->offers >= patience) {
        return DU_PHONE_STUCK;
    }
    if (!is_taken(phone)) {
        return DU_PHONE_OFFERED;
    }
    return is_whole(phone) ? DU_PHONE_DOWNLOADED : DU_PHONE_DOWNLOADING;
}

du_phone_state_e du_phone_state(const du_phone_t *phone, int patience)
{
    if (is_result(phone, DU_RESULT_REFUSED)) {
        return DU_PHONE_REFUSED;
    }
    if (!*phone->result || is_reason(phone, DU_REASON_NO_RULE) || is_reason(phone, DU_REASON_INCOMPLETE)) {
        return DU_PHONE_UNKNOWN;
    }
    if (is_result(phone, DU_RESULT_OFFERED)) {
        return state_of_offered(phone, patience);
    }
    if (is_held(phone) && (phone->offers >= patience || phone->takes > 0)) {
        return DU_PHONE_STUCK;
    }
    return *phone->version && du_text_equal(phone->taken, phone->version) ? DU_PHONE_UPDATED : DU_PHONE_CURRENT;
}

du_phone_state_e du_phone_seen(du_phone_state_e state, apr_time_t last_seen, apr_time_t gone_before)
{
    return last_seen < gone_before ? DU_PHONE_GONE : state;
}

/*
 * In words
 */

static const char *day(apr_pool_t *pool, apr_time_t time)
{
    apr_time_exp_t utc;

    apr_time_exp_gmt(&utc, time);
    return apr_psprintf(pool, "%04d-%02d-%02d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

static const char *of_offered(apr_pool_t *pool, const du_phone_t *phone, const char *then)
{
    return apr_psprintf(pool, "was offered %s %s since %s%s", phone->offered,
                        phone->offers == 1 ? "once" : apr_psprintf(pool, "%d times", phone->offers),
                        day(pool, phone->offered_time), then);
}

static const char *of_stuck(apr_pool_t *pool, const du_phone_t *phone)
{
    const char *then =
        apr_psprintf(pool, "%s and still reports %s%s",
                     is_taken(phone) ? is_whole(phone) ? ", fetched it" : ", fetched a part of it" : "",
                     *phone->version ? phone->version : "no version",
                     is_held(phone) ? "; it is held, and not offered any more" : "");

    return of_offered(pool, phone, then);
}

static const char *of_current(apr_pool_t *pool, const du_phone_t *phone)
{
    const char *version = *phone->version ? phone->version : "no version";

    return apr_psprintf(pool,
                        is_reason(phone, DU_REASON_NO_APPROVED) ? "reports %s, and its rule has no approved version"
                                                                : "reports %s, which is what it is to have",
                        version);
}

static const char *of_unknown(const du_phone_t *phone)
{
    if (!*phone->result) {
        return "never asked for an update";
    }
    return is_reason(phone, DU_REASON_INCOMPLETE) ? "does not say all of what it is" : "is of a kind without a rule";
}

const char *du_phone_explain(apr_pool_t *pool, const du_phone_t *phone)
{
    switch (phone->state) {
    case DU_PHONE_OFFERED:
        return of_offered(pool, phone, "");
    case DU_PHONE_DOWNLOADING:
        return apr_psprintf(pool, "fetched %" APR_OFF_T_FMT " of %" APR_OFF_T_FMT " bytes of %s", phone->taken_bytes,
                            phone->taken_size, phone->taken);
    case DU_PHONE_DOWNLOADED:
        return apr_psprintf(pool, "fetched all of %s on %s, and did not report it since", phone->taken,
                            day(pool, phone->taken_time));
    case DU_PHONE_UPDATED:
        return apr_psprintf(pool, "reports %s, which it fetched here on %s", phone->version,
                            day(pool, phone->taken_time));
    case DU_PHONE_STUCK:
        return of_stuck(pool, phone);
    case DU_PHONE_GONE:
        return apr_psprintf(pool, "was last seen on %s", day(pool, phone->last_seen));
    case DU_PHONE_UNKNOWN:
        return of_unknown(phone);
    case DU_PHONE_REFUSED:
        return apr_psprintf(pool, "was refused: %s", phone->reason);
    case DU_PHONE_CURRENT:
    case DU_PHONE_STATES:
        break;
    }
    return of_current(pool, phone);
}

const char *du_phone_mac_reverse(apr_pool_t *pool, const char *mac)
{
    apr_size_t len = strlen(mac);
    char *reverse = apr_palloc(pool, len + 1), *end = reverse;

    while (len > 0) {
        if (isxdigit((unsigned char)mac[--len])) {
            *end++ = mac[len];
        }
    }
    *end = '\0';
    return reverse;
}

const du_test_device_t *du_phone_test_device(const du_phone_t *phone, const apr_array_header_t *devices)
{
    for (int i = 0; i < devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(devices, i, du_test_device_t);
        const char *identifier = device->kind == DU_TEST_MAC ? phone->mac : phone->serial;

        if (*identifier && du_text_equal(identifier, device->identifier) &&
            (!*device->site || du_text_same(device->site, phone->site))) {
            return device;
        }
    }
    return NULL;
}
