/*
 * The settings: names, defaults and ranges. The first seven are the original's (administration.md 1.5, 0.2), the others ours.
 *
 *   X(id, "Name", scope, kind, "default", least, most)
 *
 * scope: SITE (a site may have a value of its own, which wins over the global one) or GLOBAL (it may not).
 * kind: NUMBER; BYTES (a number of them); TIME (seconds, written [dd.]hh:mm:ss); CLOCK (hh:mm, 24 hours, or empty); LIST (comma-separated words);
 * CHOICE (one word of those in DU_SETTING_CHOICES).
 */
#ifndef DU_SETTING_H
#define DU_SETTING_H

#include "du_ctx.h"

/* clang-format off */
#define DU_SETTING_LIST(X)                                                                                               \
    X(DU_SET_LOG_CLEAN_UP_INTERVAL,    "LogCleanUpInterval",     SITE,   TIME,   "10.00:00:00", 86400, 31536000)          \
    X(DU_SET_LOG_CLEAN_UP_TIME_OF_DAY, "LogCleanUpTimeOfDay",    SITE,   CLOCK,  "",            0, 0)                     \
    X(DU_SET_LOG_FLUSH_INTERVAL,       "LogFlushInterval",       SITE,   TIME,   "00:05:00",    60, 3600)                 \
    X(DU_SET_MAX_LOG_CACHE_LIMIT,      "MaxLogCacheLimit",       SITE,   BYTES,  "512000",      0, 4294967295)            \
    X(DU_SET_MAX_LOG_FILE_SIZE,        "MaxLogFileSize",         SITE,   BYTES,  "1024000",     65536, 4294967295)        \
    X(DU_SET_VALID_LOG_TYPES,          "ValidLogFileTypes",      SITE,   LIST,   "Watson,CELog,Config,DiagLog", 0, 0)     \
    X(DU_SET_VALID_LOG_EXTENSIONS,     "ValidLogFileExtensions", SITE,   LIST,                                            \
      ".dmp,.clg,.clg1,.clg2,.bak,.kdmp,.dat,.bin,.cat,.xml,.txt,.hex", 0, 0)                                             \
    X(DU_SET_LOG_QUOTA,                "log-quota",              GLOBAL, BYTES,  "0",           0, APR_INT64_MAX)         \
    X(DU_SET_CATALOG_EXPIRY,           "catalog-expiry",         GLOBAL, CHOICE, "accept",      0, 0)                     \
    X(DU_SET_IMPORT_MAX_MEMBERS,       "import-max-members",     GLOBAL, NUMBER, "1024",        1, 65535)                 \
    X(DU_SET_IMPORT_MAX_SIZE,          "import-max-size",        GLOBAL, BYTES,  "4294967296",  1, APR_INT64_MAX)         \
    X(DU_SET_IMPORT_MAX_MEMBER_SIZE,   "import-max-member-size", GLOBAL, BYTES,  "2147483647",  1, 2147483647)            \
    X(DU_SET_IMPORT_MAX_RATIO,         "import-max-ratio",       GLOBAL, NUMBER, "100",         1, 100000)                \
    X(DU_SET_IMPORT_MAX_NAME,          "import-max-name",        GLOBAL, BYTES,  "512",         16, 4096)                 \
    X(DU_SET_IMPORT_MAX_DEPTH,         "import-max-depth",       GLOBAL, NUMBER, "32",          4, 256)                   \
    X(DU_SET_OPERATORS_APPROVE,        "operators-approve",      GLOBAL, CHOICE, "no",          0, 0)                     \
    X(DU_SET_GONE_AFTER,               "gone-after",             GLOBAL, TIME,   "30.00:00:00", 86400, 315360000)         \
    X(DU_SET_STUCK_AFTER,              "stuck-after",            GLOBAL, NUMBER, "3",           1, 1000)                  \
    X(DU_SET_HOLD_AFTER,               "hold-after",             GLOBAL, NUMBER, "5",           0, 1000)                  \
    X(DU_SET_DEVICE_HISTORY,           "device-history",         GLOBAL, NUMBER, "50",          4, 1000)                  \
    X(DU_SET_DEVICE_LIMIT,             "device-limit",           GLOBAL, NUMBER, "1000000",     1, 10000000)              \
    X(DU_SET_USER_NAMES,               "user-names",             GLOBAL, CHOICE, "keep",        0, 0)                     \
    X(DU_SET_USER_DAYS,                "user-days",              GLOBAL, NUMBER, "365",         0, 3650)

