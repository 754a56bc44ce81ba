/*
 * The settings: names, defaults and ranges. The first seven are the original's (administration.md 1.5, 0.2), the others ours.
 *
 *   X(id, "Name", scope, kind, "default", least, most)
 *
 * scope: SITE (a site may have a value of its own, which wins over the global one) or GLOBAL (it may not).
 * kind: NUMBER; TIME (seconds, written [dd.]hh:mm:ss); CLOCK (hh:mm, 24 hours, or empty); LIST (comma-separated words);
 * CHOICE (one word of those in DU_SETTING_CHOICES).
 */
#ifndef DU_SETTING_H
#define DU_SETTING_H

#include <apr_pools.h>

/* clang-format off */
#define DU_SETTING_LIST(X)                                                                                               \
    X(DU_SET_LOG_CLEAN_UP_INTERVAL,    "LogCleanUpInterval",     SITE,   TIME,   "10.00:00:00", 86400, 31536000)          \
    X(DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "LogCleanUpTimeOfDay",    SITE,   CLOCK,  "",            0, 0)                     \
    X(DU_SET_LOG_FLUSH_INTERVAL,       "LogFlushInterval",       SITE,   TIME,   "00:05:00",    60, 3600)                 \
    X(DU_SET_MAX_LOG_CACHE_LIMIT,      "MaxLogCacheLimit",       SITE,   NUMBER, "512000",      0, 4294967295)            \
    X(DU_SET_MAX_LOG_FILE_SIZE,        "MaxLogFileSize",         SITE,   NUMBER, "1024000",     65536, 4294967295)        \
    X(DU_SET_VALID_LOG_TYPES,          "ValidLogFileTypes",      SITE,   LIST,   "Watson,CELog,Config,DiagLog", 0, 0)     \
    X(DU_SET_VALID_LOG_EXTENSIONS,     "ValidLogFileExtensions", SITE,   LIST,                                            \
      ".dmp,.clg,.clg1,.clg2,.bak,.kdmp,.dat,.bin,.cat,.xml,.txt,.hex", 0, 0)                                             \
    X(DU_SET_LOG_QUOTA,                "log-quota",              GLOBAL, NUMBER, "0",           0, APR_INT64_MAX)         \
    X(DU_SET_CATALOG_EXPIRY,           "catalog-expiry",         GLOBAL, CHOICE, "accept",      0, 0)                     \
    X(DU_SET_IMPORT_MAX_MEMBERS,       "import-max-members",     GLOBAL, NUMBER, "1024",        1, 65535)                 \
    X(DU_SET_IMPORT_MAX_SIZE,          "import-max-size",        GLOBAL, NUMBER, "4294967296",  1, APR_INT64_MAX)         \
    X(DU_SET_IMPORT_MAX_MEMBER_SIZE,   "import-max-member-size", GLOBAL, NUMBER, "2147483647",  1, 2147483647)            \
    X(DU_SET_IMPORT_MAX_RATIO,         "import-max-ratio",       GLOBAL, NUMBER, "1000",        1, 100000)                \
    X(DU_SET_IMPORT_MAX_NAME,          "import-max-name",        GLOBAL, NUMBER, "512",         16, 4096)                 \
    X(DU_SET_IMPORT_MAX_DEPTH,         "import-max-depth",       GLOBAL, NUMBER, "32",          4, 256)
/* clang-format on */

typedef enum {
#define DU_SETTING_ENUM(id, name, scope, kind, preset, least, most) id,
    DU_SETTING_LIST(DU_SETTING_ENUM)
#undef DU_SETTING_ENUM
        DU_SETTINGS
} du_setting_e;

/* The values of a scope; NULL where it has none. */
typedef struct du_settings_t {
    const char *value[DU_SETTINGS];
} du_settings_t;

/* "LogCleanUpInterval" */
const char *du_setting_name(du_setting_e setting);

/* The default of a setting as text. */
const char *du_setting_default(du_setting_e setting);

/* The value of a setting, or its default; settings may be NULL. */
const char *du_setting_text(const du_settings_t *settings, du_setting_e setting);

/* Likewise of a NUMBER. */
apr_int64_t du_setting_number(const du_settings_t *settings, du_setting_e setting);

/* A word of a comma-separated list as the list spells it, found without regard to case; NULL if the list does not have it.
 * word may be NULL. */
const char *du_setting_listed(apr_pool_t *pool, const char *list, const char *word);

#endif
