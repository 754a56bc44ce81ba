/*
 * The phones of a batch of records: read from the store, changed by one record after the other, and written back, all in one
 * transaction, so that a thousand records of a phone cost one row.
 *
 * Which phone a record is of (issue 6):
 *
 *   - The MAC address says it; without one the serial number. A record that has both joins them: the phone that was known by its
 *     serial number alone gets the MAC address, and if there is a phone of each, they become one, what they did and their counts
 *     included. A serial number that another MAC address has, too, belongs to whoever was seen with it last.
 *   - With neither it is of a phone that is known by its address. A refusal names nobody; once a phone with a name is
 *     served at that address, it is known whom that was, and the row without a name goes.
 *   - A download has an address and a path. It is of the phone that was last offered that version of that kind of phone at that
 *     address, or else took it or reported it there; of nobody if there is none, and then only counted.
 *
 * What a record changes: the lines of a file are in order, whatever their times say, but what came from another node later, or
 * anything at all with a file given by hand, is not undone by something older: that is only counted. last_seen never goes
 * back, and no time is later than the clock. A check that says just what the one before it said is counted and is no event.
 *
 * A loop (issue 6): a phone that has all of a version, and has come to have it or fetched its largest file anew since it was
 * offered it last, took it once when it is offered it again. When it has done so as often as the setting hold-after says, the
 * version is held: it is not offered it any more, until somebody releases the phone (du_hold.h) or it reports that version
 * after all. Test devices are not held. Nodes follow as with every change; the record of changes gets a row for each kind and
 * version, however many phones it were.
 */
#ifndef DU_FLEET_H
#define DU_FLEET_H

#include "du_record_queue.h"
#include "du_store.h"

/* What does not change from batch to batch. */
typedef struct du_fleet_rules_t du_fleet_rules_t;

/* Reads settings and sites. In pool. */
apr_status_t du_fleet_rules_read(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, du_fleet_rules_t **rules);

/* One record with where it is from. */
typedef struct du_sighting_t {
    du_record_t record;
    const du_record_source_t *source;
} du_sighting_t;

/* What came of a batch. */
typedef struct du_fleet_result_t {
    apr_int64_t new_phones;
    apr_int64_t merged;  /* phones that turned out to be another one */
    apr_int64_t over;    /* records of phones that device-limit has no room for */
    apr_int64_t strange; /* records of kinds that there is no room for among the strangers */
} du_fleet_result_t;

/* Takes the sightings (array of du_sighting_t) in, in their order. In a transaction; whoever runs it holds the counter `device`
 * (du_fleet_lock()). Memory is scratch's. */
apr_status_t du_fleet_take(du_ctx_t *ctx, du_store_t *store, const du_fleet_rules_t *rules,
                           const apr_array_header_t *sightings, apr_pool_t *scratch, du_fleet_result_t *result);

/* Whoever changes rows of phones in a transaction takes this first, before any other counter (the generation, too): one at a
 * time, all nodes and commands together. */
apr_status_t du_fleet_lock(du_ctx_t *ctx, du_store_t *store);

/* Removes the rows of counts that count nobody any more, and kinds without a rule that nobody is of any more. In a transaction, under du_fleet_lock(). */
apr_status_t du_fleet_drop_empty(du_ctx_t *ctx, du_store_t *store);

/* Forgets the users that the settings do not want to be known (any more). A transaction of its own. */
apr_status_t du_fleet_forget_users(du_ctx_t *ctx, du_store_t *store, const du_fleet_rules_t *rules);

#endif
