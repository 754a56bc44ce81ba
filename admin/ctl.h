/*
 * devupdatectl: what its parts share.
 *
 * A command is a function that prints its result and answers APR_SUCCESS; a failure is recorded
 * with du_fail() and printed by main(). Nothing here reads the environment, and only the phone
 * touches files.
 */
#ifndef CTL_H
#define CTL_H

#include <jansson.h>

#include "du_rule_filter.h"
#include "du_store.h"
#include "du_store_activity.h"
#include "dua_record.h"

#define CTL_NAME "devupdatectl"

/* A command used in the wrong way: exit status 2 instead of 1 (APR's getopt answers it, too). */
#define CTL_E_USAGE APR_BADARG

/* clang-format off */
/* Every option there is: X(id, name, name of its value or NULL, what it does). */
#define CTL_OPTION_LIST(X)                                                                        \
    X(CTL_OPT_STORE,    "store", "\"DRIVER PARAMS\"", "the database, as \"sqlite3 /srv/devupdate.sqlite\"") \
    X(CTL_OPT_FILES,    "files",      "DIR",     "the file store: images and logs")               \
    X(CTL_OPT_JSON,     "json",       NULL,      "print one JSON document instead of text")       \
    X(CTL_OPT_HELP,     "help",       NULL,      "explain the command and do nothing")            \
    X(CTL_OPT_ABOUT,    "version",    NULL,      "print the version of this program and do nothing") \
    X(CTL_OPT_NOTE,     "note",       "TEXT",    "a reason, kept with the change")                \
    X(CTL_OPT_DRY_RUN,  "dry-run",    NULL,      "say what would change, but change nothing")     \
    X(CTL_OPT_TRUST,    "trust",      "FILE",    "trust these certificates, too (PEM), this once")  \
    X(CTL_OPT_UNSIGNED, "allow-unsigned", NULL,  "take in what is not verified, too, and mark it for ever") \
    X(CTL_OPT_ALL,      "all",        NULL,      "all there are, instead of naming them")         \
    X(CTL_OPT_TO,       "to",         "VERSION", "a stored version to go to, instead of the one before") \
    X(CTL_OPT_SCOPE,    "scope",      "SCOPE",   "global, or site:NAME")                           \
    X(CTL_OPT_SITE,     "site",       "NAME",    "only for what belongs to this site")             \
    X(CTL_OPT_ADD,      "add",        "WORDS",   "words to add to a list, separated by commas")   \
    X(CTL_OPT_REMOVE,   "remove",     "WORDS",   "words to remove from a list, separated by commas") \
    X(CTL_OPT_DAYS,     "days",       "N",       "logs that are older than this")                 \
    X(CTL_OPT_LOG_TYPE, "type",       "TYPE",    "CELog and so on, or audit, downloads, uploads") \
    X(CTL_OPT_DEVICE,   "device",     "TEXT",    "logs with this in their name: a serial number, a MAC address") \
    X(CTL_OPT_ACTION,   "action",     "ACTION",  "what was done: import, approve, ...")           \
    X(CTL_OPT_OBJECT,   "object",     "TEXT",    "how the object's name begins: rule, \"rule 7\", site:") \
    X(CTL_OPT_SINCE,    "since",      "TIME",    "that time and later: yyyy-mm-dd or yyyy-mm-ddThh:mm:ssZ") \
    X(CTL_OPT_UNTIL,    "until",      "TIME",    "earlier than that time")                        \
    X(CTL_OPT_AT,       "at",         "TIME",    "the last check at that time or before: yyyy-mm-dd or yyyy-mm-ddThh:mm:ssZ") \
    X(CTL_OPT_LIMIT,    "limit",      "N",       "at most that many, the first of the list; 50 if not given") \
    X(CTL_OPT_DIGEST,   "digest",     NULL,      "read every file and compare its content, not only its size") \
    X(CTL_OPT_PHONE_STATE, "state",   "STATE",   "stuck, gone, unknown and so on, as device counts --by state names them") \
    X(CTL_OPT_UNSEEN,   "not-seen-since", "TIME", "phones that were last seen before that time")  \
    X(CTL_OPT_SORT,     "sort",       "ORDER",   "seen (last seen first), mac, or model")         \
    X(CTL_OPT_AFTER,    "after",      "PLACE",   "where to go on: what the list before ended with") \
    X(CTL_OPT_CSV,      "csv",        NULL,      "print all of them as comma-separated values")   \
    X(CTL_OPT_BY,       "by",         "WORDS",   "type, brand, model, revision, locale, version, site, state; with commas") \
    X(CTL_OPT_STATE,    "state",      "STATE",   "rules with a version pending, approved, or none") \
    X(CTL_OPT_TYPE,     "type",       "TYPE",    "device type, for example UCPhone")              \
    X(CTL_OPT_BRAND,    "brand",      "BRAND",   "brand, for example POLYCOM")                    \
    X(CTL_OPT_MODEL,    "model",      "MODEL",   "model, for example CX600")                      \
    X(CTL_OPT_REVISION, "revision",   "REV",     "hardware revision, for example A")              \
    X(CTL_OPT_LOCALE,   "locale",     "LOCALE",  "locale, for example ENU")                       \
    X(CTL_OPT_VERSION,  "version",    "VERSION", "installed version, for example 4.0.7577.4066")  \
    X(CTL_OPT_HELD,     "version",    "VERSION", "the version that is held; any if not given")     \
    X(CTL_OPT_SUBNET,   "subnet",     "CIDR",    "phones whose last address is in this subnet")   \
    X(CTL_OPT_NEW,      "first-seen-since", "TIME", "phones that are known since that time or later") \
    X(CTL_OPT_NAMELESS, "nameless",   NULL,      "phones that are known by their address alone")  \
    X(CTL_OPT_ALSO_HELD, "held",      NULL,      "phones that are held, too")                     \
    X(CTL_OPT_MAC,      "mac",        "MAC",     "MAC address")                                   \
    X(CTL_OPT_SERIAL,   "serial",     "SERIAL",  "serial number")                                 \
    X(CTL_OPT_USER,     "user",       "NAME",    "account: that signed in last at the phone, or that made a change") \
    X(CTL_OPT_FILE,     "file",       "NAME",    "installed file; CPE.nbt if not given")          \
    X(CTL_OPT_REQUEST,  "request",    "FILE",    "send a captured request as it was, and print the answer") \
    X(CTL_OPT_DOWNLOAD, "download",   "DIR",     "fetch what is offered into DIR and verify it")  \
    X(CTL_OPT_OUTSIDE,  "outside",    NULL,      "fetch from the base URL for phones outside")    \
    X(CTL_OPT_BASE,     "base",       "URL",     "fetch from this server, whatever the base URL says") \
    X(CTL_OPT_TIMEOUT,  "timeout",    "SECONDS", "longest wait for an answer; 30 if not given")   \
    X(CTL_OPT_NETRC,    "netrc-file", "FILE",    "user names and passwords, as curl's .netrc has them") \
    X(CTL_OPT_CA,       "ca-file",    "FILE",    "certificates to trust instead of the system's (PEM)") \
    X(CTL_OPT_DOMAIN,   "domain",     "DOMAIN",  "the phones' domain, if it is not that of the URL's name") \
    X(CTL_OPT_RESOLVER, "resolver",   "ADDRESS", "the name server to ask, ADDRESS or ADDRESS:PORT, instead of the system's") \
    X(CTL_OPT_NTP,      "ntp",        "HOST",    "the time server to compare clocks with, HOST or HOST:PORT") \
    X(CTL_OPT_EXTERNAL, "external",   "URL",     "the server as phones outside see it, if it is another one") \
    X(CTL_OPT_QUOTA,    "quota",      "BYTES",   "what DevUpdateUploadQuota says; 1073741824 if not given") \
    X(CTL_OPT_QUICK,    "quick",      NULL,      "compare the size of stored files only, not their content")
