/*
 * What the parts of the fleet share: du_fleet.c knows whose a record is and what it changes, du_fleet_load.c reads rows,
 * du_fleet_save.c writes them, du_fleet_hold.c holds phones and lets them go, du_fleet_rules.c has settings, sites and users.
 */
#ifndef DU_FLEET_ROWS_H
#define DU_FLEET_ROWS_H

#include <apr_hash.h>

#include "du_fleet.h"
#include "du_inventory.h"
#include "du_store_rows.h"
#include "du_subnet.h"

#define DU_STRANGERS_MAX 10000 /* kinds without a rule that are listed */

typedef enum { DU_USERS_KEEP, DU_USERS_HASH, DU_USERS_DROP } du_users_e;

struct du_fleet_rules_t {
    int history;       /* events of a phone that are kept */
    apr_int64_t limit; /* phones */
    int patience;      /* stuck-after */
    int hold_after;    /* takes after which a version is held; 0 = never */
    du_users_e users;
    const char *user_key;         /* for DU_USERS_HASH */
    apr_interval_time_t user_age; /* 0 = for ever */
    apr_array_header_t *subnets;  /* of subnet_t, the longest prefix first */
    apr_array_header_t *tests;    /* of du_test_device_t */
};

/* The site_key of an address; "" if it is at none. */
const char *du_fleet_site(const du_fleet_rules_t *rules, const char *address);

/* What is kept of an account, in pool. */
const char *du_fleet_user(const du_fleet_rules_t *rules, apr_pool_t *pool, const char *user);

/* A row of device_count. */
typedef struct du_kind_t {
    apr_int64_t id;
    const char *device_key;
    du_key_t key;
    const char *version, *site_key, *state;
    apr_int64_t phones; /* how many more since it was read */
    int is_new;
} du_kind_t;

/* What of a phone is to be written. */
#define DU_CHANGED_PHONE 1 /* its row */
#define DU_CHANGED_NAMES 2 /* its row and that of its names */

typedef struct du_fleet_phone_t du_fleet_phone_t;
struct du_fleet_phone_t {
    du_phone_t is;   /* `site` is the site_key */
    int taken_offer; /* is.offers when it last fetched the largest file; 0 = not since that version is offered */
    const char *device_key; /* of is.key */
    du_kind_t *kind;        /* as it was read; NULL for a new phone */
    unsigned changed;
    int is_full;                /* its oldest events are to go */
    int is_gone;                /* not to be written: merged into another, or explained */
    du_fleet_phone_t *heir;     /* that it was merged into */
    apr_array_header_t *events; /* du_phone_event_t to be added */
    apr_hash_t *fetched;        /* file -> apr_off_t *, of is.taken; NULL until it is asked for */
};

/* The files of a version, as the store has them. */
typedef struct du_fleet_image_t {
    apr_hash_t *sizes; /* name in lower case -> apr_off_t * */
    apr_off_t total;   /* 0 = the store does not know it */
    apr_off_t largest; /* of the files; likewise */
} du_fleet_image_t;

typedef struct du_fleet_t {
    du_ctx_t *ctx;
    du_store_t *store;
    const du_fleet_rules_t *rules;
    apr_pool_t *pool;
    apr_time_t now;
    apr_array_header_t *phones;      /* du_fleet_phone_t *, all */
    apr_hash_t *by_id, *by_mac;      /* the id is &phone->is.id */
    apr_hash_t *by_serial;           /* seen with it last */
    apr_hash_t *by_serial_only;      /* without a MAC address */
    apr_hash_t *by_address;          /* without a name */
    apr_hash_t *by_offer;            /* address, key and version */
    apr_hash_t *kinds, *kinds_by_id; /* du_kind_t by key, version, site and state */
    apr_hash_t *images;              /* du_fleet_image_t by key and version */
    apr_hash_t *sites;               /* by address */
    apr_hash_t *traffic, *strangers;
    apr_hash_t *loops;     /* du_fleet_loop_t by key and version: what is held since this batch */
    int loops_ended;       /* phones that are held no more since this batch */
    apr_hash_t *downloads; /* what was fetched in this batch; a name as in by_offer */
    apr_hash_t *asked;     /* of these: whose taker the store was asked for */
    apr_int64_t total;     /* phones in the store and new ones; -1 = not counted yet */
    du_fleet_result_t *result;
} du_fleet_t;

