/*
 * The settings of device logs (administration.md 1.5, 0.2): names, defaults and ranges of the original.
 *
 *   X(id, member, "Name", kind, "default", least, most)
 *
 * kind: NUMBER (bytes), TIME (seconds, written [dd.]hh:mm:ss), CLOCK (hh:mm, 24 hours), LIST (comma-separated words).
 */
#ifndef DU_SETTING_H
#define DU_SETTING_H

#include <apr_pools.h>

/* clang-format off */
#define DU_SETTING_LIST(X)                                                                                               \
    X(DU_SET_MAX_LOG_FILE_SIZE,    max_log_file_size,    "MaxLogFileSize",         NUMBER, "1024000",     65536, 4294967295) \
    X(DU_SET_VALID_LOG_TYPES,      valid_log_types,      "ValidLogFileTypes",      LIST,   "Watson,CELog,Config,DiagLog", 0, 0) \
    X(DU_SET_VALID_LOG_EXTENSIONS, valid_log_extensions, "ValidLogFileExtensions", LIST,                                 \
      ".dmp,.clg,.clg1,.clg2,.bak,.kdmp,.dat,.bin,.cat,.xml,.txt,.hex", 0, 0)
/* clang-format on */

typedef enum {
#define DU_SETTING_ENUM(id, member, name, kind, preset, least, most) id,
    DU_SETTING_LIST(DU_SETTING_ENUM)
#undef DU_SETTING_ENUM
        DU_SETTINGS
} du_setting_e;

/* The default of a setting as text. */
const char *du_setting_default(du_setting_e setting);

/* A word of a comma-separated list as the list spells it, found without regard to case; NULL if the list does not have it.
 * word may be NULL. */
const char *du_setting_listed(apr_pool_t *pool, const char *list, const char *word);

#endif
