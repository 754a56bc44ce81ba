/* What happens to many rules at once: more than a statement takes, and some that remain. */
#include "store.h"

#include "du_schema.h"
#include "du_store_activity.h"

#define RULES 150 /* twice what the statements take, and a rest */

/* Rules 1 to RULES, of which each has a pending version of its own with an image and a file. */
static const char *filled_store(du_store_t **store)
{
    const char *spec = fresh_store();
    const char *numbers = apr_psprintf(
        unit.pool, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", RULES);

    *store = made_store(spec);
    run_sql(spec, "INSERT INTO package (id, digest, filename, size, imported, actor, note, trust) "
                  "VALUES (1, 'd', 'a.cab', 1, 1, 'kim', '', 'unverified')");
    run_sql(spec, apr_pstrcat(unit.pool, numbers, "INSERT INTO rule SELECT i, 'key' || i, 'UCPhone', 'POLYCOM', 'CX' || i, 'A', 'ENU', "
                              "'nbt', '2.' || i, '1.' || i, '' FROM n", NULL));
    run_sql(spec, apr_pstrcat(unit.pool, numbers, "INSERT INTO image SELECT i, i, '2.' || i, 1, 'unverified', '' FROM n", NULL));
    run_sql(spec, apr_pstrcat(unit.pool, numbers, "INSERT INTO image_file SELECT i, 0, 'f', 1, '', 's', 1, '', '' FROM n", NULL));
    return spec;
}

static apr_array_header_t *all_rules(du_store_t *store)
{
    apr_array_header_t *rules, *pointers = apr_array_make(unit.pool, RULES, sizeof(du_rule_t *));

    assert_ok(du_store_rules(unit.ctx, store, unit.pool, &rules));
    for (int i = 0; i < rules->nelts; i++) {
        APR_ARRAY_PUSH(pointers, du_rule_t *) = &APR_ARRAY_IDX(rules, i, du_rule_t);
    }
    return pointers;
}

static void check_chain(du_store_t *store, int rows)
{
    du_proof_t proof;

    assert_ok(du_store_verify(unit.ctx, store, unit.pool, &proof));
    ck_assert_str_eq(du_proof_name(proof.what), "whole");
    ck_assert_int_eq((int)proof.rows, rows);
}

START_TEST(each_gets_its_own_versions)
{
    du_store_t *store;
    const char *spec = filled_store(&store);
    apr_array_header_t *rules = all_rules(store);
    int changed;

    assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_APPROVE, NULL, &kim, &changed));
    ck_assert_int_eq(changed, RULES);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM rule WHERE pending = '' AND approved = '2.' || id AND restore = '1.' || id"),
                     apr_itoa(unit.pool, RULES));
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM activity WHERE object = 'rule ' || id AND actor = 'kim' AND "
                                   "before = 'pending=2.' || id || ' approved=1.' || id || ' restore=' AND "
                                   "after = 'pending= approved=2.' || id || ' restore=1.' || id"),
                     apr_itoa(unit.pool, RULES));
    check_chain(store, RULES);
    ck_assert_int_eq(generation_of(store), 2);
}
END_TEST

START_TEST(all_are_removed)
{
    du_store_t *store;
    const char *spec = filled_store(&store);
    apr_array_header_t *rules = all_rules(store);
    int changed;

    rules->nelts--; /* but the last one */
    assert_ok(du_store_act(unit.ctx, store, rules, DU_ACTION_REMOVE, NULL, &kim, &changed));
    ck_assert_int_eq(changed, RULES - 1);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) || ' ' || max(id) FROM rule"), "1 150");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) || ' ' || max(rule_id) FROM image"), "1 150");
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) || ' ' || max(image_id) FROM image_file"), "1 150");
    check_chain(store, RULES - 1);
}
END_TEST

/* One of many is not as it was, or is gone: in the first of what goes together, in the middle, among those that remain. */
static const struct {
    int rule;
    const char *meanwhile, *sentence;
    apr_status_t status;
} races[] = {
    {1, "UPDATE rule SET pending = '' WHERE id = 1", "rule 1 (UCPhone/POLYCOM/CX1/A/ENU): somebody else was faster", DU_E_CONFLICT},
    {100, "UPDATE rule SET approved = '9' WHERE id = 100", "rule 100 (UCPhone/POLYCOM/CX100/A/ENU): somebody", DU_E_CONFLICT},
    {150, "UPDATE rule SET restore = '9' WHERE id = 150", "rule 150 (UCPhone/POLYCOM/CX150/A/ENU): somebody", DU_E_CONFLICT},
    {70, "DELETE FROM image_file WHERE image_id = 70; DELETE FROM image WHERE id = 70; DELETE FROM rule WHERE id = 70", "no rule 70",
     DU_E_NOT_FOUND},
};

static void check_race(int i, du_action_e action)
{
    du_store_t *store;
    const char *spec = filled_store(&store), *before;
    apr_array_header_t *rules = all_rules(store);
    int changed;

    for (const char *rest = races[i].meanwhile; rest; rest = strchr(rest, ';')) {
        rest += *rest == ';';
        run_sql(spec, apr_pstrmemdup(unit.pool, rest, strcspn(rest, ";")));
    }
    before = census(spec);
    ck_assert_int_eq(du_store_act(unit.ctx, store, rules, action, NULL, &kim, &changed), races[i].status);
    ck_assert_msg(strstr(unit.ctx->failure.message, races[i].sentence), "%s", unit.ctx->failure.message);
    ck_assert_str_eq(census(spec), before);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM rule WHERE pending = '' AND id <> 1"), "0");
}

START_TEST(who_lost_is_named)
{
    check_race(_i, DU_ACTION_APPROVE);
}
END_TEST

START_TEST(who_lost_is_named_when_removing)
{
    check_race(_i, DU_ACTION_REMOVE);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("store_life");

    tcase_add_test(tests, each_gets_its_own_versions);
    tcase_add_test(tests, all_are_removed);
    tcase_add_loop_test(tests, who_lost_is_named, 0, COUNT_OF(races));
    tcase_add_loop_test(tests, who_lost_is_named_when_removing, 0, COUNT_OF(races));
    return unit_run(tests);
}
