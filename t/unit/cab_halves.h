/*
 * Both halves of reading a cabinet in one process: what the reader says goes through the wire to the stage, without a child. For
 * tests that read thousands of cabinets, and for fuzzing.
 */
#ifndef CAB_HALVES_H
#define CAB_HALVES_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "du_cab_reader.h"
#include "du_cab_stage.h"

typedef struct cab_halves_t {
    du_cab_wire_t *wire;
    du_cab_stage_t *stage;
    apr_status_t staged;
} cab_halves_t;

static inline void cab_halves_must(int holds)
{
    if (!holds) {
        abort();
    }
}

static inline void cab_halves_put(cab_halves_t *halves, const void *bytes, apr_size_t len)
{
    apr_size_t room;
    char *to = du_cab_wire_room(halves->wire, &room);

    cab_halves_must(len <= room);
    memcpy(to, bytes, len);
    halves->staged = du_cab_wire_take(halves->wire, len, du_cab_stage_take, halves->stage);
}

/* A du_cab_record_fn. Our own reader keeps to the order and the limits of records, whatever it reads. */
static inline apr_status_t cab_halves_pass(void *baton, const du_cab_record_t *record)
{
    cab_halves_t *halves = baton;
    unsigned char head[DU_CAB_WIRE_HEAD];

    du_cab_wire_head(record, head);
    cab_halves_put(halves, head, sizeof(head));
    if (halves->staged == APR_SUCCESS && record->len > 0) {
        cab_halves_put(halves, record->bytes, record->len);
    }
    cab_halves_must(halves->staged != DU_E_MALFORMED);
    return halves->staged;
}

/* As du_cab_unpack(), without the digest of the file. */
static inline apr_status_t cab_halves_unpack(du_ctx_t *ctx, const char *path, const char *staging,
                                             const du_import_limits_t *limits, du_cab_t *cab)
{
    cab_halves_t halves = {.staged = APR_SUCCESS};
    du_cab_reader_t reader = {.fd = open(path, O_RDONLY), .say = cab_halves_pass, .baton = &halves};

    cab_halves_must(reader.fd >= 0);
    reader.total = lseek(reader.fd, 0, SEEK_END);
    cab->size = reader.total;
    cab->members = apr_array_make(ctx->pool, 16, sizeof(du_member_t));
    halves.wire = du_cab_wire_make(ctx->pool, reader.total);
    halves.stage = du_cab_stage_make(ctx, staging, limits, reader.total, cab);
    du_cab_reader_prepare(&reader);
    du_cab_reader_run(&reader);
    du_cab_reader_release(&reader);
    du_cab_stage_close(halves.stage);
    close(reader.fd);
    cab_halves_must(halves.staged != APR_SUCCESS || du_cab_wire_is_complete(halves.wire));
    return halves.staged;
}

#endif
