/*
 * What becomes of phones when a version is approved: foretold before, and compared with what came afterwards.
 *
 * Foretold is by counts of phones, which is what du_decide() says of each of them as far as the inventory knows it: a phone is
 * offered the version unless it reports it already, or is held. A phone that reports several modules counts by the first.
 */
#ifndef DU_FORECAST_H
#define DU_FORECAST_H

#include "du_inventory.h"

#define DU_FORECAST_PLACES_MAX 1000 /* rows of `places` */

typedef struct du_forecast_t {
    const char *version;
    apr_int64_t known;          /* phones of the rule's kind */
    apr_int64_t there;          /* of these: report that version already */
    apr_int64_t held;           /* are held, and not offered it */
    apr_int64_t gone;           /* were not seen for long; if they come back, they are offered it, too */
    apr_int64_t phones;         /* are offered it: all others */
    apr_off_t image_bytes;      /* of the version's files and catalogues, each once */
    apr_int64_t bytes;          /* of all these phones, if each fetches all of it once */
    apr_array_header_t *places; /* `phones` by site and the version they run (of du_phone_count_t), the most first */
} du_forecast_t;

/* What approving that stored version of the rule would do. DU_E_NOT_FOUND if the rule has no such version. */
apr_status_t du_forecast_make(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                              const du_rule_t *rule, const char *version, apr_pool_t *pool, du_forecast_t *forecast);

/* What came of the approved version. */
typedef struct du_outcome_t {
    const char *version;
    apr_time_t since;           /* when it became the approved one */
    apr_int64_t known, there;   /* then: phones of the kind, and those of them that reported it already */
    apr_off_t image_bytes;      /* as above; 0 if it is not stored any more */
    apr_int64_t bytes_foretold; /* for the others */
    apr_int64_t known_now, there_now;
    apr_int64_t fetched; /* phones that have all of it */
    apr_int64_t bytes;   /* that were fetched of it, each file of a phone once */
    apr_int64_t stuck;
} du_outcome_t;

/* DU_E_NOT_FOUND, without a sentence, if the rule has no approved version, or has had it for longer than that is kept. */
apr_status_t du_forecast_outcome(du_ctx_t *ctx, du_store_t *store, const du_rule_t *rule, apr_pool_t *pool,
                                 du_outcome_t *outcome);

#endif
