#include "store.h"

#include <sys/wait.h>

#include "du_store_activity.h"
#include "du_text.h"
#include "sample.h"

/* Adds and removes sites until there are that many rows. */
static void make_rows(du_store_t *store, int count)
{
    for (int i = 0; i < count; i++) {
        const char *name = apr_psprintf(unit.pool, "s%d", i / 2);

        if (i % 2 == 0) {
            assert_ok(du_store_site_add(unit.ctx, store, sample_make_site(name, "10.1.0.0/16", unit.pool), &kim));
        } else {
            assert_ok(du_store_site_remove(unit.ctx, store, name, &kim));
        }
    }
}

static void check_chain(du_store_t *store, du_proof_e what, int bad, int rows)
{
    du_proof_t chain;

    assert_ok(du_store_verify(unit.ctx, store, unit.pool, &chain));
    ck_assert_msg(chain.what == what && chain.bad == bad && chain.rows == rows,
                  "%s, row %d, %d right before it; expected %s, %d, %d", du_proof_name(chain.what), (int)chain.bad,
                  (int)chain.rows, du_proof_name(what), bad, rows);
}

START_TEST(a_new_store_has_an_empty_chain)
{
    du_proof_t chain;
    du_store_t *store = made_store(fresh_store());

    check_chain(store, DU_PROOF_WHOLE, 0, 0);
    assert_ok(du_store_verify(unit.ctx, store, unit.pool, &chain));
    ck_assert_str_eq(chain.digest, DU_ACTIVITY_START);
}
END_TEST

START_TEST(every_change_goes_on_with_the_chain)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_proof_t chain;

    make_rows(store, 7);
    check_chain(store, DU_PROOF_WHOLE, 0, 7);
    assert_ok(du_store_verify(unit.ctx, store, unit.pool, &chain));
    ck_assert_str_eq(chain.digest, run_sql(spec, "SELECT digest FROM activity WHERE id = 7"));
    ck_assert_str_eq(run_sql(spec, "SELECT count(DISTINCT digest) FROM activity"), "7");
}
END_TEST

/* More than are read at a time. */
START_TEST(a_long_chain)
{
    du_store_t *store = made_store(fresh_store());

    make_rows(store, 2100);
    check_chain(store, DU_PROOF_WHOLE, 0, 2100);
}
END_TEST

static const struct {
    const char *sql;
    du_proof_e what;
    int bad;
} damages[] = {
    {"UPDATE activity SET id = 105 WHERE id = 5", DU_PROOF_MISSING, 5},
    {"UPDATE activity SET time = time + 1 WHERE id = 3", DU_PROOF_CHANGED, 3},
    {"UPDATE activity SET actor = 'lee' WHERE id = 1", DU_PROOF_CHANGED, 1},
    {"UPDATE activity SET node = '' WHERE id = 3", DU_PROOF_CHANGED, 3},
    {"UPDATE activity SET action = 'approve' WHERE id = 3", DU_PROOF_CHANGED, 3},
    {"UPDATE activity SET object = object || ' ' WHERE id = 3", DU_PROOF_CHANGED, 3},
    {"UPDATE activity SET before = after, after = before WHERE id = 3", DU_PROOF_CHANGED, 3},
    {"UPDATE activity SET note = 'x' WHERE id = 3", DU_PROOF_CHANGED, 3},
    {"UPDATE activity SET role = 'viewer' WHERE id = 6", DU_PROOF_CHANGED, 6},
    {"UPDATE activity SET digest = '' WHERE id = 6", DU_PROOF_CHANGED, 6},
    {"UPDATE activity SET digest = upper(digest) WHERE id = 2", DU_PROOF_CHANGED, 2},
    /* a text that moves from the end of one column to the beginning of the next */
    {"UPDATE activity SET actor = 'ki', node = 'm' || node WHERE id = 4", DU_PROOF_CHANGED, 4},
    {"DELETE FROM activity WHERE id = 1", DU_PROOF_MISSING, 1},
    {"DELETE FROM activity WHERE id = 4", DU_PROOF_MISSING, 4},
    {"DELETE FROM activity WHERE id >= 5", DU_PROOF_CUT, 5},
    {"DELETE FROM activity", DU_PROOF_CUT, 1},
    {"INSERT INTO activity SELECT 7, time, actor, node, action, object, before, after, note, role, digest FROM activity WHERE id = 6",
     DU_PROOF_INSERTED, 7},
    {"INSERT INTO activity SELECT 0, time, actor, node, action, object, before, after, note, role, digest FROM activity WHERE id = 6",
     DU_PROOF_INSERTED, 0},
    {"INSERT INTO activity SELECT -7, time, actor, node, action, object, before, after, note, role, digest FROM activity WHERE id = 6",
     DU_PROOF_INSERTED, -7},
    /* two rows in the other order */
    {"UPDATE activity SET id = CASE id WHEN 2 THEN 103 ELSE 102 END WHERE id IN (2, 3)", DU_PROOF_MISSING, 2},
};

