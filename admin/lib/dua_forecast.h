/*
 * What approving a version would do and what it did, as JSON: the same for devupdatectl and for the pages.
 */
#ifndef DUA_FORECAST_H
#define DUA_FORECAST_H

#include <jansson.h>

#include "du_forecast.h"

json_t *dua_json_forecast(apr_pool_t *pool, const du_forecast_t *forecast);
json_t *dua_json_outcome(apr_pool_t *pool, const du_outcome_t *outcome);

#endif