/* What a node did in an hour, and how often a kind without a rule asked. */
typedef struct du_fleet_traffic_t {
    apr_time_t hour;
    const char *node;
    apr_int64_t checks, offers, refused, downloads, bytes, uploads;
} du_fleet_traffic_t;

typedef struct du_fleet_stranger_t {
    const char *device_key;
    du_key_t key;
    apr_int64_t checks;
    apr_time_t first_seen, last_seen;
} du_fleet_stranger_t;

/* Phones of a kind that are held because they took a version again and again. */
typedef struct du_fleet_loop_t {
    const du_fleet_phone_t *phone; /* the first of them */
    const char *version, *node;
    int phones;
} du_fleet_loop_t;

/* An empty fleet. */
du_fleet_t *du_fleet_make(du_ctx_t *ctx, du_store_t *store, const du_fleet_rules_t *rules, apr_pool_t *scratch,
                          du_fleet_result_t *result);

/* One more thing that a phone did; its texts are "". */
du_phone_event_t *du_fleet_event(du_fleet_t *fleet, du_fleet_phone_t *phone, du_event_e kind, apr_time_t time);

/* Holds the version that the phone was offered last if it took it so often that this is a loop (du_fleet.h). */
void du_fleet_break_loop(du_fleet_t *fleet, du_fleet_phone_t *phone, const du_sighting_t *sighting);

/* A phone reports the version that it was not to be offered any more. */
void du_fleet_end_loop(du_fleet_t *fleet, du_fleet_phone_t *phone, apr_time_t time);

/* What was held: for nodes and for the record. */
apr_status_t du_fleet_save_loops(du_fleet_t *fleet);

/* Makes a phone known under its names. */
void du_fleet_index(du_fleet_t *fleet, du_fleet_phone_t *phone);

/* The key as `rule` and `device_count` have it; in fleet->pool. */
const char *du_fleet_key(const du_fleet_t *fleet, const du_key_t *key);

/* 1 if the record is of a download that sent something, all of a file or a part. */
int du_fleet_is_download(const du_record_t *record);

/* What identifies an offer, whatever its spelling. */
const char *du_fleet_offer(const du_fleet_t *fleet, const char *address, const char *device_key, const char *version);

/* Reads all phones that the sightings name. */
apr_status_t du_fleet_load(du_fleet_t *fleet, const apr_array_header_t *sightings);

/* Reads the phones with these ids (array of const char *). */
apr_status_t du_fleet_load_ids(du_fleet_t *fleet, const apr_array_header_t *ids);

/* Looks for the phone in the store that a download is of: that took, was offered or runs that version at that address.
 * by_offer has it then, under the name `offer`. A second time nobody is asked. */
apr_status_t du_fleet_load_taker(du_fleet_t *fleet, const du_record_t *record, const char *offer);

/* How many phones there are. */
apr_status_t du_fleet_count(du_fleet_t *fleet);

/* The files of a version. */
apr_status_t du_fleet_load_image(du_fleet_t *fleet, const char *device_key, const char *version,
                                 du_fleet_image_t **image);

/* What the phone fetched of is.taken, by its events. */
apr_status_t du_fleet_load_fetched(du_fleet_t *fleet, du_fleet_phone_t *phone);

/* Counts every phone with the kind it is of now. */
apr_status_t du_fleet_move_phones(du_fleet_t *fleet);

/* Writes how many phones more there are of each kind; gives new kinds their ids. */
apr_status_t du_fleet_save_kinds(du_fleet_t *fleet);

/* A number as a parameter; in fleet->pool. */
const char *du_fleet_number(const du_fleet_t *fleet, apr_int64_t value);

/* One statement that writes. */
apr_status_t du_fleet_execute(du_fleet_t *fleet, du_sql_e statement, const char *const *args);

/* Writes everything. `hour` is when the last of it was. */
apr_status_t du_fleet_save(du_fleet_t *fleet, apr_time_t hour);

#endif
