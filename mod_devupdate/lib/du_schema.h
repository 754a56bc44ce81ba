/*
 * The form of the database: making it and recognising it.
 */
#ifndef DU_SCHEMA_H
#define DU_SCHEMA_H

#include "du_db.h"

#define DU_SCHEMA_VERSION 3 /* what sql/schema.sql writes into the counter "schema" */

/* The value of a row of table counter; 0 if there is none. */
apr_status_t du_schema_counter(du_ctx_t *ctx, du_db_t *db, const char *name, apr_int64_t *value);

/* DU_E_SCHEMA if the database has the tables of another version, DU_E_STORE if it has none or does not answer. */
apr_status_t du_schema_check(du_ctx_t *ctx, du_db_t *db);

/* Makes all tables, in one transaction. DU_E_EXISTS if there are some of any version. */
apr_status_t du_schema_create(du_ctx_t *ctx, du_db_t *db);

/* The same within the caller's transaction, without looking. */
apr_status_t du_schema_define(du_ctx_t *ctx, du_db_t *db);

/* Runs the migrations behind version `from`. In a transaction. */
apr_status_t du_schema_upgrade(du_ctx_t *ctx, du_db_t *db, apr_int64_t from);

#endif
