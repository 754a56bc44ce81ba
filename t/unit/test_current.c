#include "unit.h"

#include <apr_atomic.h>
#include <apr_thread_proc.h>

#include "sample.h"

/* A rule set whose only rule's approved version is its generation, so that a reader can see whether it is of one piece. */
static void keep_generation(const char *path, int generation)
{
    apr_pool_t *pool;
    apr_array_header_t *rules;
    du_ctx_t *ctx;

    apr_pool_create(&pool, unit.pool);
    ctx = du_ctx_make(pool);
    rules = apr_array_make(pool, 1, sizeof(du_rule_t));
    sample_rule(rules, "POLYCOM", "CX600", "", apr_itoa(pool, generation), "");
    sample_ruleset(ctx, rules, path, generation, pool);
    apr_pool_destroy(pool);
}

/* The generation of a rule set, or -1 if its rule is of another. */
static int generation_of(const du_ruleset_t *ruleset)
{
    du_key_t key = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"};
    const du_rs_rule_t *rule = du_ruleset_find(ruleset, &key);
    const du_rs_image_t *image = rule ? du_ruleset_image(ruleset, rule, DU_APPROVED) : NULL;
    int generation = (int)du_ruleset_generation(ruleset);

    return image && atoi(du_ruleset_version(ruleset, image)) == generation ? generation : -1;
}

static int generation_in_force(du_current_t *current)
{
    const du_ruleset_t *ruleset = du_current_acquire(current);
    int generation = ruleset ? generation_of(ruleset) : 0;

    du_current_release(current, ruleset);
    return generation;
}

START_TEST(nothing_at_first)
{
    du_current_t *current;

    assert_ok(du_current_make(unit.ctx, unit_path("rules"), unit.pool, &current));
    ck_assert_ptr_null(du_current_acquire(current));
    du_current_release(current, NULL);
}
END_TEST

START_TEST(loads_when_it_comes_and_when_it_changes)
{
    const char *path = unit_path("rules");
    du_current_t *current;

    assert_ok(du_current_make(unit.ctx, path, unit.pool, &current));
    ck_assert_int_ne(du_current_refresh(unit.ctx, current), APR_SUCCESS);
    keep_generation(path, 1);
    ck_assert_int_eq(generation_in_force(current), 0);
    assert_ok(du_current_refresh(unit.ctx, current));
    ck_assert_int_eq(generation_in_force(current), 1);
    assert_rv(DU_E_NOTHING, du_current_refresh(unit.ctx, current));
    assert_rv(DU_E_NOTHING, du_current_refresh(unit.ctx, current));
    keep_generation(path, 2);
    ck_assert_int_eq(generation_in_force(current), 1);
    assert_ok(du_current_refresh(unit.ctx, current));
    ck_assert_int_eq(generation_in_force(current), 2);
}
END_TEST

/* Files of one size and one time: they follow each other faster than the clock of the file system ticks. */
START_TEST(fast_changes_are_noticed)
{
    const char *path = unit_path("rules");
    du_current_t *current;

    assert_ok(du_current_make(unit.ctx, path, unit.pool, &current));
    for (int generation = 100; generation < 200; generation++) {
        keep_generation(path, generation);
        assert_ok(apr_file_mtime_set(path, apr_time_from_sec(1283170088), unit.pool));
        assert_ok(du_current_refresh(unit.ctx, current));
        ck_assert_int_eq(generation_in_force(current), generation);
    }
}
END_TEST

START_TEST(damage_leaves_the_old_one_in_force)
{
    const char *path = unit_path("rules");
    du_current_t *current;

    keep_generation(path, 1);
    assert_ok(du_current_make(unit.ctx, path, unit.pool, &current));
    assert_ok(du_current_refresh(unit.ctx, current));
    assert_ok(du_ruleset_keep(unit.ctx, path, "damaged", 7));
    assert_refused(DU_E_RULESET, du_current_refresh(unit.ctx, current));
    ck_assert_int_eq(generation_in_force(current), 1);
    assert_rv(DU_E_NOTHING, du_current_refresh(unit.ctx, current));
    keep_generation(path, 2);
    assert_ok(du_current_refresh(unit.ctx, current));
    ck_assert_int_eq(generation_in_force(current), 2);
}
END_TEST

START_TEST(a_removed_file_leaves_the_old_one_in_force)
{
    const char *path = unit_path("rules");
    du_current_t *current;

    keep_generation(path, 1);
    assert_ok(du_current_make(unit.ctx, path, unit.pool, &current));
    assert_ok(du_current_refresh(unit.ctx, current));
    assert_ok(apr_file_remove(path, unit.pool));
    ck_assert_int_ne(du_current_refresh(unit.ctx, current), APR_SUCCESS);
    ck_assert_int_eq(generation_in_force(current), 1);
    keep_generation(path, 2);
    assert_ok(du_current_refresh(unit.ctx, current));
    ck_assert_int_eq(generation_in_force(current), 2);
}
END_TEST

