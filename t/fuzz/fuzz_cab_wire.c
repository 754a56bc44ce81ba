/* What a reader of cabinets says that is in other hands: taken in one piece and byte by byte, which must come to the same, and held
 * against the order and the limits of records. Accepted is a stream that ends with END. */
#include "fuzz.h"

#include <string.h>

#include "du_cab_wire.h"

#define TOTAL 1000000 /* bytes of the cabinet that is read */

typedef struct heard_t {
    int records;
    apr_size_t bytes;
    int in_member, ended;
    apr_off_t position;
} heard_t;

static int has_nul(const du_cab_record_t *record)
{
    return memchr(record->bytes, '\0', record->len) != NULL;
}

static void check_fault(const du_cab_record_t *record)
{
    FUZZ_HOLDS(record->count >= 0 && record->count < DU_CAB_REASONS);
    FUZZ_HOLDS((record->count == DU_CAB_CANNOT_READ) == (record->status != APR_SUCCESS));
    FUZZ_HOLDS(record->status >= 0 && record->status < DU_E_FIRST);
    FUZZ_HOLDS(record->len <= DU_CAB_WIRE_MAX_TEXT && !has_nul(record));
}

static apr_status_t hear(void *baton, const du_cab_record_t *record)
{
    heard_t *heard = baton;

    FUZZ_HOLDS(!heard->ended && (record->kind == DU_CAB_FAULT || (record->kind == DU_CAB_TABLES) == (heard->records == 0)));
    FUZZ_HOLDS(record->position >= heard->position && record->position <= TOTAL);
    FUZZ_HOLDS(record->number >= 0 && record->count >= 0);
    heard->position = record->position;
    heard->records++;
    heard->bytes += record->len;
    switch (record->kind) {
    case DU_CAB_MEMBER:
        FUZZ_HOLDS(!heard->in_member && record->len <= DU_CAB_WIRE_MAX_TEXT && !has_nul(record));
        heard->in_member = 1;
        break;
    case DU_CAB_DATA:
        FUZZ_HOLDS(heard->in_member && record->len > 0 && record->len <= DU_CAB_WIRE_MAX_DATA);
        break;
    case DU_CAB_MEMBER_END:
        FUZZ_HOLDS(heard->in_member);
        heard->in_member = 0;
        break;
    case DU_CAB_END:
        FUZZ_HOLDS(!heard->in_member);
        heard->ended = 1;
        break;
    case DU_CAB_FAULT:
        check_fault(record);
        heard->ended = 1;
        break;
    case DU_CAB_TABLES:
    case DU_CAB_KINDS:
        FUZZ_HOLDS(record->kind == DU_CAB_TABLES && record->len == 0);
    }
    return APR_SUCCESS;
}

/* Takes the bytes in pieces of at most that size. */
static apr_status_t take(apr_pool_t *pool, const char *data, size_t size, size_t piece, heard_t *heard, int *complete)
{
    du_cab_wire_t *wire = du_cab_wire_make(pool, TOTAL);
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && size > 0) {
        apr_size_t room;
        char *to = du_cab_wire_room(wire, &room);

        FUZZ_HOLDS(room > 0);
        room = room < piece ? room : piece;
        room = room < size ? room : size;
        memcpy(to, data, room);
        rv = du_cab_wire_take(wire, room, hear, heard);
        data += room;
        size -= room;
    }
    FUZZ_HOLDS(rv == APR_SUCCESS || rv == DU_E_MALFORMED);
    *complete = rv == APR_SUCCESS && du_cab_wire_is_complete(wire);
    return rv;
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    heard_t whole = {0}, single = {0};
    int complete, also;
    apr_status_t rv = take(ctx->pool, data, size, size, &whole, &complete);

    FUZZ_HOLDS(take(ctx->pool, data, size, 1, &single, &also) == rv && also == complete);
    FUZZ_HOLDS(whole.records == single.records && whole.bytes == single.bytes);
    return complete;
}
