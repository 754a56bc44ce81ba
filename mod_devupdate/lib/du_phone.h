/*
 * One phone as the inventory knows it: what it is, what it runs, what it was offered and fetched, and what that amounts to.
 * A plain record and functions of it; no store, no clock.
 */
#ifndef DU_PHONE_H
#define DU_PHONE_H

#include <apr_time.h>

#include "du_device.h"
#include "du_rule.h"

/* The states, in the order in which they are listed: X(id, "word").
 *
 * All but DU_PHONE_GONE follow from what a phone did last, and stand in the store; that one depends on the
 * clock, and is found when it is read (du_phone_seen()). */
#define DU_PHONE_STATE_LIST(X)                                                                                       \
    X(DU_PHONE_CURRENT, "current")         /* there is no other version for it */                                    \
    X(DU_PHONE_OFFERED, "offered")         /* a version was offered, none of it is fetched yet */                    \
    X(DU_PHONE_DOWNLOADING, "downloading") /* a part of the offered version is fetched */                            \
    X(DU_PHONE_DOWNLOADED, "downloaded")   /* the offered version is fetched, but not yet reported */                \
    X(DU_PHONE_UPDATED, "updated")         /* it runs the version that it fetched here */                            \
    X(DU_PHONE_STUCK, "stuck")     /* a version was offered again and again, and it still runs another one */        \
    X(DU_PHONE_GONE, "gone")       /* it was not seen for long */                                                    \
    X(DU_PHONE_UNKNOWN, "unknown") /* no rule is for its kind, or it did not say what it is */                       \
    X(DU_PHONE_REFUSED, "refused") /* its last request was refused */

typedef enum {
#define DU_PHONE_STATE_ENUM(id, word) id,
    DU_PHONE_STATE_LIST(DU_PHONE_STATE_ENUM)
#undef DU_PHONE_STATE_ENUM
        DU_PHONE_STATES
} du_phone_state_e;

/* No text is NULL; "" and 0 = not known, or there was none. */
typedef struct du_phone_t {
    apr_int64_t id;
    apr_int64_t count_id; /* the row of device_count that it is counted in */
    const char *mac;      /* du_mac_canonical() */
    const char *serial;   /* du_serial_canonical() */
    const char *address;  /* of its last request; what a phone without MAC address and serial number is known by */
    du_key_t key;         /* as it spelled it */
    const char *version;  /* what it runs: of the first module that it names */
    const char *version_before;
    apr_time_t version_time; /* when it first reported `version` after another one; 0 = always */
    const char *site;        /* read: the site's name; `site_key` in the store */
    const char *user;        /* signed in last, or what the settings leave of that */
    const char *node;        /* that saw it last */
    const char *endpoint;    /* "internal" or "external" */
    apr_time_t first_seen, last_seen;
    apr_int64_t checks;      /* since the first */
    const char *result;      /* of the last check: du_result_word() */
    const char *reason;      /* likewise: du_reason_word() */
    const char *offered;     /* the version it was offered last and does not report since; "" once it does */
    apr_time_t offered_time; /* when that version was first offered */
    int offers;              /* how often it was */
    const char *taken;       /* the version of which it fetched something last */
    apr_time_t taken_time;   /* when it fetched the last of it */
    apr_off_t taken_bytes;   /* of the files of that version, how much it has; a file counts once */
    apr_off_t taken_size;    /* how much that would be in full */
    int takes;               /* how often it was offered `taken` again after it had fetched all of it */
    const char *held;        /* a version that it is not offered any more, as in du_held_t */
    apr_int64_t events;      /* ever, the next one's number is one more */
    du_phone_state_e state;
} du_phone_t;

/* "stuck" */
const char *du_phone_state_word(du_phone_state_e state);

/* 1 and the state of that word (without regard to case), or 0. */
int du_phone_state_parse(const char *word, du_phone_state_e *state);

/*
 * What the fields amount to, never DU_PHONE_GONE; phone->state is not looked at. `patience` is the setting stuck-after.
 *
 *   1. Its last request was refused: refused. Without a complete key, a rule, or any check at all: unknown.
 *   2. It was told that there is nothing: updated if it runs what it took here; stuck if that is so because the version is held
 *      for its sake (offers or takes say that it tried); otherwise current.
 *   3. It was offered a version: stuck if that is held or was offered `patience` times or more; downloaded or
 *      downloading if it took all or some of it; otherwise offered.
 */
du_phone_state_e du_phone_state(const du_phone_t *phone, int patience);

/* 1 if it has fetched all of the version that it was offered last. */
int du_phone_has_offered(const du_phone_t *phone);

/* What people call it: by the best that it said. */
const char *du_phone_name(const du_phone_t *phone);

/* The state of the last record with the clock: DU_PHONE_GONE if it was last seen before `gone_before`. */
du_phone_state_e du_phone_seen(du_phone_state_e state, apr_time_t last_seen, apr_time_t gone_before);

/* Why phone->state is what it is, as a sentence with the figures: "was offered 4.0.7577.4463 5 times since 2026-11-20
 * and still reports 4.0.7577.4066". Text of the phone is not escaped in it. */
const char *du_phone_explain(apr_pool_t *pool, const du_phone_t *phone);

/* The entry of test devices (array of du_test_device_t) that the phone is one by, everywhere or at its site; NULL if none. */
const du_test_device_t *du_phone_test_device(const du_phone_t *phone, const apr_array_header_t *devices);

/* The digits of a canonical MAC address from the last to the first, for `mac_reverse`: "6710002F4000"; "" for "". */
const char *du_phone_mac_reverse(apr_pool_t *pool, const char *mac);

#endif
