/*
 * devupdatectl: what the commands that change rules share.
 */
#ifndef CTL_LIFE_H
#define CTL_LIFE_H

#include "ctl.h"
#include "du_census.h"

/* One of the commands. */
typedef struct ctl_life_t {
    du_action_e action;
    const char *done;  /* what it did: "approved" */
    const char *would; /* what it would do */
    const char *idle;  /* why it does nothing with a rule: "nothing pending" */
    const char *empty; /* why it does nothing at all */
    int must_change;   /* doing nothing with the only rule that was named is a failure */
} ctl_life_t;

/* A rule that was chosen, and what becomes of it. */
typedef struct ctl_life_rule_t {
    du_rule_t *rule;
    du_versions_t before, after;
    int changes;
} ctl_life_rule_t;

/* Prints what was done, or would be, with the rules (array of ctl_life_rule_t). skipped is how many more were meant
 * that have nothing to do; census is NULL if nobody asked for the phones, or if they are not known. */
void ctl_life_print(ctl_t *ctl, const ctl_life_t *life, const apr_array_header_t *rules, int skipped,
                    const du_census_t *census);

#endif