START_TEST(a_reader_keeps_what_it_holds)
{
    const char *path = unit_path("rules");
    const du_ruleset_t *first, *again;
    du_current_t *current;

    keep_generation(path, 1);
    assert_ok(du_current_make(unit.ctx, path, unit.pool, &current));
    assert_ok(du_current_refresh(unit.ctx, current));
    first = du_current_acquire(current);
    again = du_current_acquire(current);
    ck_assert_ptr_eq(first, again);
    for (int generation = 2; generation < 5; generation++) {
        keep_generation(path, generation);
        assert_ok(du_current_refresh(unit.ctx, current));
    }
    ck_assert_int_eq(generation_of(first), 1);
    du_current_release(current, first);
    ck_assert_int_eq(generation_of(again), 1);
    du_current_release(current, again);
    ck_assert_int_eq(generation_in_force(current), 4);
}
END_TEST

/* Mappings of this process of files whose name contains the text: what is not freed stays mapped. */
static int mappings_of(const char *name)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[4096];
    int n = 0;

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof(line), maps)) {
        n += strstr(line, name) != NULL;
    }
    fclose(maps);
    return n;
}

START_TEST(freed_when_the_last_reader_is_done)
{
    const char *path = unit_path("rules-of-this-test");
    const du_ruleset_t *held;
    apr_pool_t *pool;
    du_current_t *current;

    apr_pool_create(&pool, unit.pool);
    assert_ok(du_current_make(unit.ctx, path, pool, &current));
    for (int generation = 1; generation < 20; generation++) {
        keep_generation(path, generation);
        assert_ok(du_current_refresh(unit.ctx, current));
    }
    ck_assert_int_eq(mappings_of("rules-of-this-test"), 1);
    held = du_current_acquire(current);
    keep_generation(path, 20);
    assert_ok(du_current_refresh(unit.ctx, current));
    ck_assert_int_eq(mappings_of("rules-of-this-test"), 2);
    du_current_release(current, held);
    ck_assert_int_eq(mappings_of("rules-of-this-test"), 1);
    apr_pool_destroy(pool);
    ck_assert_int_eq(mappings_of("rules-of-this-test"), 0);
}
END_TEST

/* Readers in threads while the rule set is swapped under them. */
typedef struct race_t {
    du_current_t *current;
    volatile apr_uint32_t stop, torn, reads;
} race_t;

static void *APR_THREAD_FUNC read_on(apr_thread_t *thread, void *baton)
{
    race_t *race = baton;
    int last = 0;

    while (!apr_atomic_read32(&race->stop)) {
        int generation = generation_in_force(race->current);

        if (generation < last) {
            apr_atomic_inc32(&race->torn);
        }
        last = generation;
        apr_atomic_inc32(&race->reads);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

START_TEST(swapped_under_reading_threads)
{
    enum { THREADS = 8, SWAPS = 200 };
    const char *path = unit_path("rules");
    apr_thread_t *threads[THREADS];
    race_t race = {0};

    keep_generation(path, 1);
    assert_ok(du_current_make(unit.ctx, path, unit.pool, &race.current));
    assert_ok(du_current_refresh(unit.ctx, race.current));
    for (int i = 0; i < THREADS; i++) {
        assert_ok(apr_thread_create(&threads[i], NULL, read_on, &race, unit.pool));
    }
    for (int generation = 2; generation < SWAPS; generation++) {
        apr_uint32_t before = apr_atomic_read32(&race.reads);

        keep_generation(path, generation);
        assert_ok(du_current_refresh(unit.ctx, race.current));
        while (apr_atomic_read32(&race.reads) == before) {
            apr_thread_yield();
        }
    }
    apr_atomic_set32(&race.stop, 1);
    for (int i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, threads[i]);
    }
    ck_assert_uint_eq(race.torn, 0);
    ck_assert_int_eq(generation_in_force(race.current), SWAPS - 1);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("current");

    tcase_add_test(tests, nothing_at_first);
    tcase_add_test(tests, loads_when_it_comes_and_when_it_changes);
    tcase_add_test(tests, fast_changes_are_noticed);
    tcase_add_test(tests, damage_leaves_the_old_one_in_force);
    tcase_add_test(tests, a_removed_file_leaves_the_old_one_in_force);
    tcase_add_test(tests, a_reader_keeps_what_it_holds);
    tcase_add_test(tests, freed_when_the_last_reader_is_done);
    tcase_add_test(tests, swapped_under_reading_threads);
    return unit_run(tests);
}
