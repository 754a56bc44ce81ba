/*
 * The pictures of the overview: numbers and where their bars and lines are, for <svg> elements 700 wide.
 */
#ifndef INDEX_CHARTS_H
#define INDEX_CHARTS_H

#include "du_inventory.h"
#include "dua.h"

/* What devices_add_counts() found, as stacked bars: "version_chart". */
void index_add_versions(dua_t *dua);

/* The last two days hour by hour: "hour_chart". */
apr_status_t index_add_hours(dua_t *dua);

/* How far the rules have come that have the most phones still on another version than the approved one: "rollouts". */
apr_status_t index_add_rollouts(dua_t *dua);

#endif
