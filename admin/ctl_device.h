/*
 * devupdatectl: what the commands about phones share.
 */
#ifndef CTL_DEVICE_H
#define CTL_DEVICE_H

#include "ctl.h"
#include "du_inventory.h"

/* The filter that the options describe; CTL_E_USAGE with a sentence. */
apr_status_t ctl_device_filter(ctl_t *ctl, du_inventory_filter_t *filter);

/* The phones that the operand names (array of du_phone_t, at least one); DU_E_NOT_FOUND with a sentence. */
apr_status_t ctl_device_find(ctl_t *ctl, apr_array_header_t **phones);

#endif