START_TEST(the_first_bad_row_is_named)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    int bad = damages[_i].bad;

    make_rows(store, 6);
    run_sql(spec, damages[_i].sql);
    check_chain(store, damages[_i].what, bad, bad > 0 ? bad - 1 : 0);
}
END_TEST

/* A row may be gone: what is done afterwards is still recorded, and what is missing is still told. */
START_TEST(a_damaged_chain_stops_nobody)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);

    make_rows(store, 4);
    run_sql(spec, "DELETE FROM activity WHERE id >= 3");
    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Berlin", "10.9.0.0/16", unit.pool), &kim));
    check_chain(store, DU_PROOF_MISSING, 3, 2);
}
END_TEST

START_TEST(a_row_that_was_there_when_reading_began)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    du_proof_t chain;

    make_rows(store, 2);
    run_sql(spec, "UPDATE counter SET value = 9 WHERE name = 'activity'");
    assert_ok(du_store_verify(unit.ctx, store, unit.pool, &chain));
    ck_assert_int_eq(chain.what, DU_PROOF_CUT);
    ck_assert_int_eq(chain.count, 9);
}
END_TEST

/*
 * Filters
 */

/* The ids of the rows that a filter lets through, "7 3 1". */
static const char *ids_of(du_store_t *store, du_activity_filter_t filter)
{
    apr_array_header_t *rows;
    const char *text = "";

    filter.limit = filter.limit ? filter.limit : 50;
    assert_ok(du_store_activities(unit.ctx, store, &filter, unit.pool, &rows));
    for (int i = 0; i < rows->nelts; i++) {
        text = apr_psprintf(unit.pool, "%s%s%d", text, i ? " " : "", (int)APR_ARRAY_IDX(rows, i, du_activity_t).id);
    }
    return text;
}

#define FILTER(...) ids_of(store, (du_activity_filter_t){__VA_ARGS__})

START_TEST(filters)
{
    static const du_actor_t lee = {.name = "lee", .node = "node2", .role = "operator", .note = "why not"};
    du_store_t *store = made_store(fresh_store());

    unit.ctx->now = unit_clock;
    for (int i = 1; i <= 3; i++) {
        const char *name = apr_psprintf(unit.pool, "s%d", i), *subnet = apr_psprintf(unit.pool, "10.%d.0.0/16", i);

        unit.now = apr_time_from_sec(i * 100);
        assert_ok(du_store_site_add(unit.ctx, store, sample_make_site(name, subnet, unit.pool), i == 2 ? &lee : &kim));
    }
    unit.now = apr_time_from_sec(150); /* the clock went back */
    assert_ok(du_store_site_remove(unit.ctx, store, "s1", &lee));
    ck_assert_str_eq(FILTER(0), "4 3 2 1");
    ck_assert_str_eq(FILTER(.limit = 2), "4 3");
    ck_assert_str_eq(FILTER(.before = 3), "2 1");
    ck_assert_str_eq(FILTER(.actor = "lee"), "4 2");
    ck_assert_str_eq(FILTER(.actor = "LEE"), "");
    ck_assert_str_eq(FILTER(.actor = ""), "");
    ck_assert_str_eq(FILTER(.actor = "lee", .action = "add"), "2");
    ck_assert_str_eq(FILTER(.action = "add"), "3 2 1");
    ck_assert_str_eq(FILTER(.action = "add", .before = 3, .limit = 1), "2");
    ck_assert_str_eq(FILTER(.object = "site:s1"), "4 1");
    ck_assert_str_eq(FILTER(.object = "site:"), "4 3 2 1");
    ck_assert_str_eq(FILTER(.object = "s1"), "");
    ck_assert_str_eq(FILTER(.object = "%"), "");
    ck_assert_str_eq(FILTER(.object = "site:s1", .actor = "kim"), "1");
    ck_assert_str_eq(FILTER(.object = "site:s1", .action = "remove"), "4");
    ck_assert_str_eq(FILTER(.since = apr_time_from_sec(200)), "3 2");
    ck_assert_str_eq(FILTER(.until = apr_time_from_sec(200)), "4 1");
    ck_assert_str_eq(FILTER(.since = apr_time_from_sec(150), .until = apr_time_from_sec(201)), "4 2");
    check_chain(store, DU_PROOF_WHOLE, 0, 4);
}
END_TEST

