/*
 * The decision: which version, and why. A function of rule set and request and nothing else (house.md D6).
 */
#ifndef DU_DECIDE_H
#define DU_DECIDE_H

#include "du_request.h"
#include "du_ruleset.h"

/* Results and reasons as they stand in the audit columns "Result" and "Reason". Refusals and not-ready are not made by
 * du_decide() but by whoever could not come so far. A reason belongs to one result. */
#define DU_RESULT_LIST(X)                                                                                            \
    X(DU_RESULT_OFFERED, "offered")                                                                                  \
    X(DU_RESULT_NONE, "none")                                                                                        \
    X(DU_RESULT_REFUSED, "refused")

/* clang-format off */
#define DU_REASON_LIST(X)                                                                                                  \
    X(DU_REASON_APPROVED,        "approved",        DU_RESULT_OFFERED) /* the approved version is not installed */         \
    X(DU_REASON_PENDING,         "pending",         DU_RESULT_OFFERED) /* a test device: the pending one is not */ \
    X(DU_REASON_CURRENT,         "current",         DU_RESULT_NONE)    /* the version it would get is installed */         \
    X(DU_REASON_NO_RULE,         "no-rule",         DU_RESULT_NONE)    /* no rule has this key */                          \
    X(DU_REASON_NO_APPROVED,     "no-approved",     DU_RESULT_NONE)    /* the rule has no approved version */              \
    X(DU_REASON_HELD,            "held",            DU_RESULT_NONE)    /* this phone is not to be offered it any more */ \
    X(DU_REASON_INCOMPLETE,      "incomplete",      DU_RESULT_NONE)    /* a part of the key is missing */                  \
    X(DU_REASON_MALFORMED,       "malformed",       DU_RESULT_REFUSED) /* the body is not an acceptable request */         \
    X(DU_REASON_TOO_LARGE,       "too-large",       DU_RESULT_REFUSED) /* the body is larger than the limit */             \
    X(DU_REASON_UNAUTHENTICATED, "unauthenticated", DU_RESULT_REFUSED) /* no user where one is needed */                   \
    X(DU_REASON_FORBIDDEN,       "forbidden",       DU_RESULT_REFUSED) /* httpd does not admit this client or user */      \
    X(DU_REASON_NOT_READY,       "not-ready",       DU_RESULT_REFUSED) /* no rule set yet */
/* clang-format on */

typedef enum {
#define DU_RESULT_ENUM(id, word) id,
    DU_RESULT_LIST(DU_RESULT_ENUM)
#undef DU_RESULT_ENUM
} du_result_e;

typedef enum {
#define DU_REASON_ENUM(id, word, result) id,
    DU_REASON_LIST(DU_REASON_ENUM)
#undef DU_REASON_ENUM
        DU_REASONS
} du_reason_e;

typedef struct du_decision_t {
    du_result_e result;
    du_reason_e reason;
    const du_rs_image_t *image; /* what is offered; NULL if nothing is */

    /* What was found on the way there, for du_why(); NULL and 0 for what was not come to. */
    const du_rs_rule_t *rule;    /* of this key */
    const du_rs_image_t *wanted; /* the version that the phone is to have */
    const du_module_t *module;   /* the installed file by which it has that version or not; NULL if none says so */
    int is_named;                /* a file of that name is in the wanted image */
    int is_test;
} du_decision_t;

const char *du_result_word(du_result_e result);
const char *du_reason_word(du_reason_e reason);
du_result_e du_reason_result(du_reason_e reason);

/*
 * Offered when *different*, never when "newer" (protocol.md 8.4): the version of the rule with exactly this key that the
 * phone is to have, unless the request says it is installed. That is the approved version; for a test device the
 * pending one if there is one. address is the client's, NULL if not known; it decides at which site the phone is.
 *
 * A phone that is held is not offered what it is held for (du_held_t): a version, which does not hold a test device, or
 * whatever there is.
 *
 * A version is installed if each reported module that has the name of one of the
 * image's files has that version; if the request names none of the image's files, any module with that version will do.
 */
du_decision_t du_decide(const du_ruleset_t *ruleset, const du_request_t *request, const du_address_t *address);

#endif
