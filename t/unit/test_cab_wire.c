#include "unit.h"

#include <fcntl.h>

#include "du_cab_wire.h"

#define TOTAL 1000

/* The records of a good stream: two members, one of them empty. */
static const du_cab_record_t good[] = {
    {.kind = DU_CAB_TABLES, .number = 5, .count = 2},
    {.kind = DU_CAB_MEMBER, .position = 10, .number = 5, .bytes = "first", .len = 5},
    {.kind = DU_CAB_DATA, .position = 10, .bytes = "12\0", .len = 3},
    {.kind = DU_CAB_DATA, .position = 500, .bytes = "45", .len = 2},
    {.kind = DU_CAB_MEMBER_END, .position = 500},
    {.kind = DU_CAB_MEMBER, .position = TOTAL, .bytes = "second", .len = 6},
    {.kind = DU_CAB_MEMBER_END, .position = TOTAL},
    {.kind = DU_CAB_END, .position = TOTAL},
};

typedef struct seen_t {
    int n;
    apr_status_t answer; /* to each record */
} seen_t;

/* Records come as they were sent. */
static apr_status_t expect_good(void *baton, const du_cab_record_t *record)
{
    seen_t *seen = baton;
    const du_cab_record_t *sent = &good[seen->n++];

    ck_assert_int_eq(record->kind, sent->kind);
    ck_assert_int_eq((int)record->position, (int)sent->position);
    ck_assert_int_eq((int)record->number, (int)sent->number);
    ck_assert_int_eq(record->count, sent->count);
    ck_assert_int_eq(record->status, sent->status);
    ck_assert_uint_eq(record->len, sent->len);
    if (record->len > 0) {
        ck_assert_mem_eq(record->bytes, sent->bytes, sent->len);
    }
    return seen->answer;
}

static apr_status_t count_record(void *baton, const du_cab_record_t *record)
{
    seen_t *seen = baton;

    (void)record;
    seen->n++;
    return seen->answer;
}

/* The bytes of records as they travel. */
static const char *bytes_of(const du_cab_record_t *records, int n, apr_size_t *len)
{
    const char *path = unit_path("stream");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    for (int i = 0; i < n; i++) {
        assert_ok(du_cab_wire_write(fd, &records[i]));
    }
    close(fd);
    return unit_read(path, len);
}

static apr_status_t feed(du_cab_wire_t *wire, const char *bytes, apr_size_t len, du_cab_record_fn *take, void *baton)
{
    apr_size_t room;
    char *to = du_cab_wire_room(wire, &room);

    ck_assert_uint_ge(room, len);
    memcpy(to, bytes, len);
    return du_cab_wire_take(wire, len, take, baton);
}

/* However the pipe divides them. */
START_TEST(records_arrive_in_any_pieces)
{
    apr_size_t len;
    const char *bytes = bytes_of(good, COUNT_OF(good), &len);
    apr_size_t piece = (apr_size_t)_i;
    du_cab_wire_t *wire = du_cab_wire_make(unit.pool, TOTAL);
    seen_t seen = {0};

    for (apr_size_t at = 0; at < len; at += piece) {
        ck_assert(!du_cab_wire_is_complete(wire));
        assert_ok(feed(wire, bytes + at, len - at < piece ? len - at : piece, expect_good, &seen));
    }
    ck_assert_int_eq(seen.n, COUNT_OF(good));
    ck_assert(du_cab_wire_is_complete(wire));
    ck_assert_int_eq((int)du_cab_wire_position(wire), TOTAL);
}
END_TEST