START_TEST(rows_are_read_as_they_were_written)
{
    const du_actor_t actor = {.name = "k\xC3\xA4the", .node = "n", .role = "operator", .note = "a 'note'; --"};
    du_store_t *store = made_store(fresh_store());
    apr_array_header_t *rows;
    const du_activity_t *row;

    unit.ctx->now = unit_clock;
    unit.now = 1283170088123456;
    assert_ok(du_store_site_add(unit.ctx, store, sample_make_site("Berlin", "10.1.0.0/16", unit.pool), &actor));
    assert_ok(du_store_activities(unit.ctx, store, &(du_activity_filter_t){.limit = 1}, unit.pool, &rows));
    row = &APR_ARRAY_IDX(rows, 0, du_activity_t);
    ck_assert_int_eq(row->time, unit.now);
    ck_assert_str_eq(row->actor, actor.name);
    ck_assert_str_eq(row->node, "n");
    ck_assert_str_eq(row->action, "add");
    ck_assert_str_eq(row->object, "site:Berlin");
    ck_assert_str_eq(row->before, "");
    ck_assert_str_eq(row->after, "10.1.0.0/16");
    ck_assert_str_eq(row->note, actor.note);
    ck_assert_str_eq(row->role, "operator");
    ck_assert_str_eq(row->digest, du_activity_digest(unit.pool, row, DU_ACTIVITY_START));
}
END_TEST

/*
 * Refused attempts
 */

static apr_status_t refused(du_store_t *store, const char *account, const char *object, const char *reason)
{
    const du_actor_t actor = {.name = account, .node = "n", .role = "viewer", .note = "a sentence"};

    return du_store_refused(unit.ctx, store, object, reason, &actor);
}

static int count_refusals(const char *spec)
{
    return atoi(run_sql(spec, "SELECT count(*) FROM activity WHERE action = 'refuse'"));
}

START_TEST(a_refusal_is_recorded_once_a_minute)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);
    int generation = generation_of(store);

    unit.now = apr_time_from_sec(1795400000);
    unit.ctx->now = unit_clock;
    assert_ok(refused(store, "kim", "page rules", "DU0001"));
    ck_assert_str_eq(run_sql(spec, "SELECT actor || '|' || action || '|' || object || '|' || before || '|' || after || '|' || note || '|' || role FROM activity"),
                     "kim|refuse|page rules||DU0001|a sentence|viewer");
    assert_rv(DU_E_NOTHING, refused(store, "kim", "page rules", "DU0001"));
    assert_ok(refused(store, "Kim", "page rules", "DU0001"));
    assert_ok(refused(store, "kim", "page roles", "DU0001"));
    assert_ok(refused(store, "kim", "page rules", "DU0002"));
    unit.now += DU_REFUSAL_PAUSE - 1;
    assert_rv(DU_E_NOTHING, refused(store, "kim", "page rules", "DU0001"));
    ck_assert_int_eq(count_refusals(spec), 4);
    unit.now += 1;
    assert_ok(refused(store, "kim", "page rules", "DU0001"));
    unit.now -= apr_time_from_sec(86400); /* a clock that was set back keeps nobody from recording */
    assert_ok(refused(store, "kim", "page rules", "DU0001"));
    ck_assert_int_eq(count_refusals(spec), 6);
    ck_assert_int_eq(generation_of(store), generation);
    check_chain(store, DU_PROOF_WHOLE, 0, 6);
}
END_TEST

/* What else an account does in that minute does not hide the refusal. */
START_TEST(a_refusal_among_changes)
{
    const char *spec = fresh_store();
    du_store_t *store = made_store(spec);

    assert_ok(refused(store, "kim", "page rules", "DU0001"));
    make_rows(store, 90);
    assert_rv(DU_E_NOTHING, refused(store, "kim", "page rules", "DU0001"));
    ck_assert_int_eq(count_refusals(spec), 1);
}
END_TEST

START_TEST(many_refusals_at_once)
{
    enum { PROCESSES = 8 };
    const char *spec = fresh_store();
    int status;

    du_store_close(made_store(spec));
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            du_store_t *store;
            apr_status_t rv = du_store_open(unit.ctx, spec, unit.pool, &store);

            rv = rv == APR_SUCCESS ? refused(store, "kim", "page rules", "DU0001") : rv;
            apr_pool_destroy(unit.pool);
            _exit(rv == APR_SUCCESS || rv == DU_E_NOTHING ? 0 : 1);
        }
    }
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(count_refusals(spec), 1);
    check_chain(open_store(spec), DU_PROOF_WHOLE, 0, 1);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_activity");

    tcase_add_test(tests, a_new_store_has_an_empty_chain);
    tcase_add_test(tests, every_change_goes_on_with_the_chain);
    tcase_add_test(tests, a_long_chain);
    tcase_add_loop_test(tests, the_first_bad_row_is_named, 0, COUNT_OF(damages));
    tcase_add_test(tests, a_damaged_chain_stops_nobody);
    tcase_add_test(tests, a_row_that_was_there_when_reading_began);
    tcase_add_test(tests, filters);
    tcase_add_test(tests, rows_are_read_as_they_were_written);
    tcase_add_test(tests, a_refusal_is_recorded_once_a_minute);
    tcase_add_test(tests, a_refusal_among_changes);
    tcase_add_test(tests, many_refusals_at_once);
    return unit_run(tests);
}
