#include "store.h"

#include "du_schema.h"
#include "du_table.h"

typedef struct filling_t {
    du_db_t *db;
    int count;
} filling_t;

/* Settings, spread over three scopes. */
static apr_status_t fill(du_ctx_t *ctx, void *baton)
{
    const filling_t *filling = baton;
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < filling->count && rv == APR_SUCCESS; i++) {
        const char *columns[] = {apr_psprintf(unit.pool, "s%d", i % 3), apr_psprintf(unit.pool, "n%05d", i), apr_itoa(unit.pool, i)};

        rv = du_table_write(ctx, filling->db, DU_TABLE_SETTING, columns);
    }
    return rv;
}

/* What the rows were, and that they come in the order of the key. */
typedef struct seen_t {
    int count, sum;
    const char *last;
} seen_t;

static apr_status_t see(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    seen_t *seen = baton;
    const char *key = apr_pstrcat(unit.pool, columns[0], columns[1], NULL);

    (void)row_pool;
    ck_assert_str_gt(key, seen->last);
    seen->last = key;
    seen->count++;
    seen->sum += atoi(columns[2]);
    return seen->count == 5000 ? APR_EGENERAL : APR_SUCCESS;
}

static du_db_t *filled(int count)
{
    filling_t filling = {.count = count};

    assert_ok(du_db_open(unit.ctx, fresh_store(), DU_DB_CREATE, unit.pool, &filling.db));
    assert_ok(du_schema_create(unit.ctx, filling.db));
    assert_ok(du_db_transaction(unit.ctx, filling.db, fill, &filling));
    return filling.db;
}

/* None, few, exactly as many as are read at a time, one more, many. */
START_TEST(all_rows_once)
{
    static const int counts[] = {0, 1, 999, 1000, 1001, 3500};
    int count = counts[_i];
    du_db_t *db = filled(count);
    seen_t seen = {.last = ""};
    apr_int64_t rows;

    assert_ok(du_table_read(unit.ctx, db, DU_TABLE_SETTING, see, &seen));
    ck_assert_int_eq(seen.count, count);
    ck_assert_int_eq(seen.sum, count * (count - 1) / 2);
    assert_ok(du_table_count(unit.ctx, db, DU_TABLE_SETTING, &rows));
    ck_assert_int_eq(rows, count);
}
END_TEST

START_TEST(a_reader_may_end_it)
{
    du_db_t *db = filled(5500);
    seen_t seen = {.last = ""};

    assert_rv(APR_EGENERAL, du_table_read(unit.ctx, db, DU_TABLE_SETTING, see, &seen));
    ck_assert_int_eq(seen.count, 5000);
}
END_TEST

START_TEST(every_table_can_be_read)
{
    du_db_t *db = filled(1);

    for (int table = 0; table < DU_TABLES; table++) {
        apr_int64_t rows;

        assert_ok(du_table_count(unit.ctx, db, (du_table_e)table, &rows));
        ck_assert_int_eq(rows, table == DU_TABLE_COUNTER ? 8 : table == DU_TABLE_SETTING ? 1 : 0);
    }
    ck_assert_str_eq(du_table_name(DU_TABLE_IMAGE_FILE), "image_file");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("table");

    tcase_add_loop_test(tests, all_rows_once, 0, 6);
    tcase_add_test(tests, a_reader_may_end_it);
    tcase_add_test(tests, every_table_can_be_read);
    return unit_run(tests);
}
