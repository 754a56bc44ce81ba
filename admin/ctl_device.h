/*
 * devupdatectl: what the commands about phones share.
 */
#ifndef CTL_DEVICE_H
#define CTL_DEVICE_H

#include "ctl.h"
#include "du_inventory.h"

/* The filter that the options describe; CTL_E_USAGE with a sentence. */
apr_status_t ctl_device_filter(ctl_t *ctl, du_inventory_filter_t *filter);

#endif
