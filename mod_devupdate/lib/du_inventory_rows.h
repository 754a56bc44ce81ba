/*
 * What the parts of the inventory share: du_inventory.c finds phones, du_inventory_phone.c has one of them,
 * du_inventory_count.c counts.
 */
#ifndef DU_INVENTORY_ROWS_H
#define DU_INVENTORY_ROWS_H

#include "du_inventory.h"
#include "du_store_rows.h"

#define DU_INVENTORY_KIND_ARGS    16 /* parameters of part `kinds` in queries.sql */
#define DU_INVENTORY_VERSION_ARGS 12 /* the first of them, which are those of part `versions` */

/* Parameters of the part `kinds`: eight pairs. Whether a phone is gone is no matter of its kind. */
void du_inventory_kind_args(apr_pool_t *pool, const du_inventory_filter_t *filter, const char **args);

/* 1 if the filter wants some kinds only. */
int du_inventory_has_kinds(const du_inventory_filter_t *filter);

/* 1 if it wants no site, nor a state that is a kind's: then `versions` says all of it. */
int du_inventory_has_versions(const du_inventory_filter_t *filter);

/* Adds to `phones` what a statement of phones finds; their states at the view. */
apr_status_t du_inventory_select(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                 du_sql_e statement, const char *const *args, apr_array_header_t *phones);

#endif