/* The largest records, many of them: the room is used again and again. */
START_TEST(large_records)
{
    static char data[DU_CAB_WIRE_MAX_DATA];
    du_cab_record_t record = {.kind = DU_CAB_DATA, .position = 10, .bytes = data, .len = sizeof(data)};
    du_cab_wire_t *wire = du_cab_wire_make(unit.pool, TOTAL);
    apr_size_t len, size, fed = 0;
    const char *bytes = bytes_of(good, 2, &len);
    seen_t seen = {0};

    assert_ok(feed(wire, bytes, len, count_record, &seen));
    bytes = bytes_of(&record, 1, &len);
    for (int i = 0; i < 100; i++) {
        for (fed = 0; fed < len; fed += size) {
            du_cab_wire_room(wire, &size);
            ck_assert_uint_gt(size, 0);
            size = size < len - fed ? size : len - fed;
            assert_ok(feed(wire, bytes + fed, size, count_record, &seen));
        }
    }
    ck_assert_int_eq(seen.n, 102);
}
END_TEST

/* What the taker answers ends the stream. */
START_TEST(answer_of_the_taker)
{
    apr_size_t len;
    const char *bytes = bytes_of(good, COUNT_OF(good), &len);
    seen_t seen = {.answer = DU_E_PACKAGE};

    assert_rv(DU_E_PACKAGE, feed(du_cab_wire_make(unit.pool, TOTAL), bytes, len, count_record, &seen));
    ck_assert_int_eq(seen.n, 1);
}
END_TEST

/* Which kind may follow which: "-" is the beginning. In the order of du_cab_kind_e. */
static const char *const may_follow[DU_CAB_KINDS + 1] = {
    /* TMDmEF */
    "010011", /* TABLES */
    "001101", /* MEMBER */
    "001101", /* DATA */
    "010011", /* MEMBER_END */
    "000000", /* END */
    "000000", /* FAULT */
    "100001", /* - */
};

static const du_cab_record_t one_of_each[DU_CAB_KINDS] = {
    {.kind = DU_CAB_TABLES}, {.kind = DU_CAB_MEMBER},
    {.kind = DU_CAB_DATA, .bytes = "x", .len = 1}, {.kind = DU_CAB_MEMBER_END},
    {.kind = DU_CAB_END}, {.kind = DU_CAB_FAULT, .count = DU_CAB_VOLUMES},
};

/* The shortest stream that ends with each kind. */
static const struct {
    int n;
    du_cab_kind_e kinds[4];
} ways[DU_CAB_KINDS + 1] = {
    {1, {DU_CAB_TABLES}},
    {2, {DU_CAB_TABLES, DU_CAB_MEMBER}},
    {3, {DU_CAB_TABLES, DU_CAB_MEMBER, DU_CAB_DATA}},
    {3, {DU_CAB_TABLES, DU_CAB_MEMBER, DU_CAB_MEMBER_END}},
    {2, {DU_CAB_TABLES, DU_CAB_END}},
    {1, {DU_CAB_FAULT}},
    {0, {DU_CAB_END}},
};

START_TEST(order_of_records)
{
    for (int next = 0; next < DU_CAB_KINDS; next++) {
        du_cab_record_t records[5];
        seen_t seen = {0};
        const char *bytes;
        apr_size_t len;
        apr_status_t rv;
        int n;

        for (n = 0; n < ways[_i].n; n++) {
            records[n] = one_of_each[ways[_i].kinds[n]];
        }
        records[n++] = one_of_each[next];
        bytes = bytes_of(records, n, &len);
        rv = feed(du_cab_wire_make(unit.pool, TOTAL), bytes, len, count_record, &seen);
        ck_assert_msg(rv == (may_follow[_i][next] == '1' ? APR_SUCCESS : DU_E_MALFORMED), "kind %d after %d: %d", next, _i,
                      rv);
        ck_assert_int_eq(seen.n, rv == APR_SUCCESS ? n : n - 1);
    }
}
END_TEST

