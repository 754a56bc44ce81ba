/*
 * What the files of the page of phones share.
 */
#ifndef DEVICES_H
#define DEVICES_H

#include "dua.h"
#include "dua_phone.h"

/* Adds to dua->data how many phones are in which state, and what runs on which model, each with a link to these phones. */
apr_status_t devices_add_counts(dua_t *dua, const du_inventory_view_t *view, const du_inventory_filter_t *filter);

/* One phone (parameter id): what it is, what it did, what can be done with it. */
apr_status_t devices_show_one(dua_t *dua);

/* Kinds of phones that no rule is for. */
apr_status_t devices_show_kinds(dua_t *dua);

#endif
