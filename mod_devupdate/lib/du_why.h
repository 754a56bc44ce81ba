/*
 * Why a phone is answered as it is: the steps of du_decide() one by one, what each rests on, and what would change the answer.
 *
 * The steps are read off the decision that du_decide() made, so that the two cannot disagree. What people call the things in it
 * (numbers of rules, names of test devices) is in the snapshot that the rule set was made of.
 */
#ifndef DU_WHY_H
#define DU_WHY_H

#include "du_decide.h"

/* X(id, "word", "question"): what is asked, in order. */
#define DU_WHY_STEP_LIST(X)                                                                                          \
    X(DU_WHY_KEY, "key", "Does it say what it is?")                                                                  \
    X(DU_WHY_RULE, "rule", "Is there a rule for its kind?")                                                          \
    X(DU_WHY_TEST, "test", "Is it a test device?")                                                                   \
    X(DU_WHY_VERSION, "version", "Which version is it to have?")                                                     \
    X(DU_WHY_INSTALLED, "installed", "Does it run that?")                                                            \
    X(DU_WHY_HELD, "held", "Is it held?")

/* X(id, step, "word", "answer"): and what the answer was. Behind it: what `about` is. */
/* clang-format off */
#define DU_WHY_ANSWER_LIST(X)                                                                                                       \
    X(DU_WHY_COMPLETE,        DU_WHY_KEY,       "complete",        "yes:")                                      /* its key */       \
    X(DU_WHY_INCOMPLETE,      DU_WHY_KEY,       "incomplete",      "no, it does not say its")                   /* missing parts */ \
    X(DU_WHY_RULE_FOUND,      DU_WHY_RULE,      "rule",            "yes, rule")                                 /* number */        \
    X(DU_WHY_RULE_NONE,       DU_WHY_RULE,      "no-rule",         "no")                                                            \
    X(DU_WHY_TEST_EVERYWHERE, DU_WHY_TEST,      "test-everywhere", "yes, at every site:")                       /* its name */      \
    X(DU_WHY_TEST_HERE,       DU_WHY_TEST,      "test-here",       "yes, at the site where it is:")             /* name, site */    \
    X(DU_WHY_TEST_ELSEWHERE,  DU_WHY_TEST,      "test-elsewhere",  "not where it is, but elsewhere:")           /* name, site */    \
    X(DU_WHY_TEST_NOT,        DU_WHY_TEST,      "no-test",         "no")                                                            \
    X(DU_WHY_PENDING,         DU_WHY_VERSION,   "pending",         "the pending one, which test devices try:")  /* version */       \
    X(DU_WHY_APPROVED,        DU_WHY_VERSION,   "approved",        "the approved one:")                         /* version */       \
    X(DU_WHY_VERSION_NONE,    DU_WHY_VERSION,   "no-version",      "none, because none is approved")                                \
    X(DU_WHY_SAME_FILE,       DU_WHY_INSTALLED, "same-file",       "yes, its file of that name has this version:") /* file, version */ \
    X(DU_WHY_SAME_OTHER,      DU_WHY_INSTALLED, "same-other",      "yes, it has none of the image's files, but another one of this version:") /* file, version */ \
    X(DU_WHY_OTHER_FILE,      DU_WHY_INSTALLED, "other-file",      "no, its file of that name has another version:") /* file, version */ \
    X(DU_WHY_OTHER,           DU_WHY_INSTALLED, "other",           "no, none of its files has this version:")   /* the first of them */ \
    X(DU_WHY_NO_FILES,        DU_WHY_INSTALLED, "no-files",        "no, it does not say what it runs")                              \
    X(DU_WHY_HELD_ALL,        DU_WHY_HELD,      "held-all",        "yes, whatever there is")                                        \
    X(DU_WHY_HELD_VERSION,    DU_WHY_HELD,      "held-version",    "yes, from")                                 /* version */       \
    X(DU_WHY_HELD_TEST,       DU_WHY_HELD,      "held-test",       "not as a test device, otherwise from")      /* version */       \
    X(DU_WHY_HELD_NOT,        DU_WHY_HELD,      "not-held",        "no")