/* clang-format on */

typedef enum {
#define CTL_OPTION_ENUM(id, name, value, text) id,
    CTL_OPTION_LIST(CTL_OPTION_ENUM)
#undef CTL_OPTION_ENUM
        CTL_OPTIONS
} ctl_option_e;

#define CTL_BIT(id) (UINT64_C(1) << (id)) /* for sets of options */

/* What a phone says it is and runs. */
#define CTL_PHONE_IS                                                                                                 \
    (CTL_BIT(CTL_OPT_TYPE) | CTL_BIT(CTL_OPT_BRAND) | CTL_BIT(CTL_OPT_MODEL) | CTL_BIT(CTL_OPT_REVISION) |           \
     CTL_BIT(CTL_OPT_LOCALE) | CTL_BIT(CTL_OPT_VERSION))

#define CTL_NEEDS_STORE 1       /* the store is opened before the command runs */
#define CTL_MANY        1000000 /* no limit to the number of operands */

typedef struct ctl_t ctl_t;

typedef struct ctl_command_t {
    const char *name;                  /* one word or two */
    const char *operands;              /* for help, "" if there are none */
    int min, max;                      /* how many operands */
    int needs;                         /* CTL_NEEDS_... */
    apr_uint64_t options;              /* CTL_BIT()s of its own options */
    apr_uint64_t required;             /* those of them that must be given */
    apr_status_t (*check)(ctl_t *ctl); /* judges the arguments first of all; may be NULL */
    apr_status_t (*run)(ctl_t *ctl);
    const char *text; /* what it does, in one line */
} ctl_command_t;

