/*
 * How much a package may be: settings of the administrator, and two that protect the import from its own reader.
 */
#ifndef DU_IMPORT_LIMITS_H
#define DU_IMPORT_LIMITS_H

#include "du_setting.h"

typedef struct du_import_limits_t {
    apr_int64_t members;     /* how many */
    apr_int64_t size;        /* bytes of all members together */
    apr_int64_t member_size; /* bytes of one member */
    apr_int64_t ratio;       /* bytes of all members to one byte of the cabinet's file */
    apr_int64_t name;        /* bytes of a member's name */
    apr_int64_t depth;       /* elements inside each other in the description */
    int processor_seconds;   /* that the reader may compute */
    int silent_seconds;      /* for which nothing may come from the reader */
} du_import_limits_t;

/* The limits that these settings name, the defaults for what they do not; settings may be NULL. */
du_import_limits_t du_import_limits(const du_settings_t *settings);

#endif
