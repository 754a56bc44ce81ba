#include "du_cab_wire.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#define ROOM   (4 * (DU_CAB_WIRE_HEAD + DU_CAB_WIRE_MAX_DATA))
#define NOBODY DU_CAB_KINDS /* the kind of a record before the first one */

#define MAX_ERRNO 4095 /* as in the kernel */

typedef struct head_t {
    apr_uint32_t kind, len;
    apr_uint64_t position, number;
    apr_uint32_t count, status;
} head_t;

struct du_cab_wire_t {
    apr_off_t total;
    du_cab_kind_e last;
    apr_off_t position;
    apr_size_t used; /* bytes in room that are no whole record yet */
    char room[ROOM];
};

/* The fields that each kind of record has; the others must be 0. A record may come after those of `after`. */
static const struct {
    int has_number, has_count, has_status, is_text;
    apr_size_t least, most; /* bytes */
    unsigned after;         /* bits */
} rules[DU_CAB_KINDS] = {
#define BIT(kind) (1U << (kind))
    [DU_CAB_TABLES] = {1, 1, 0, 0, 0, 0, BIT(NOBODY)},
    [DU_CAB_MEMBER] = {1, 0, 0, 1, 0, DU_CAB_WIRE_MAX_TEXT, BIT(DU_CAB_TABLES) | BIT(DU_CAB_MEMBER_END)},
    [DU_CAB_DATA] = {0, 0, 0, 0, 1, DU_CAB_WIRE_MAX_DATA, BIT(DU_CAB_MEMBER) | BIT(DU_CAB_DATA)},
    [DU_CAB_MEMBER_END] = {0, 0, 0, 0, 0, 0, BIT(DU_CAB_MEMBER) | BIT(DU_CAB_DATA)},
    [DU_CAB_END] = {0, 0, 0, 0, 0, 0, BIT(DU_CAB_TABLES) | BIT(DU_CAB_MEMBER_END)},
    [DU_CAB_FAULT] = {0, 1, 1, 1, 0, DU_CAB_WIRE_MAX_TEXT, ~(BIT(DU_CAB_END) | BIT(DU_CAB_FAULT))},
};

void du_cab_wire_head(const du_cab_record_t *record, unsigned char bytes[DU_CAB_WIRE_HEAD])
{
    const head_t head = {
        .kind = (apr_uint32_t)record->kind,
        .len = (apr_uint32_t)record->len,
        .position = (apr_uint64_t)record->position,
        .number = (apr_uint64_t)record->number,
        .count = (apr_uint32_t)record->count,
        .status = (apr_uint32_t)record->status,
    };
    _Static_assert(sizeof(head) == DU_CAB_WIRE_HEAD, "a head has no padding");

    memcpy(bytes, &head, sizeof(head));
}

/* Leaves out what was written of the parts. */
static void advance(struct iovec *parts, int nparts, size_t written)
{
    for (int i = 0; i < nparts; i++) {
        size_t step = written < parts[i].iov_len ? written : parts[i].iov_len;

        parts[i].iov_base = (char *)parts[i].iov_base + step;
        parts[i].iov_len -= step;
        written -= step;
    }
}

apr_status_t du_cab_wire_write(int fd, const du_cab_record_t *record)
{
    unsigned char head[DU_CAB_WIRE_HEAD];
    struct iovec parts[] = {{head, sizeof(head)}, {(void *)record->bytes, record->len}};
    const int nparts = record->len > 0 ? 2 : 1;

    du_cab_wire_head(record, head);
    while (parts[0].iov_len + parts[1].iov_len > 0) {
        ssize_t n = writev(fd, parts, nparts);

        if (n < 0 && errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
        advance(parts, nparts, n > 0 ? (size_t)n : 0);
    }
    return APR_SUCCESS;
}

du_cab_wire_t *du_cab_wire_make(apr_pool_t *pool, apr_off_t total)
{
    du_cab_wire_t *wire = apr_palloc(pool, sizeof(*wire));

    wire->total = total;
    wire->last = NOBODY;
    wire->position = 0;
    wire->used = 0;
    return wire;
}

char *du_cab_wire_room(du_cab_wire_t *wire, apr_size_t *size)
{
    *size = sizeof(wire->room) - wire->used;
    return wire->room + wire->used;
}

/* A reason is one of ours; errno belongs to one of them. */
static int is_fault(const head_t *head)
{
    if (head->count >= DU_CAB_REASONS) {
        return 0;
    }
    return head->count == DU_CAB_CANNOT_READ ? head->status > 0 && head->status <= MAX_ERRNO : head->status == 0;
}

static int is_possible(const du_cab_wire_t *wire, const head_t *head)
{
    if (head->kind >= DU_CAB_KINDS || !(rules[head->kind].after & BIT(wire->last))) {
        return 0;
    }
    if (head->len < rules[head->kind].least || head->len > rules[head->kind].most) {
        return 0;
    }
    if (head->position > (apr_uint64_t)wire->total || head->position < (apr_uint64_t)wire->position) {
        return 0;
    }
    if ((head->number && !rules[head->kind].has_number) || (head->count && !rules[head->kind].has_count) ||
        (head->status && !rules[head->kind].has_status)) {
        return 0;
    }
    return head->number <= APR_INT64_MAX && head->count <= APR_INT32_MAX &&
           (head->kind != DU_CAB_FAULT || is_fault(head));
}

static apr_status_t take_record(du_cab_wire_t *wire, const head_t *head, const char *bytes, du_cab_record_fn *take,
                                void *baton)
{
    const du_cab_record_t record = {
        .kind = (du_cab_kind_e)head->kind,
        .position = (apr_off_t)head->position,
        .number = (apr_off_t)head->number,
        .count = (int)head->count,
        .status = (apr_status_t)head->status,
        .bytes = bytes,
        .len = head->len,
    };

    if (rules[record.kind].is_text && memchr(bytes, '\0', record.len)) {
        return DU_E_MALFORMED;
    }
    wire->last = record.kind;
    wire->position = record.position;
    return take(baton, &record);
}

apr_status_t du_cab_wire_take(du_cab_wire_t *wire, apr_size_t len, du_cab_record_fn *take, void *baton)
{
    const char *at = wire->room;
    apr_status_t rv = APR_SUCCESS;

    wire->used += len;
    while (rv == APR_SUCCESS && wire->used >= DU_CAB_WIRE_HEAD) {
        head_t head;

        memcpy(&head, at, sizeof(head));
        if (!is_possible(wire, &head)) {
            return DU_E_MALFORMED;
        }
        if (wire->used < DU_CAB_WIRE_HEAD + head.len) {
            break;
        }
        rv = take_record(wire, &head, at + DU_CAB_WIRE_HEAD, take, baton);
        at += DU_CAB_WIRE_HEAD + head.len;
        wire->used -= DU_CAB_WIRE_HEAD + head.len;
    }
    memmove(wire->room, at, wire->used);
    return rv;
}

apr_off_t du_cab_wire_position(const du_cab_wire_t *wire)
{
    return wire->position;
}

int du_cab_wire_is_complete(const du_cab_wire_t *wire)
{
    return wire->last == DU_CAB_END && wire->used == 0;
}