/* One run of the program. */
struct ctl_t {
    du_ctx_t *ctx;
    apr_pool_t *pool;
    const ctl_command_t *commands; /* the table, ended by a row without a name */
    const ctl_command_t *command;
    const char *option[CTL_OPTIONS]; /* NULL = not given; "" for an option without a value */
    int argc;                        /* operands */
    const char *const *argv;
    apr_int64_t *ids;      /* the operands, if they are numbers of rows */
    const char **versions; /* behind each of them, as ID@VERSION; NULL where there is none */
    const char *spec;      /* of the store */
    const char *files;     /* file store */
    du_store_t *store;     /* if the command needs it */
    du_actor_t actor;
    int reported; /* a failure was printed already */
};

/*
 * Arguments and help (ctl_args.c, ctl_help.c)
 */

/* Finds the command and fills command, option, argc and argv. CTL_E_USAGE with a sentence for
 * everything wrong. */
apr_status_t ctl_args_read(ctl_t *ctl, int argc, const char *const *argv);

/* CTL_E_USAGE if one of these options (CTL_BIT()s) is not given, or without a value. */
apr_status_t ctl_args_required(ctl_t *ctl, apr_uint64_t required);

/* A check: all operands are numbers of rows. Fills ctl->ids. */
apr_status_t ctl_args_ids(ctl_t *ctl);

/* The same where a version may stand behind: ID@VERSION. Fills ctl->ids and ctl->versions. */
apr_status_t ctl_args_ids_versions(ctl_t *ctl);

/* For `rule list` and whoever chooses rules: judges the filters; which they are. */
apr_status_t ctl_rule_list_check(ctl_t *ctl);
du_rule_filter_t ctl_rule_filter(const ctl_t *ctl);
/* What stands behind --scope: "" for the global one, which it is if it is not given, or the name of a site. */
apr_status_t ctl_scope_read(ctl_t *ctl, const char **site);

/* The time behind an option; left as it is if that is not given. CTL_E_USAGE with a sentence if it is none. */
apr_status_t ctl_time_read(ctl_t *ctl, ctl_option_e option, apr_time_t *time);

/* What stands behind --limit: 1 to `most`, 50 if it is not given. */
apr_status_t ctl_limit_read(ctl_t *ctl, int most, int *limit);

/* The name of an option's value; NULL if it takes none. */
const char *ctl_option_value(ctl_option_e id);
const char *ctl_option_name(ctl_option_e id);
const char *ctl_option_text(ctl_option_e id);

/* `help`, `help COMMAND`, `COMMAND --help`. */
apr_status_t ctl_help(ctl_t *ctl);

/* How many words of a command's name stand at the beginning of words: 0, or all of them. */
int ctl_command_words(const ctl_command_t *command, int count, const char *const *words);

/*
 * The database (ctl_wait.c)
 */

#define CTL_PATIENCE 10 /* seconds, as with DevUpdateStoreTimeout unless that says otherwise */

/* From now on a database that does not answer for CTL_PATIENCE seconds ends the program with a sentence and status 1. */
void ctl_limit_waiting(ctl_t *ctl);

/* What is written to standard output then, before the sentence; it is kept, not copied. */
void ctl_last_words(const char *text);

/*
 * Output (ctl_output.c)
 */

/* A text that a terminal can show: control and formatting characters and what is not UTF-8 as \xHH.
 * "-" if empty. */
const char *ctl_text(apr_pool_t *pool, const char *text);

/* A time as "2026-11-22 20:15:35 UTC". */
const char *ctl_time(apr_pool_t *pool, apr_time_t time);

/* A table with columns as wide as their content. */
typedef struct ctl_table_t ctl_table_t;
ctl_table_t *ctl_table_make(apr_pool_t *pool, const char *indent, int columns, const char *const *titles);

/* Adds a row of as many texts as there are columns; they need not be fit for a terminal. */
void ctl_table_row(ctl_table_t *table, const char *const *cells);
void ctl_table_print(const ctl_table_t *table);

/* One line of a list of names and values, aligned; the value need not be fit for a terminal. */
void ctl_field_print(apr_pool_t *pool, const char *name, const char *value);

#define CTL_JSON_FLAGS (JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII)

/* Prints the document and gives it free. */
void ctl_json_print(json_t *document);

/* A document that says what a change did: {"result": "added"}. */
json_t *ctl_json_result(const char *result);

/* Prints what a change did, as a sentence or as the document, which is given free. */
void ctl_result_print(ctl_t *ctl, const char *sentence, json_t *document);

/*
 * Records as text (ctl_record.c)
 */
void ctl_files_print(apr_pool_t *pool, const du_image_t *image);

/* What is known about an image's catalogues, in words; signer is as in du_image_t, doubt as in du_arrival_t or NULL. */
const char *ctl_trust_text(apr_pool_t *pool, const char *trust, const char *signer, const char *doubt);