/* Each after TABLES and MEMBER, where the record itself could come. */
static const du_cab_record_t bad[] = {
    {.kind = DU_CAB_KINDS},
    {.kind = (du_cab_kind_e)-1},
    {.kind = DU_CAB_DATA},                                                            /* empty */
    {.kind = DU_CAB_DATA, .bytes = "x", .len = 1, .number = 1},                       /* a field that it does not have */
    {.kind = DU_CAB_DATA, .bytes = "x", .len = 1, .count = 1},
    {.kind = DU_CAB_DATA, .bytes = "x", .len = 1, .status = 1},
    {.kind = DU_CAB_DATA, .bytes = "x", .len = 1, .position = TOTAL + 1},             /* behind the end */
    {.kind = DU_CAB_DATA, .bytes = "x", .len = 1, .position = -1},
    {.kind = DU_CAB_DATA, .bytes = "x", .len = 1, .position = 9},                     /* back */
    {.kind = DU_CAB_MEMBER_END, .position = 10, .bytes = "x", .len = 1},              /* bytes where none are */
    {.kind = DU_CAB_FAULT, .position = 10, .count = DU_CAB_REASONS},                  /* a reason of its own */
    {.kind = DU_CAB_FAULT, .position = 10, .count = -1},
    {.kind = DU_CAB_FAULT, .position = 10, .count = DU_CAB_CANNOT_READ},              /* a failure that is a success */
    {.kind = DU_CAB_FAULT, .position = 10, .count = DU_CAB_CANNOT_READ, .status = -5},
    {.kind = DU_CAB_FAULT, .position = 10, .count = DU_CAB_CANNOT_READ, .status = DU_E_EXISTS},
    {.kind = DU_CAB_FAULT, .position = 10, .count = DU_CAB_VOLUMES, .status = 5},
    {.kind = DU_CAB_FAULT, .position = 10, .count = DU_CAB_BAD_TABLES, .bytes = "a\0b", .len = 3}, /* a NUL in a text */
};

START_TEST(bad_record)
{
    apr_size_t len;
    const char *bytes = bytes_of(good, 2, &len);
    du_cab_wire_t *wire = du_cab_wire_make(unit.pool, TOTAL);
    seen_t seen = {0};

    assert_ok(feed(wire, bytes, len, count_record, &seen));
    bytes = bytes_of(&bad[_i], 1, &len);
    assert_rv(DU_E_MALFORMED, feed(wire, bytes, len, count_record, &seen));
    ck_assert_int_eq(seen.n, 2);
}
END_TEST

/* Lengths are refused before their bytes are waited for. */
START_TEST(too_long)
{
    static const du_cab_record_t longer[] = {
        {.kind = DU_CAB_DATA, .position = 10, .len = DU_CAB_WIRE_MAX_DATA + 1},
        {.kind = DU_CAB_FAULT, .position = 10, .count = DU_CAB_VOLUMES, .len = DU_CAB_WIRE_MAX_TEXT + 1},
        {.kind = DU_CAB_DATA, .position = 10, .len = 0xFFFFFFFF},
    };
    unsigned char head[DU_CAB_WIRE_HEAD];
    apr_size_t len;
    const char *bytes = bytes_of(good, 2, &len);
    du_cab_wire_t *wire = du_cab_wire_make(unit.pool, TOTAL);
    seen_t seen = {0};

    assert_ok(feed(wire, bytes, len, count_record, &seen));
    du_cab_wire_head(&longer[_i], head);
    assert_rv(DU_E_MALFORMED, feed(wire, (const char *)head, sizeof(head), count_record, &seen));
}
END_TEST

START_TEST(cannot_be_written)
{
    ck_assert_int_eq(du_cab_wire_write(-1, &good[0]), APR_EBADF);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("cab_wire");

    tcase_add_loop_test(tests, records_arrive_in_any_pieces, 1, 100);
    tcase_add_test(tests, large_records);
    tcase_add_test(tests, answer_of_the_taker);
    tcase_add_loop_test(tests, order_of_records, 0, COUNT_OF(ways));
    tcase_add_loop_test(tests, bad_record, 0, COUNT_OF(bad));
    tcase_add_loop_test(tests, too_long, 0, 3);
    tcase_add_test(tests, cannot_be_written);
    return unit_run(tests);
}
