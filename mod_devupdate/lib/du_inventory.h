/*
 * The inventory: which phones there are, what they run and what state they are in, read from the store. What phones did
 * becomes rows by reading their records (house.md D2); here rows are only looked at.
 *
 * Every question is answered from an index, with half a million phones in the store as with ten. A phone's row names a
 * row of device_count, which stands for all phones of the same kind, version, site and state: what is asked by these is
 * answered by a few rows there. Compared without regard to case are types, brands, models and names of sites and users.
 */
#ifndef DU_INVENTORY_H
#define DU_INVENTORY_H

#include "du_phone.h"
#include "du_store.h"

#define DU_INVENTORY_PAGE_MAX 10000 /* phones or rows of one answer */
#define DU_INVENTORY_TEXT_MAX 128   /* bytes of a text that is searched for; a longer one matches nothing */
#define DU_INVENTORY_SAME_MAX 100   /* phones of one name */
#define DU_INVENTORY_FEW      2000 /* up to so many, matches are gathered and put in order; more are walked to in order */

/* What the clock and the settings say about phones. */
typedef struct du_inventory_view_t {
    apr_time_t gone_before; /* last seen before that: gone; 0 = none is */
} du_inventory_view_t;

/* The view at ctx's clock with the settings of the store. */
apr_status_t du_inventory_view(du_ctx_t *ctx, du_store_t *store, du_inventory_view_t *view);

/* Which phones are wanted. NULL and 0 = all. */
typedef struct du_inventory_filter_t {
    const char *type, *brand, *model, *revision, *locale;
    const char *version;    /* byte by byte */
    const char *site;       /* a name; "" = at no site */
    const char *state;      /* a word of DU_PHONE_STATE_LIST; another one matches nothing */
    apr_time_t seen_before; /* not seen at this time or later */
    const char
        *text; /* MAC address in any spelling, its beginning or its end; or the beginning of serial number, address,
                             * or user */
} du_inventory_filter_t;

/* X(id, "word"): how phones are sorted. */
#define DU_INVENTORY_SORT_LIST(X)                                                                                    \
    X(DU_SORT_SEEN, "seen")   /* last seen first */                                                                  \
    X(DU_SORT_MAC, "mac")     /* MAC address; those without one first */                                             \
    X(DU_SORT_MODEL, "model") /* type, brand, model, revision, locale, version */

typedef enum {
#define DU_SORT_ENUM(id, word) id,
    DU_INVENTORY_SORT_LIST(DU_SORT_ENUM)
#undef DU_SORT_ENUM
        DU_SORTS
} du_sort_e;

/* "seen"; 1 and the one of that word, or 0. */
const char *du_sort_word(du_sort_e sort);
int du_sort_parse(const char *word, du_sort_e *sort);

/* Some phones of many. */
typedef struct du_inventory_page_t {
    apr_array_header_t *phones; /* of du_phone_t; their states are those at the view */
    const char *next;           /* where the next page begins; NULL if this is the last one */
} du_inventory_page_t;

/* At most `limit` phones (1 to DU_INVENTORY_PAGE_MAX), in order. `after` is the `next` of the page before, NULL for the first:
 * phones that come and go meanwhile neither repeat others nor hide them. DU_E_MALFORMED with a sentence if it is none. */
apr_status_t du_inventory_page(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                               const du_inventory_filter_t *filter, du_sort_e sort, const char *after, int limit,
                               apr_pool_t *pool, du_inventory_page_t *page);

/* How many match; *is_counted = 0 and *count = 0 if that would mean to look at all of them, which is so with a text that more
 * than DU_INVENTORY_FEW phones match. */
apr_status_t du_inventory_count(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                const du_inventory_filter_t *filter, apr_int64_t *count, int *is_counted);

/* One phone; DU_E_NOT_FOUND with a sentence. */
apr_status_t du_inventory_phone(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view, apr_int64_t id,
                                apr_pool_t *pool, du_phone_t **phone);

/* Those with that MAC address (any spelling), or else that serial number, or else known by that address alone: array of
 * du_phone_t, last seen first, at most
 * DU_INVENTORY_SAME_MAX; empty if there is none. */
apr_status_t du_inventory_find(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view, const char *name,
                               apr_pool_t *pool, apr_array_header_t **phones);

/*
 * What one phone did
 */

/* X(id, "word") of `kind` in the store */
#define DU_PHONE_EVENT_LIST(X)                                                                                       \
    X(DU_EVENT_CHECK, "check")       /* asked for an update */                                                       \
    X(DU_EVENT_DOWNLOAD, "download") /* fetched a file */                                                            \
    X(DU_EVENT_UPLOAD, "upload")     /* sent a log */                                                                \
    X(DU_EVENT_HOLD, "hold")         /* somebody held it, or released it */

typedef enum {
#define DU_EVENT_ENUM(id, word) id,
    DU_PHONE_EVENT_LIST(DU_EVENT_ENUM)
#undef DU_EVENT_ENUM
        DU_EVENTS
} du_event_e;

