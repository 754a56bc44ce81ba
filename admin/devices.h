/*
 * What the files of the page of phones share.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include "dua.h"
#include "dua_phone.h"

/* Adds to dua->data the states, and if that is wanted how many of all phones are in each and what runs on which model, with
 * links to these phones. These numbers are of all phones: those of some would have to be counted each time. */
apr_status_t devices_add_counts(dua_t *dua, const du_inventory_view_t *view, int is_wanted);

/* One phone (parameter id): what it is, what it did, what can be done with it. */
apr_status_t devices_show_one(dua_t *dua);

/* Holds or releases one phone. */
apr_status_t devices_change_one(dua_t *dua);

/* Kinds of phones that no rule is for. */
apr_status_t devices_show_kinds(dua_t *dua);

#endif
