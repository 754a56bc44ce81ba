/*
 * What the files of the page of device logs share.
 */
#ifndef DEVICE_LOGS_H
#define DEVICE_LOGS_H

#include "du_logs.h"
#include "dua.h"

/* *may = 1 if they may do that to the log. Without a limit to a site nothing is looked up. */
apr_status_t device_log_may(dua_t *dua, du_right_e right, const du_log_t *log, int *may);

/* DU_E_FORBIDDEN with a sentence if not. */
apr_status_t device_log_must(dua_t *dua, du_right_e right, const du_log_t *log);

json_t *device_log_json(dua_t *dua, const du_log_t *log);

/* Confirmations: what would go. */
apr_status_t device_logs_ask_chosen(dua_t *dua);
apr_status_t device_logs_ask_old(dua_t *dua);

/* Changes: those of the parameter id; those that are older than the parameter days. */
apr_status_t device_logs_remove_chosen(dua_t *dua);
apr_status_t device_logs_remove_old(dua_t *dua);

#endif
