#include "store.h"

#include "du_batch.h"
#include "du_schema.h"

#define TAKEN (DU_SQL_PARAMETERS_MAX / 3) /* rows of table setting, which has three columns, in one statement */

typedef struct filling_t {
    du_db_t *db;
    int count, changed;
    const char **values;
} filling_t;

static apr_status_t fill(du_ctx_t *ctx, void *baton)
{
    filling_t *filling = baton;

    return du_batch_execute(ctx, filling->db, DU_SQL_WRITE_SETTING, filling->values, 3, filling->count, &filling->changed);
}

/* None, one, one less than a statement takes, as many, one more, several statements and a rest. */
START_TEST(every_row_once)
{
    static const int counts[] = {0, 1, TAKEN - 1, TAKEN, TAKEN + 1, 3 * TAKEN + 7};
    const char *spec = fresh_store();
    filling_t filling = {.count = counts[_i], .changed = -1};

    assert_ok(du_db_open(unit.ctx, spec, DU_DB_CREATE, unit.pool, &filling.db));
    assert_ok(du_schema_create(unit.ctx, filling.db));
    filling.values = apr_palloc(unit.pool, sizeof(*filling.values) * 3 * (size_t)(filling.count + 1));
    for (int i = 0; i < filling.count; i++) {
        filling.values[3 * i] = "s";
        filling.values[3 * i + 1] = apr_psprintf(unit.pool, "n%d", i);
        filling.values[3 * i + 2] = apr_itoa(unit.pool, i);
    }
    assert_ok(du_db_transaction(unit.ctx, filling.db, fill, &filling));
    ck_assert_int_eq(filling.changed, filling.count);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM setting WHERE name = 'n' || value"), apr_itoa(unit.pool, filling.count));
}
END_TEST

/* A row that is there already fails the whole. */
START_TEST(a_failure_in_the_last_row)
{
    const char *spec = fresh_store();
    const char *values[3 * (TAKEN + 2)];
    filling_t filling = {.count = TAKEN + 2, .values = values};

    assert_ok(du_db_open(unit.ctx, spec, DU_DB_CREATE, unit.pool, &filling.db));
    assert_ok(du_schema_create(unit.ctx, filling.db));
    for (int i = 0; i < filling.count; i++) {
        values[3 * i] = "s";
        values[3 * i + 1] = i == filling.count - 1 ? "n0" : apr_psprintf(unit.pool, "n%d", i);
        values[3 * i + 2] = "1";
    }
    assert_refused(DU_E_STORE, du_db_transaction(unit.ctx, filling.db, fill, &filling));
    ck_assert_int_eq(filling.changed, TAKEN + 1);
    ck_assert_str_eq(run_sql(spec, "SELECT count(*) FROM setting"), "0");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("batch");

    tcase_add_loop_test(tests, every_row_once, 0, 6);
    tcase_add_test(tests, a_failure_in_the_last_row);
    return unit_run(tests);
}
