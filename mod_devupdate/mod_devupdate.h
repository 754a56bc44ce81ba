/*
 * Private to the glue between httpd and libdevupdate.
 */
#ifndef MOD_DEVUPDATE_H
#define MOD_DEVUPDATE_H

#include <httpd.h>
#include <http_config.h>
#include <mod_watchdog.h>

#include "du_capture.h"
#include "du_ctx.h"
#include "du_journal.h"
#include "du_reply.h"
#include "du_ruleset.h"
#include "du_stats.h"
#include "du_store.h"
#include "du_throttle.h"
#include "du_upload_identity.h"
#include "du_upload_spool.h"
#include "mod_devupdate_directives.h"

extern module AP_MODULE_DECLARE_DATA devupdate_module;
APLOG_USE_MODULE(devupdate);

/*
 * Configuration (mod_devupdate_config.c)
 */

#define DU_TYPE_FLAG   int
#define DU_TYPE_NUMBER apr_int64_t
#define DU_TYPE_TEXT   const char *
#define DU_TYPE_PATH   const char *
#define DU_TYPE_NAME   const char *
#define DU_TYPE_URL    const char *
#define DU_TYPE_WORDS  apr_array_header_t *

typedef struct du_node_t du_node_t;
typedef struct du_keeper_t du_keeper_t;
typedef struct du_store_state_t du_store_state_t;
typedef struct du_seen_t du_seen_t;

/* What the directives of one server say; read-only after post_config. */
typedef struct du_conf_t {
#define DU_CONF_MEMBER(kind, member, name, context, preset, least, most, help) DU_TYPE_##kind member;
    DU_DIRECTIVES(DU_CONF_MEMBER)
#undef DU_CONF_MEMBER
    du_node_t *runtime; /* of this process, the same for every server; NULL if no server has DevUpdateEngine On */
} du_conf_t;

du_conf_t *du_conf(const server_rec *s);

/* du_conf_engine(s), du_conf_store(s), ...: what is set, else the default. */
#define DU_CONF_ACCESSOR(kind, member, name, context, preset, least, most, help)                                     \
    DU_TYPE_##kind du_conf_##member(const server_rec *s);
DU_DIRECTIVES(DU_CONF_ACCESSOR)
#undef DU_CONF_ACCESSOR

/* What the directives of one location say. */
typedef struct du_location_t {
#define DU_LOCATION_MEMBER(kind, member, name, context, preset, least, most, help) DU_TYPE_##kind member;
    DU_LOCATION_DIRECTIVES(DU_LOCATION_MEMBER)
#undef DU_LOCATION_MEMBER
} du_location_t;

/* du_location_admin(r): what is set, else the default. */
#define DU_LOCATION_ACCESSOR(kind, member, name, context, preset, least, most, help)                                 \
    DU_TYPE_##kind du_location_##member(const request_rec *r);
DU_LOCATION_DIRECTIVES(DU_LOCATION_ACCESSOR)
#undef DU_LOCATION_ACCESSOR

extern const command_rec du_commands[];
void *du_conf_create(apr_pool_t *pool, server_rec *s);
void *du_conf_merge(apr_pool_t *pool, void *base, void *add);
void *du_location_create(apr_pool_t *pool, char *path);
void *du_location_merge(apr_pool_t *pool, void *base, void *add);

/* 1 if any server has DevUpdateEngine On. */
int du_conf_is_in_use(const server_rec *s);

/* Hook check_config: everything that a single directive cannot know. Also what `apachectl -t` runs. */
int du_conf_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s);

/* Tells the CGI program of a request, in its environment, what it needs to know of this node (mod_devupdate_admin.c). */
void du_admin_export(request_rec *r);

/* Dialects of phones (mod_devupdate_dialect.c). */

/* Adds what the words of one directive say to *list, which is NULL before the first; answers what is wrong with them. */
typedef const char *du_take_fn(cmd_parms *cmd, int n, char *const word[], apr_array_header_t **list);
du_take_fn du_take_request_names, du_take_reply_templates, du_take_captures;

/* The reply templates with the URLs around them, in pool; each has been tried. */
apr_status_t du_conf_dialects(du_ctx_t *ctx, const server_rec *s, apr_pool_t *pool, du_dialects_t *dialects);

/* The accepted names of the fields of a check and of an upload; NULL for the shipped ones. */
const du_request_names_t *du_conf_names(const server_rec *s, apr_pool_t *pool);
const du_upload_names_t *du_conf_upload_names(const server_rec *s, apr_pool_t *pool);

/* What requests are captured to; NULL if they are not. */
du_capture_t *du_conf_capture(const server_rec *s, apr_pool_t *pool);
apr_status_t du_conf_check_capture(du_ctx_t *ctx, const server_rec *s);

/*
 * The node: what a process needs at run time (mod_devupdate_watch.c)
 */

/* Below the file store: what a node keeps for itself, in files with its name. */
#define DU_NODE_DIR "DeviceUpdateRules"

struct du_node_t {
    server_rec *server;       /* the main one */
    const char *name;         /* DevUpdateNode */
    const char *ruleset_path; /* the kept rule set */
    du_dialects_t dialects;
    const du_request_names_t *names;       /* NULL for the shipped ones */
    const du_upload_names_t *upload_names; /* likewise */
    du_capture_t *capture;                 /* NULL if requests are not captured */
    du_throttle_t *throttle;               /* shared by all children */
    du_stats_t *stats;                     /* likewise */
    du_upload_usage_t *usage;              /* likewise */
    du_keeper_t *keeper;                   /* the process that looks at the store */
    int has_no_site; /* there is no site of the name that DevUpdateSite says; the keeper has said so */