/* X(id, "word", "sentence"): what would change the answer. */
#define DU_WHY_CHANGE_LIST(X)                                                                                                  \
    X(DU_CHANGE_SAY,      "say",      "the phone says all of what it is; missing is its")                  /* missing parts */ \
    X(DU_CHANGE_KIND,     "kind",     "it is of the kind of this rule, which nearly matches:")             /* key of a rule */ \
    X(DU_CHANGE_IMPORT,   "import",   "a package with a version for its kind is imported and approved:")   /* key */           \
    X(DU_CHANGE_APPROVE,  "approve",  "the pending version of its rule is approved:")                      /* version */       \
    X(DU_CHANGE_RESTORE,  "restore",  "the version before is restored for its rule:")                      /* version */       \
    X(DU_CHANGE_TEST,     "test",     "it becomes a test device, for the pending version:")                /* version */       \
    X(DU_CHANGE_SITE,     "site",     "it comes to the site where it is a test device, for the pending version:") /* version */ \
    X(DU_CHANGE_UNTEST,   "untest",   "it is no test device any more")                                                         \
    X(DU_CHANGE_RESET,    "reset",    "the pending version of its rule is rejected:")                      /* version */       \
    X(DU_CHANGE_INSTALL,  "install",  "it installs what it is offered, and says so:")                      /* version */       \
    X(DU_CHANGE_HOLD,     "hold",     "it is held")                                                                            \
    X(DU_CHANGE_RELEASE,  "release",  "it is released")
/* clang-format on */

typedef enum {
#define DU_WHY_STEP_ENUM(id, word, text) id,
    DU_WHY_STEP_LIST(DU_WHY_STEP_ENUM)
#undef DU_WHY_STEP_ENUM
        DU_WHY_STEPS
} du_why_step_e;

typedef enum {
#define DU_WHY_ANSWER_ENUM(id, step, word, text) id,
    DU_WHY_ANSWER_LIST(DU_WHY_ANSWER_ENUM)
#undef DU_WHY_ANSWER_ENUM
        DU_WHY_ANSWERS
} du_why_answer_e;

typedef enum {
#define DU_WHY_CHANGE_ENUM(id, word, text) id,
    DU_WHY_CHANGE_LIST(DU_WHY_CHANGE_ENUM)
#undef DU_WHY_CHANGE_ENUM
        DU_WHY_CHANGES
} du_why_change_e;

/* One of them; `about` is "" where it says nothing. Text from a phone is as it came. */
typedef struct du_why_line_t {
    int what; /* du_why_answer_e or du_why_change_e */
    const char *about;
} du_why_line_t;

typedef struct du_why_t {
    du_decision_t decision;
    const char *offered;         /* version; "" = none */
    const du_rule_t *rule;       /* of the snapshot; NULL = no rule */
    apr_array_header_t *answers; /* of du_why_line_t: one for each step that the decision came to */
    apr_array_header_t *changes; /* of du_why_line_t: each of them alone would change it */
} du_why_t;

/* The words and texts of the lists. */
du_why_step_e du_why_step(du_why_answer_e answer);
const char *du_why_step_word(du_why_step_e step);
const char *du_why_step_text(du_why_step_e step);
const char *du_why_answer_word(du_why_answer_e answer);
const char *du_why_answer_text(du_why_answer_e answer);
const char *du_why_change_word(du_why_change_e change);
const char *du_why_change_text(du_why_change_e change);

/* Decides and explains, in pool. The rule set is that of the snapshot. */
du_why_t *du_why(const du_ruleset_t *ruleset, const du_snapshot_t *snapshot, const du_request_t *request,
                 const du_address_t *address, apr_pool_t *pool);

#endif
