/*
 * The rule set: everything a request needs to know, immutable, in one block of memory (house.md D1).
 *
 * It is compiled from the store by one process of a node, kept in a file, and mapped read-only by every child. The
 * file is written under a temporary name, synced and renamed, and carries a digest of itself. It is a cache of one
 * machine: another byte order or format number makes it unusable, and it is then compiled anew.
 */
#ifndef DU_RULESET_H
#define DU_RULESET_H

#include <apr_tables.h>

#include "du_ctx.h"
#include "du_reply.h"
#include "du_rule.h"

typedef struct du_ruleset_t du_ruleset_t;
typedef struct du_rs_rule_t du_rs_rule_t;   /* a rule inside a rule set */
typedef struct du_rs_image_t du_rs_image_t; /* the image of one of its versions */

/*
 * Compiling (du_ruleset_build.c)
 */

/* Compiles a snapshot of the store to *block of *len bytes in pool. */
apr_status_t du_ruleset_compile(du_ctx_t *ctx, const du_snapshot_t *snapshot, const du_dialects_t *dialects,
                                apr_pool_t *pool, const void **block, apr_size_t *len);

/* The same for whoever decides in this process, without a file and without replies: neither dialects nor replies are to be
 * asked for. Lives as long as pool. */
apr_status_t du_ruleset_make(du_ctx_t *ctx, const du_snapshot_t *snapshot, apr_pool_t *pool,
                             const du_ruleset_t **ruleset);

/* Writes a compiled block to path: temporary name, sync, rename. */
apr_status_t du_ruleset_keep(du_ctx_t *ctx, const char *path, const void *block, apr_size_t len);

/*
 * Loading and looking up (du_ruleset.c)
 */

/* Maps and checks the file; DU_E_RULESET if it is missing, damaged or of another format. Lives as long as pool. */
apr_status_t du_ruleset_load(du_ctx_t *ctx, const char *path, apr_pool_t *pool, const du_ruleset_t **ruleset);

apr_int64_t du_ruleset_generation(const du_ruleset_t *ruleset);
apr_time_t du_ruleset_compiled(const du_ruleset_t *ruleset);
apr_uint32_t du_ruleset_count(const du_ruleset_t *ruleset); /* rules */
apr_size_t du_ruleset_size(const du_ruleset_t *ruleset);    /* bytes */

/* The key of a rule by its number, from 0 to the count; lives as long as the rule set. */
void du_ruleset_key(const du_ruleset_t *ruleset, apr_uint32_t number, du_key_t *key);

/* The rule of that key, or NULL. Any part may be missing. */
const du_rs_rule_t *du_ruleset_find(const du_ruleset_t *ruleset, const du_key_t *key);

/* The image of a rule's version, or NULL where the rule has none. */
const du_rs_image_t *du_ruleset_image(const du_ruleset_t *ruleset, const du_rs_rule_t *rule, du_slot_e slot);

/* The version of an image; lives as long as the rule set. */
const char *du_ruleset_version(const du_ruleset_t *ruleset, const du_rs_image_t *image);

/* One file of an image (index from 0): 1 and its names, or 0 behind the last. */
int du_ruleset_image_file(const du_ruleset_t *ruleset, const du_rs_image_t *image, int index, const char **name,
                          const char **signature, const char **timestamp);

/* The number of the dialect (from 0) that a phone is answered in. Type, vendor and user_agent may be NULL. */
int du_ruleset_dialect(const du_ruleset_t *ruleset, const char *type, const char *vendor, const char *user_agent);

/* The media type of replies in a dialect; lives as long as the rule set. */
const char *du_ruleset_media_type(const du_ruleset_t *ruleset, int dialect);

/* The bytes of the reply that offers this image in a dialect that its phones can be answered in, or of the one that offers
 * nothing for NULL. */
void du_ruleset_reply(const du_ruleset_t *ruleset, const du_rs_image_t *image, int dialect, const char **bytes,
                      apr_size_t *len);

/* 1 if a phone is a test device: listed by its MAC address (du_mac_canonical()) or serial number (du_serial_canonical()),
 * everywhere or at the site that its address is at. Any of the three may be NULL. */
int du_ruleset_is_test(const du_ruleset_t *ruleset, const char *mac, const char *serial, const du_address_t *address);

/* At which site an address is: its number, beginning with 1, among the sites of the snapshot that was compiled; 0 = at none. */
apr_uint32_t du_ruleset_site(const du_ruleset_t *ruleset, const du_address_t *address);

/* 1 if a phone is not offered that version any more; DU_HELD_ALL asks whether it is offered none. mac and serial as above. */
int du_ruleset_is_held(const du_ruleset_t *ruleset, const char *mac, const char *serial, const char *version);

/* The settings in force when it was compiled; they live as long as the rule set. NULL has none, which is the defaults. */
void du_ruleset_settings(const du_ruleset_t *ruleset, du_settings_t *settings);

/* A file that phones may fetch. */
typedef struct du_rs_file_t {
    const char *path; /* below the file store, spelled as on disk: DeviceUpdateStore/UCPhone/POLYCOM/... */
    apr_off_t size;
    const unsigned char *digest; /* DU_DIGEST_SIZE bytes */
} du_rs_file_t;

/* The file of a URL path below a file root ("UCPhone/polycom/..."), compared without case; DU_E_NOT_FOUND for everything
 * that no rule names. file->path is in pool. Nothing on disk is touched. */
apr_status_t du_ruleset_file(const du_ruleset_t *ruleset, const char *url_path, apr_pool_t *pool, du_rs_file_t *file);

/*
 * The rule set in force in a process (du_current.c): swapped in one step, freed when its last reader is done
 */
typedef struct du_current_t du_current_t;

/* Watches `path`. Nothing is loaded yet. */
apr_status_t du_current_make(du_ctx_t *ctx, const char *path, apr_pool_t *pool, du_current_t **current);

/* Loads the file if it changed since the last call; one stat() if it did not. APR_SUCCESS if a new one is in force,
 * DU_E_NOTHING if nothing changed, otherwise a failure and the old one stays in force. One caller at a time. */
apr_status_t du_current_refresh(du_ctx_t *ctx, du_current_t *current);

/* The rule set in force, held until du_current_release(); NULL if there is none yet. Any thread. */
const du_ruleset_t *du_current_acquire(du_current_t *current);
void du_current_release(du_current_t *current, const du_ruleset_t *ruleset);

#endif
