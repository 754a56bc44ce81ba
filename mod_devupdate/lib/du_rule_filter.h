/*
 * Which rules are wanted: how the command line and the pages choose them by what they are. Pure.
 */
#ifndef DU_RULE_FILTER_H
#define DU_RULE_FILTER_H

#include "du_rule.h"

/* X(id, word): a rule with a pending version; with an approved one; with neither, so that its phones are offered nothing. */
#define DU_RULE_STATE_LIST(X) X(DU_RULE_PENDING, pending) X(DU_RULE_APPROVED, approved) X(DU_RULE_NONE, none)

typedef enum {
#define DU_RULE_STATE_ENUM(id, word) id,
    DU_RULE_STATE_LIST(DU_RULE_STATE_ENUM)
#undef DU_RULE_STATE_ENUM
        DU_RULE_STATES /* whatever state */
} du_rule_state_e;

/* NULL = all. Nothing here distinguishes ASCII letters by case. */
typedef struct du_rule_filter_t {
    du_key_t key;          /* patterns, each for a part of the key */
    du_rule_state_e state; /* DU_RULE_STATES = whatever */
    const char *text;      /* stands somewhere in the key, the update type or a version */
} du_rule_filter_t;

/* Finds a state by its word without regard to case: 1, or 0 if there is none. */
int du_rule_state_find(const char *word, du_rule_state_e *state);

/* 1 if a text can be a pattern: a * stands for the rest of a text ("CX*"), and so at the end only. */
int du_rule_pattern_is_valid(const char *pattern);

/* 1 if the rule is wanted. Patterns must be valid. */
int du_rule_filter_matches(const du_rule_filter_t *filter, const du_rule_t *rule);

#endif
