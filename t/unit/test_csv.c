#include "unit.h"

#include "du_csv.h"

/* A line, and its cells; no cells where it is no record. */
static const struct {
    const char *line, *cells[4];
} cases[] = {
    {"", {""}},
    {"a,b", {"a", "b"}},
    {"a,,b", {"a", "", "b"}},
    {",", {"", ""}},
    {"\"a,b\",c", {"a,b", "c"}},
    {"\"say \"\"no\"\"\",", {"say \"no\"", ""}},
    {"\"\"", {""}},
    {"\"\"\"\"", {"\""}},
    {"\"'=1+1\",x", {"=1+1", "x"}},
    {"\"'-1\"", {"-1"}},
    {"\"'a,b\"", {"'a,b"}},
    {"'=1", {"'=1"}},
    {"f;1;t#g;2;", {"f;1;t#g;2;"}},
    {"a\"b", {NULL}},
    {"\"a", {NULL}},
    {"\"a\"b,c", {NULL}},
    {"\"a\"\"", {NULL}},
    {"1,2,3,4,5", {NULL}},
};

START_TEST(lines)
{
    for (int i = 0; i < COUNT_OF(cases); i++) {
        const char *cells[4], *const *expected = cases[i].cells;
        apr_size_t len = strlen(cases[i].line);
        char *line = unit_exact(cases[i].line, len + 1);
        int count = du_csv_split(line, len, cells, 4), wanted = 0;

        while (wanted < 4 && expected[wanted]) {
            wanted++;
        }
        ck_assert_msg(count == (wanted ? wanted : -1), "%s: %d cells", cases[i].line, count);
        for (int c = 0; c < count; c++) {
            ck_assert_msg(strcmp(cells[c], expected[c]) == 0, "%s: cell %d is \"%s\"", cases[i].line, c, cells[c]);
        }
    }
}
END_TEST

/* What is written is what is read again, and no cell begins as a formula does. */
START_TEST(written_lines)
{
    static const struct { const char *cells[3], *line; } rows[] = {
        {{"a", "", "b c"}, "a,,b c\n"},
        {{NULL, "say \"no\"", "x,y"}, ",\"say \"\"no\"\"\",\"x,y\"\n"},
        {{"=1+1", "@x", "-1"}, "\"'=1+1\",\"'@x\",\"'-1\"\n"},
        {{"\t=1", "\r1", "a\nb"}, "\"' =1\",\"' 1\",\"a b\"\n"},
        {{"\xe3\x82\xa2", "'a", "+"}, "\xe3\x82\xa2,'a,\"'+\"\n"},
    };

    for (int i = 0; i < COUNT_OF(rows); i++) {
        const char *line = du_csv_line(unit.pool, rows[i].cells, 3), *cells[4];
        apr_size_t len = strlen(line) - 1;

        ck_assert_str_eq(line, rows[i].line);
        ck_assert_int_eq(du_csv_split(apr_pstrmemdup(unit.pool, line, len), len, cells, 4), 3);
    }
}
END_TEST

START_TEST(nul_in_a_line)
{
    char line[] = "a\0b,c";
    const char *cells[4];

    ck_assert_int_eq(du_csv_split(line, 5, cells, 4), -1);
}
END_TEST

static du_csv_t *open_with(const char *content, apr_size_t len)
{
    du_csv_t *csv;

    unit_write(unit_path("a.csv"), content, len);
    assert_ok(du_csv_open(unit_path("a.csv"), unit.pool, &csv));
    return csv;
}

/* Lines of any length up to the limit come out whole, whatever the blocks they are read in. */
START_TEST(a_file)
{
    enum { LINES = 2000 };
    char *content = apr_palloc(unit.pool, LINES * 1000), *end = content;
    const char *const *cells;
    du_csv_t *csv;
    int count;

    for (int i = 0; i < LINES; i++) {
        int len = i * 37 % 900;

        end += apr_snprintf(end, 20, "%d,", i);
        memset(end, 'x', (size_t)len);
        end += len;
        *end++ = '\n';
    }
    csv = open_with(content, (apr_size_t)(end - content));
    for (int i = 0; i < LINES; i++) {
        assert_ok(du_csv_next(csv, &cells, &count));
        ck_assert_int_eq(count, 2);
        ck_assert_int_eq(atoi(cells[0]), i);
        ck_assert_int_eq((int)strlen(cells[1]), i * 37 % 900);
    }
    ck_assert_int_eq(du_csv_next(csv, &cells, &count), APR_EOF);
    du_csv_close(csv);
}
END_TEST

START_TEST(lines_that_are_no_records)
{
    static const apr_size_t lengths[] = {DU_CSV_LINE_MAX, DU_CSV_LINE_MAX + 1, 3 * DU_CSV_LINE_MAX};
    char *content = apr_palloc(unit.pool, 6 * DU_CSV_LINE_MAX);
    apr_size_t len = 0;
    const char *const *cells;
    du_csv_t *csv;
    int count;

    for (int i = 0; i < COUNT_OF(lengths); i++) {
        memset(content + len, 'a' + i, lengths[i]);
        len += lengths[i];
        content[len++] = '\n';
    }
    len += (apr_size_t)apr_snprintf(content + len, 100, "a\"b\nx,y\nno end of line");
    csv = open_with(content, len);
    assert_ok(du_csv_next(csv, &cells, &count));
    ck_assert_int_eq((int)strlen(cells[0]), DU_CSV_LINE_MAX);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(du_csv_next(csv, &cells, &count), DU_E_MALFORMED);
    }
    assert_ok(du_csv_next(csv, &cells, &count));
    ck_assert_str_eq(cells[1], "y");
    ck_assert_int_eq(du_csv_next(csv, &cells, &count), APR_EOF);
    du_csv_close(csv);
}
END_TEST

START_TEST(no_file)
{
    du_csv_t *csv;

    ck_assert(APR_STATUS_IS_ENOENT(du_csv_open(unit_path("none.csv"), unit.pool, &csv)));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("csv");

    tcase_add_test(tests, lines);
    tcase_add_test(tests, written_lines);
    tcase_add_test(tests, nul_in_a_line);
    tcase_add_test(tests, a_file);
    tcase_add_test(tests, lines_that_are_no_records);
    tcase_add_test(tests, no_file);
    return unit_run(tests);
}
