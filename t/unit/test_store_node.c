#include "store.h"

#include "du_store_node.h"

#define MINUTE apr_time_from_sec(60)
#define DAY    (1440 * MINUTE)
#define NOW    apr_time_from_sec(1800000000)

/* "a 5 follows; b -1 behind; " at NOW */
static const char *nodes_of(du_store_t *store)
{
    apr_array_header_t *nodes;
    const char *text = "";

    assert_ok(du_store_nodes(unit.ctx, store, unit.pool, &nodes));
    for (int i = 0; i < nodes->nelts; i++) {
        const du_node_word_t *word = &APR_ARRAY_IDX(nodes, i, du_node_word_t);

        text = apr_psprintf(unit.pool, "%s%s %" APR_INT64_T_FMT " %s; ", text, word->name, word->generation,
                            du_node_state_word(du_node_state(word, NOW)));
    }
    return text;
}

static void says(du_store_t *store, const char *name, apr_time_t ago, apr_int64_t generation, apr_time_t behind)
{
    const du_node_word_t word = {name, NOW - ago, generation, NOW - ago, behind ? NOW - behind : 0};

    assert_ok(du_store_node_says(unit.ctx, store, &word));
}

START_TEST(words_and_what_they_amount_to)
{
    du_store_t *store = made_store(fresh_store());

    ck_assert_str_eq(nodes_of(store), "");
    says(store, "two", 0, 7, 0);
    says(store, "one", 5 * MINUTE, 6, 0);
    says(store, "late", 0, 5, MINUTE);
    ck_assert_str_eq(nodes_of(store), "late 5 follows; one 6 follows; two 7 follows; ");
    says(store, "late", 0, 5, MINUTE + 1);
    says(store, "one", 5 * MINUTE + 1, 6, 0);
    says(store, "two", -MINUTE, 8, 0); /* its clock is fast */
    ck_assert_str_eq(nodes_of(store), "late 5 behind; one 6 silent; two 8 follows; ");
    says(store, "late", 0, -1, 2 * MINUTE);
    ck_assert_str_eq(nodes_of(store), "late -1 behind; one 6 silent; two 8 follows; ");
}
END_TEST

START_TEST(silence_is_forgotten)
{
    du_store_t *store = made_store(fresh_store());

    says(store, "gone", 30 * DAY + 1, 1, 0);
    says(store, "away", 30 * DAY, 2, 0);
    says(store, "here", 0, 3, 0);
    ck_assert_str_eq(nodes_of(store), "away 2 silent; here 3 follows; ");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_node");

    tcase_add_test(tests, words_and_what_they_amount_to);
    tcase_add_test(tests, silence_is_forgotten);
    return unit_run(tests);
}
