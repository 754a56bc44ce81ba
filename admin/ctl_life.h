/*
 * devupdatectl: what the commands that change rules share.
 */
#ifndef CTL_LIFE_H
#define CTL_LIFE_H

#include "ctl.h"
#include "du_plan_phones.h"

/* One of the commands. */
typedef struct ctl_life_t {
    du_action_e action;
    const char *done;  /* what it did: "approved" */
    const char *would; /* what it would do */
    const char *idle;  /* why it does nothing with a rule: "nothing pending" */
    const char *empty; /* why it does nothing at all */
    int must_change;   /* doing nothing with the only rule that was named is a failure */
} ctl_life_t;

/* Prints what was done, or would be. skipped is how many more rules were meant that have nothing to do; phones is NULL if
 * nobody asked for them, or if they are not known. */
apr_status_t ctl_life_print(ctl_t *ctl, const ctl_life_t *life, const du_plan_t *plan, int skipped,
                            const du_plan_phones_t *phones);

#endif
