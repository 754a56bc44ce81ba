/*
 * devupdatectl: what the commands about phones share.
 */
#ifndef CTL_DEVICE_H
#define CTL_DEVICE_H

#include "ctl.h"
#include "du_inventory.h"

/* Those with that MAC address or serial number, or known by that address (array of du_phone_t), last seen first;
 * DU_E_NOT_FOUND with a sentence. */
apr_status_t ctl_device_find(ctl_t *ctl, const char *name, apr_array_header_t **phones);

/* The filter that the options describe; CTL_E_USAGE with a sentence. */
apr_status_t ctl_device_filter(ctl_t *ctl, du_inventory_filter_t *filter);

#endif
