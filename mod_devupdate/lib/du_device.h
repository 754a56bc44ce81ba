/*
 * What identifies a kind of device (the five-part key of a rule) and one device (MAC address, serial number).
 */
#ifndef DU_DEVICE_H
#define DU_DEVICE_H

#include <apr_pools.h>

/* The key of a rule: {DeviceType x Brand x Model x Revision x Locale}, protocol.md 8.1. The request's "vendor" is the
 * rule's brand. */
#define DU_KEY_PARTS(X) X(type) X(brand) X(model) X(revision) X(locale)

typedef struct du_key_t {
    const char *type;     /* UCPhone, RoundTable, 3PIP */
    const char *brand;    /* POLYCOM */
    const char *model;    /* CX600 */
    const char *revision; /* A */
    const char *locale;   /* ENU */
} du_key_t;

#define DU_KEY_PART_MAX 64 /* bytes of one part; ours, the original's limit is not known */
#define DU_VERSION_MAX  20 /* bytes of a version, protocol.md 8.1 */

/* 1 if no part is missing or empty. */
int du_key_is_complete(const du_key_t *key);

/* 1 if all five parts are the same; exact but for case, no wildcards (protocol.md 8.4). A missing part equals nothing. */
int du_key_same(const du_key_t *a, const du_key_t *b);

/* The same for keys that are du_key_same(). Every part must be there. */
apr_uint32_t du_key_hash(const du_key_t *key);

/* "UCPhone/POLYCOM/CX600/A/ENU" for messages and paths. */
char *du_key_path(apr_pool_t *pool, const du_key_t *key);

/* A MAC address as 00-04-F2-00-01-76, whichever of the three spellings it came in (joined, '-' or ':' between pairs; six
 * or more pairs of hexadecimal digits, protocol.md 8.3); NULL if it is none. */
const char *du_mac_canonical(apr_pool_t *pool, const char *text);

/* A serial number in lower case, for comparing; NULL if it is none: letters, digits, '-' and '_', at most
 * DU_KEY_PART_MAX of them (protocol.md 8.3). */
const char *du_serial_canonical(apr_pool_t *pool, const char *text);

#endif