/* No text is NULL; "" where a kind has no such thing. */
typedef struct du_phone_event_t {
    apr_int64_t number; /* counts up in a phone, beginning with 1 */
    apr_time_t time;
    const char *kind; /* word of DU_PHONE_EVENT_LIST */
    const char *node;
    const char *address;
    const char *version; /* check: what it ran; download: of the file */
    const char *offered; /* check: what it was offered */
    const char
        *result; /* check: du_result_word(); download: "complete" or "partial"; upload: "stored" or "refused" */
    const char *reason; /* check: du_reason_word(); upload: why refused */
    const char *file;   /* download: path below the file root; upload: path below the file store */
    apr_off_t bytes;    /* download: sent; upload: received */
} du_phone_event_t;

/* Newest first (array of du_phone_event_t), at most `limit`, with numbers below `before`; 0 = all. */
apr_status_t du_inventory_events(du_ctx_t *ctx, du_store_t *store, apr_int64_t device_id, apr_int64_t before,
                                 int limit, apr_pool_t *pool, apr_array_header_t **events);

/*
 * How many of what
 */

/* What phones are told apart by; bits. */
#define DU_BY_TYPE     0x01
#define DU_BY_BRAND    0x02
#define DU_BY_MODEL    0x04
#define DU_BY_REVISION 0x08
#define DU_BY_LOCALE   0x10
#define DU_BY_VERSION  0x20
#define DU_BY_SITE     0x40
#define DU_BY_STATE    0x80

typedef struct du_phone_count_t {
    du_key_t key; /* this and the others: "" where they are not told apart by it */
    const char *version;
    const char *site;  /* name; "" also for no site */
    const char *state; /* word */
    apr_int64_t phones;
} du_phone_count_t;

/* Array of du_phone_count_t, the most first, at most `limit`. filter->text and seen_before are not looked at. */
apr_status_t du_inventory_counts(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                 const du_inventory_filter_t *filter, unsigned by, int limit, apr_pool_t *pool,
                                 apr_array_header_t **counts);

/* How many phones a key has: in all, and on this version. Gone ones count. */
apr_status_t du_inventory_on_version(du_ctx_t *ctx, du_store_t *store, const du_key_t *key, const char *version,
                                     apr_int64_t *known, apr_int64_t *on_version);

/* Likewise of every rule of which there are phones, in one reading: array of du_rule_phones_t, by rule. */
typedef struct du_rule_phones_t {
    apr_int64_t rule_id;
    apr_int64_t known;
    apr_int64_t on[DU_SLOTS]; /* on the rule's pending, approved, restore version */
} du_rule_phones_t;
apr_status_t du_inventory_rules(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **rules);

/* 1 if records were ever read, so that no phones means that there are none. */
apr_status_t du_inventory_is_filled(du_ctx_t *ctx, du_store_t *store, int *is_filled);

/* A kind of phones that asked and has no rule now. */
typedef struct du_stranger_t {
    du_key_t key;
    apr_int64_t checks; /* while it had none */
    apr_int64_t phones; /* in the inventory; 0 if they are gone from it, or never had room */
    apr_time_t first_seen, last_seen;
} du_stranger_t;

/* Array of du_stranger_t, last seen first, at most `limit`. */
apr_status_t du_inventory_strangers(du_ctx_t *ctx, du_store_t *store, int limit, apr_pool_t *pool,
                                    apr_array_header_t **strangers);

/* An address, and how many phones asked from there last. */
typedef struct du_source_t {
    const char *address;
    apr_int64_t phones;
} du_source_t;

/* Array of du_source_t, the most phones first, at most `limit`. It looks at the addresses of all phones: for a person who asks
 * where a flood comes from, not for a page. */
apr_status_t du_inventory_sources(du_ctx_t *ctx, du_store_t *store, int limit, apr_pool_t *pool,
                                  apr_array_header_t **sources);

/* What all nodes did in an hour. */
typedef struct du_traffic_t {
    apr_time_t hour; /* when it began */
    apr_int64_t checks, offers, refused, downloads, bytes, uploads;
} du_traffic_t;

/* Array of du_traffic_t from `since` to before `until`, by time; hours without anything are not there. */
apr_status_t du_inventory_traffic(du_ctx_t *ctx, du_store_t *store, apr_time_t since, apr_time_t until,
                                  apr_pool_t *pool, apr_array_header_t **hours);

/* How far a rule's approved version had come. */
typedef struct du_rollout_t {
    apr_time_t hour;
    const char *version;
    apr_int64_t current, phones; /* on that version, of the rule */
} du_rollout_t;

/* Array of du_rollout_t from `since`, by time. */
apr_status_t du_inventory_rollout(du_ctx_t *ctx, du_store_t *store, apr_int64_t rule_id, apr_time_t since,
                                  apr_pool_t *pool, apr_array_header_t **points);

#endif
