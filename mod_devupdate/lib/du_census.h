/*
 * Which phones are known, and what they run: read from the audit files of checks that the file store keeps, of all nodes.
 *
 * A phone is known by its MAC address, without one by its serial number, without both by its address. What it said last
 * counts; what it runs is the version of the first module it names.
 */
#ifndef DU_CENSUS_H
#define DU_CENSUS_H

#include "du_ctx.h"
#include "du_device.h"

#define DU_CENSUS_PHONES_MAX 200000 /* distinct phones; those behind are counted, but not told apart */

typedef struct du_census_t du_census_t;

/* Reads the files. APR_ENOENT without a sentence if there are no audit files, with one whatever else keeps them from being
 * read. Lives in pool. */
apr_status_t du_census_take(du_ctx_t *ctx, const char *files, apr_pool_t *pool, du_census_t **census);

/* How many phones of a rule's key are known, and how many of them run another version than this one. */
void du_census_count(const du_census_t *census, const du_key_t *key, const char *version, int *known, int *others);

/* Distinct phones; lines that are no records of a check; records of phones beyond the limit. */
int du_census_phones(const du_census_t *census);
apr_int64_t du_census_bad_lines(const du_census_t *census);
apr_int64_t du_census_dropped(const du_census_t *census);

#endif