    /* of a child */
    du_current_t *current;
    du_upload_spool_t *spool;
    du_journal_t *journal; /* NULL if it could not be opened; said once, at start */
};

/* Counts a record that was written or not; why not is in the log once a minute and series. */
void du_node_recorded(du_ctx_t *ctx, du_node_t *node, du_series_e series, int is_written, apr_time_t now);

int du_node_pre_start(apr_pool_t *pconf, server_rec *s);
void du_node_start_child(apr_pool_t *pchild, server_rec *s);

/* Starts the process that looks at the store (mod_devupdate_keeper.c), and lets it look once before any child starts. The
 * main process waits for that no longer than DevUpdateStoreTimeout; a store that does not answer is no failure. */
apr_status_t du_keeper_start(du_ctx_t *ctx, du_node_t *node, apr_pool_t *pconf);

/* From a child: asks for a new rule set, because the kept one is damaged. 0 if none will come soon: the store is away. */
int du_keeper_ask(const du_keeper_t *keeper);

/* The clean-up of logs (mod_devupdate_clean.c), which is the keeper's: made once, and asked with each of its looks whether it is
 * time for one. That runs in a process of its own, because there may be very many logs; what it removed is put on record
 * with one of the next looks. `store` is NULL while it is away. */
typedef struct du_cleaner_t du_cleaner_t;
du_cleaner_t *du_cleaner_make(du_node_t *node, apr_pool_t *pool);
void du_cleaner_look(du_ctx_t *ctx, du_cleaner_t *cleaner, du_store_t *store);

/* The process that reads what phones did (mod_devupdate_reader.c), which is the keeper's: made once, and started when it is
 * needed, that is when there is none, while the keeper has no connection to the store. *is_waiting is shared by all processes. */
typedef struct du_reader_t du_reader_t;
du_reader_t *du_reader_make(du_node_t *node, volatile apr_uint32_t *is_waiting, apr_pool_t *pool);
int du_reader_is_needed(du_reader_t *reader, apr_time_t now);
void du_reader_start(du_ctx_t *ctx, du_reader_t *reader);

/*
 * Requests: what a URL means (mod_devupdate_target.c), and who serves it
 */

typedef enum { DU_TARGET_CHECK, DU_TARGET_IMAGE } du_target_e;

typedef struct du_target_t {
    du_target_e kind;
    int is_external;  /* needs an authenticated user (house rule: the module refuses by itself) */
    int is_post;      /* as it came: httpd turns a request into a GET when it sends an ErrorDocument */
    int is_handled;   /* it came as far as our handler */
    du_seen_t *seen;  /* what has been read of its body, if it is captured */
    const char *rest; /* of the URL path, behind a file root */
} du_target_t;

/* 1 if the URL as it was sent is one of ours with tricks in its path. */
int du_target_has_tricks(const request_rec *r);

/* Makes the request ours if its URL is; NULL if not. */
du_target_t *du_target_claim(request_rec *r);

/* What this request is for, or NULL if it is not ours. */
du_target_t *du_target(const request_rec *r);

/* 401 with the challenge of the configured authentication, 403 where none is. */
int du_refuse_anonymous(request_rec *r);

/* Of a request that httpd has refused: 1 if a user would have helped, 0 if it was the address, or the user is not admitted. */
int du_is_anonymous(request_rec *r, const du_target_t *target);

/* Answers an update check (mod_devupdate_check.c). */
int du_check_handler(request_rec *r, const du_target_t *target);

/* 1 if a POST to the URL of checks brings a log (mod_devupdate_upload.c). */
int du_upload_is(request_rec *r);

/* Stores a log, or says why not. */
int du_upload_handler(request_rec *r, const du_target_t *target);

/* At the end of a request: puts an upload on record that httpd refused before it came to us. */
void du_upload_record_refusal(request_rec *r, const du_target_t *target);

/* At the end of a request: puts a check on record that httpd refused before it came to us. */
void du_check_record_refusal(request_rec *r, const du_target_t *target);

/* Makes the request one for the static handler, or answers why not (mod_devupdate_image.c). */
int du_image_fixup(request_rec *r, const du_target_t *target);

/* Records a download in the journal, when it has ended one way or the other. */
void du_image_record(request_rec *r, const du_target_t *target);

/* Keeps requests to the check URLs as they came, whoever answers them how (mod_devupdate_capture.c). */
void du_capture_register(void);

/* Rows in httpd's server-status and the handler devupdate-metrics (mod_devupdate_status.c). */
void du_status_register(void);

/*
 * Bodies (mod_devupdate_body.c)
 */

/* Bytes as they come in; begins as {NULL, 0, 0}. */
typedef struct du_bytes_t {
    char *data;
    apr_size_t len, size; /* used, and there */
} du_bytes_t;

void du_bytes_append(apr_pool_t *pool, du_bytes_t *bytes, const char *data, apr_size_t len);

/* Takes a piece of a body. HTTP_OK, or what to answer instead of going on. */
typedef int du_body_fn(void *baton, const char *bytes, apr_size_t len);

/* Hands the whole body on, piece by piece. HTTP_OK, what `take` answered, or what is wrong with the body. */
int du_body_read(request_rec *r, du_body_fn *take, void *baton);

/* The length that is announced for it; -1 if none is. */
apr_off_t du_body_length(request_rec *r);

/*
 * Messages of the library to httpd's log (mod_devupdate_log.c)
 */

du_ctx_t *du_ctx_for_request(request_rec *r);
du_ctx_t *du_ctx_for_server(server_rec *s, apr_pool_t *pool);

#endif