/* The same of a package: the least that is known about one of its images. */
const char *ctl_package_trust_text(const char *trust);

/*
 * Commands
 */
apr_status_t ctl_store_init(ctl_t *ctl);
apr_status_t ctl_store_migrate(ctl_t *ctl);
apr_status_t ctl_store_check(ctl_t *ctl);
apr_status_t ctl_store_copy(ctl_t *ctl);
apr_status_t ctl_activity_list_check(ctl_t *ctl);
apr_status_t ctl_activity_list(ctl_t *ctl);
apr_status_t ctl_activity_verify(ctl_t *ctl);
apr_status_t ctl_import(ctl_t *ctl);
apr_status_t ctl_package_list(ctl_t *ctl);
apr_status_t ctl_package_show(ctl_t *ctl);
apr_status_t ctl_role_set_check(ctl_t *ctl);
apr_status_t ctl_role_set(ctl_t *ctl);
apr_status_t ctl_role_list(ctl_t *ctl);
apr_status_t ctl_role_remove(ctl_t *ctl);
apr_status_t ctl_rule_list(ctl_t *ctl);
apr_status_t ctl_rule_show(ctl_t *ctl);
apr_status_t ctl_rule_forecast(ctl_t *ctl);
apr_status_t ctl_rule_pending_check(ctl_t *ctl);
apr_status_t ctl_rule_restore_check(ctl_t *ctl);
apr_status_t ctl_rule_remove_check(ctl_t *ctl);
apr_status_t ctl_rule_approve(ctl_t *ctl);
apr_status_t ctl_rule_reset(ctl_t *ctl);
apr_status_t ctl_rule_restore(ctl_t *ctl);
apr_status_t ctl_rule_remove(ctl_t *ctl);
apr_status_t ctl_file_list(ctl_t *ctl);
apr_status_t ctl_file_clear_check(ctl_t *ctl);
apr_status_t ctl_file_clear(ctl_t *ctl);
apr_status_t ctl_device_list_check(ctl_t *ctl);
apr_status_t ctl_device_list(ctl_t *ctl);
apr_status_t ctl_device_show(ctl_t *ctl);
apr_status_t ctl_device_counts_check(ctl_t *ctl);
apr_status_t ctl_device_counts(ctl_t *ctl);
apr_status_t ctl_device_unknown(ctl_t *ctl);
apr_status_t ctl_device_sources_check(ctl_t *ctl);
apr_status_t ctl_device_sources(ctl_t *ctl);
apr_status_t ctl_device_why_check(ctl_t *ctl);
apr_status_t ctl_device_why(ctl_t *ctl);
apr_status_t ctl_replay(ctl_t *ctl);
apr_status_t ctl_device_purge_check(ctl_t *ctl);
apr_status_t ctl_device_purge(ctl_t *ctl);
apr_status_t ctl_device_hold(ctl_t *ctl);
apr_status_t ctl_device_held(ctl_t *ctl);
apr_status_t ctl_device_release_check(ctl_t *ctl);
apr_status_t ctl_device_release(ctl_t *ctl);
apr_status_t ctl_test_device_add_check(ctl_t *ctl);
apr_status_t ctl_test_device_add(ctl_t *ctl);
apr_status_t ctl_test_device_list_check(ctl_t *ctl);
apr_status_t ctl_test_device_list(ctl_t *ctl);
apr_status_t ctl_test_device_remove_check(ctl_t *ctl);
apr_status_t ctl_test_device_remove(ctl_t *ctl);
apr_status_t ctl_site_add_check(ctl_t *ctl);
apr_status_t ctl_site_add(ctl_t *ctl);
apr_status_t ctl_site_set(ctl_t *ctl);
apr_status_t ctl_site_list(ctl_t *ctl);
apr_status_t ctl_site_remove(ctl_t *ctl);
apr_status_t ctl_setting_list(ctl_t *ctl);
apr_status_t ctl_setting_set_check(ctl_t *ctl);
apr_status_t ctl_setting_set(ctl_t *ctl);
apr_status_t ctl_setting_scope_check(ctl_t *ctl);
apr_status_t ctl_setting_new(ctl_t *ctl);
apr_status_t ctl_setting_reset(ctl_t *ctl);
apr_status_t ctl_log_check(ctl_t *ctl);
apr_status_t ctl_log_list(ctl_t *ctl);
apr_status_t ctl_log_clear(ctl_t *ctl);
apr_status_t ctl_ingest(ctl_t *ctl);
apr_status_t ctl_doctor_check(ctl_t *ctl);
apr_status_t ctl_doctor(ctl_t *ctl);
apr_status_t ctl_phone_check(ctl_t *ctl);
apr_status_t ctl_phone(ctl_t *ctl);

#endif