/* The words of the settings that are a CHOICE. */
#define DU_SETTING_CHOICES(X)                                                                                            \
    X(DU_SET_CATALOG_EXPIRY, "accept")                                                                                   \
    X(DU_SET_CATALOG_EXPIRY, "refuse")                                                                                   \
    X(DU_SET_USER_NAMES, "keep")                                                                                         \
    X(DU_SET_USER_NAMES, "hash")                                                                                         \
    X(DU_SET_USER_NAMES, "drop")                                                                                         \
    X(DU_SET_OPERATORS_APPROVE, "no")                                                                                    \
    X(DU_SET_OPERATORS_APPROVE, "yes")
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

#define DU_SETTING_VALUE_MAX     4096 /* bytes of a value */
#define DU_SETTING_TYPE_MAX      64   /* bytes of a word in ValidLogFileTypes: the name of a directory */
#define DU_SETTING_EXTENSION_MAX 32   /* bytes of a word in ValidLogFileExtensions, its dot included */

/*
 * The list
 */

/* "LogCleanUpInterval" */
const char *du_setting_name(du_setting_e setting);

/* The default of a setting as text. */
const char *du_setting_default(du_setting_e setting);

/* 1 if only the global scope has a value of it. */
int du_setting_is_global(du_setting_e setting);

/* 1 if its value is a LIST. */
int du_setting_is_list(du_setting_e setting);

/* "number", "bytes", "time", "clock", "list" or "choice" */
const char *du_setting_kind(du_setting_e setting);

/* The ends of the range of a number, of bytes or of a time, as values are written; "" for other kinds. */
const char *du_setting_least(apr_pool_t *pool, du_setting_e setting);
const char *du_setting_most(apr_pool_t *pool, du_setting_e setting);

/* The words of a CHOICE, beginning with number 0; NULL behind the last. */
const char *du_setting_choice(du_setting_e setting, int number);

/* What a value may be, in words: "from 1.00:00:00 to 365.00:00:00". */
const char *du_setting_range(apr_pool_t *pool, du_setting_e setting);

/* Finds a setting by its name without regard to case. DU_E_NOT_FOUND with a sentence. */
apr_status_t du_setting_find(du_ctx_t *ctx, const char *name, du_setting_e *setting);

/*
 * Checking
 */

/* A value as the store keeps it (10. is 10.00:00:00, 3:00 is 03:00, spaces around the words of a list go), in pool; NULL
 * if the setting cannot have it. */
const char *du_setting_canonical(apr_pool_t *pool, du_setting_e setting, const char *text);

/* The same, but DU_E_MALFORMED with a sentence that names the setting and its range. */
apr_status_t du_setting_check(du_ctx_t *ctx, du_setting_e setting, const char *text, apr_pool_t *pool,
                              const char **value);

/*
 * Values. They are canonical; settings may be NULL, which has the defaults.
 */

/* The value of a setting, or its default. */
const char *du_setting_text(const du_settings_t *settings, du_setting_e setting);

/* Likewise of a NUMBER or of BYTES. */
apr_int64_t du_setting_number(const du_settings_t *settings, du_setting_e setting);

/* Likewise of a TIME, in seconds. */
apr_int64_t du_setting_seconds(const du_settings_t *settings, du_setting_e setting);

/* Likewise of a CLOCK, in minutes since midnight; an empty one is midnight (administration.md section 8, question 3). */
int du_setting_minutes(const du_settings_t *settings, du_setting_e setting);

/* What holds at a site: its own values where it has them, else the global ones (administration.md 1.5). */
void du_settings_merge(const du_settings_t *site, const du_settings_t *global, du_settings_t *in_force);

/*
 * Lists
 */

/* A word of a comma-separated list as the list spells it, found without regard to case; NULL if the list does not have it.
 * word may be NULL. */
const char *du_setting_listed(apr_pool_t *pool, const char *list, const char *word);

/* A canonical list with the words of another behind it, or without them. Words are compared without regard to case. */
const char *du_setting_list_add(apr_pool_t *pool, const char *list, const char *words);
const char *du_setting_list_remove(apr_pool_t *pool, const char *list, const char *words);

#endif
