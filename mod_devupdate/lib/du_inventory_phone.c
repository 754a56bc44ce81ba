#include <apr_strings.h>

#include "du_inventory_rows.h"
#include "du_text.h"

/*
 * Rows
 */

typedef struct rows_t {
    apr_pool_t *pool;
    apr_time_t gone_before;
    apr_array_header_t *array;
} rows_t;

/* The columns of a row, one after the other. */
static const char *next_text(apr_pool_t *pool, const char *const **column)
{
    return apr_pstrdup(pool, *(*column)++);
}

static apr_int64_t next_number(const char *const **column)
{
    return apr_atoi64(*(*column)++);
}

static void parse_identity(apr_pool_t *pool, const char *const **column, du_phone_t *phone)
{
    phone->id = next_number(column);
    phone->count_id = next_number(column);
    phone->mac = next_text(pool, column);
    phone->serial = next_text(pool, column);
    phone->address = next_text(pool, column);
#define PART(part) phone->key.part = next_text(pool, column);
    DU_KEY_PARTS(PART)
#undef PART
    phone->version = next_text(pool, column);
    phone->version_before = next_text(pool, column);
    phone->version_time = next_number(column);
    phone->site = next_text(pool, column);
    phone->user = next_text(pool, column);
    phone->node = next_text(pool, column);
    phone->endpoint = next_text(pool, column);
}

static void parse_course(apr_pool_t *pool, const char *const **column, du_phone_t *phone)
{
    phone->first_seen = next_number(column);
    phone->last_seen = next_number(column);
    phone->checks = next_number(column);
    phone->result = next_text(pool, column);
    phone->reason = next_text(pool, column);
    phone->offered = next_text(pool, column);
    phone->offered_time = next_number(column);
    phone->offers = (int)next_number(column);
    phone->taken = next_text(pool, column);
    phone->taken_time = next_number(column);
    phone->taken_bytes = next_number(column);
    phone->taken_size = next_number(column);
    phone->held = next_text(pool, column);
    phone->events = next_number(column);
    phone->takes = (int)next_number(column);
}

/* Columns as part `phone` of queries.sql has them. A state that this program does not know is unknown. */
static apr_status_t take_phone(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_phone_t *phone = apr_array_push(rows->array);
    du_phone_state_e state = DU_PHONE_UNKNOWN;

    (void)row_pool;
    parse_identity(rows->pool, &columns, phone);
    parse_course(rows->pool, &columns, phone);
    du_phone_state_parse(*columns, &state);
    phone->state = du_phone_seen(state, phone->last_seen, rows->gone_before);
    return APR_SUCCESS;
}

apr_status_t du_inventory_select(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view,
                                 du_sql_e statement, const char *const *args, apr_array_header_t *phones)
{
    rows_t rows = {phones->pool, view->gone_before, phones};

    return du_db_select(ctx, store->db, statement, args, take_phone, &rows);
}

/*
 * One phone
 */

apr_status_t du_inventory_phone(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view, apr_int64_t id,
                                apr_pool_t *pool, du_phone_t **phone)
{
    const char *args[] = {du_text_number(ctx->pool, id), NULL};
    apr_array_header_t *phones = apr_array_make(pool, 1, sizeof(du_phone_t));
    apr_status_t rv = du_inventory_select(ctx, store, view, DU_SQL_PHONE, args, phones);

    *phone = (du_phone_t *)phones->elts;
    if (rv == APR_SUCCESS && phones->nelts == 0) {
        return du_fail(ctx, DU_E_NOT_FOUND, DUNO(0921), "there is no phone with number %" APR_INT64_T_FMT, id);
    }
    return rv;
}

/* Identifiers in the order in which they count (protocol.md 8.3); nothing is looked for by "". */
apr_status_t du_inventory_find(du_ctx_t *ctx, du_store_t *store, const du_inventory_view_t *view, const char *name,
                               apr_pool_t *pool, apr_array_header_t **phones)
{
    const struct {
        du_sql_e statement;
        const char *value;
    } ways[] = {{DU_SQL_PHONES_WITH_MAC, du_mac_canonical(ctx->pool, name)},
                {DU_SQL_PHONES_WITH_SERIAL, du_serial_canonical(ctx->pool, name)},
                {DU_SQL_PHONES_AT_ADDRESS, du_text_or_null(name)}};
    const char *limit = du_text_number(ctx->pool, DU_INVENTORY_SAME_MAX);
    apr_status_t rv = APR_SUCCESS;

    *phones = apr_array_make(pool, 1, sizeof(du_phone_t));
    for (int i = 0; i < 3 && rv == APR_SUCCESS && (*phones)->nelts == 0; i++) {
        const char *args[] = {ways[i].value, limit, NULL};

        if (ways[i].value) {
            rv = du_inventory_select(ctx, store, view, ways[i].statement, args, *phones);
        }
    }
    return rv;
}

/*
 * What it did
 */

/* number, time, kind, node, address, version, offered, result, reason, file, bytes */
static apr_status_t take_event(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;
    du_phone_event_t *event = apr_array_push(rows->array);

    (void)row_pool;
    event->number = next_number(&columns);
    event->time = next_number(&columns);
    event->kind = next_text(rows->pool, &columns);
    event->node = next_text(rows->pool, &columns);
    event->address = next_text(rows->pool, &columns);
    event->version = next_text(rows->pool, &columns);
    event->offered = next_text(rows->pool, &columns);
    event->result = next_text(rows->pool, &columns);
    event->reason = next_text(rows->pool, &columns);
    event->file = next_text(rows->pool, &columns);
    event->bytes = next_number(&columns);
    return APR_SUCCESS;
}

apr_status_t du_inventory_events(du_ctx_t *ctx, du_store_t *store, apr_int64_t device_id, apr_int64_t before,
                                 int limit, apr_pool_t *pool, apr_array_header_t **events)
{
    const char *args[] = {du_text_number(ctx->pool, device_id),
                          du_text_number(ctx->pool, before ? before : APR_INT64_MAX),
                          du_text_number(ctx->pool, limit), NULL};
    rows_t rows = {pool, 0, apr_array_make(pool, 32, sizeof(du_phone_event_t))};

    *events = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_PHONE_EVENTS, args, take_event, &rows);
}
