#include "unit.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <apr_atomic.h>
#include <apr_thread_proc.h>

#include "du_journal.h"
#include "sample.h"

#define MAX_SIZE (64 * 1024 * 1024) /* of a file; more than these tests write */
#define HEADER                                                                                               \
    "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale," \
    "Request Modules,Response Modules,User ID,Endpoint,Result,Reason\n"

#define NOON APR_INT64_C(1283170088000000) /* 2010-08-30 12:08:08 UTC */

static du_journal_t *open_journal(void)
{
    du_journal_t *journal;

    assert_ok(du_journal_open(unit.ctx, unit.dir, "node1", MAX_SIZE, unit.pool, &journal));
    return journal;
}

static const char *file_of(const char *day)
{
    return apr_pstrcat(unit.pool, unit.dir, "/" DU_JOURNAL_DIR "/RequestHandlerAuditLog_node1_", day, ".log", NULL);
}

static du_check_t check_at(apr_time_t when)
{
    static du_request_t request = {.key = {"UCPhone", "POLYCOM", "CX600", "A", "ENU"}, .mac = "00-04-F2-00-01-76",
                                   .serial = "07823-A345"};
    du_check_t check = {when, "192.168.7.90", "internal", &request, NULL, {.result = DU_RESULT_NONE, .reason = DU_REASON_NO_RULE}, NULL};

    return check;
}

static const char *line_of(const du_check_t *check)
{
    apr_size_t len;
    const char *line = du_journal_line(unit.pool, check, &len);

    return apr_pstrmemdup(unit.pool, line, len);
}

/*
 * The line
 */

START_TEST(a_whole_line)
{
    static const du_module_t modules[] = {{"CPE.nbt", "4.0.7577.4066", NULL}, {"B.nbt", NULL, "t"}};
    const du_ruleset_t *ruleset = sample_ruleset(unit.ctx, sample_rules(unit.pool), unit_path("rules"), 1, unit.pool);
    du_request_t request = {.key = {"UCPhone", "Yealink", "T48 G", "A", "ENU"}, .mac = "00-04-F2-00-01-76",
                            .serial = "07823-A345", .user = "kim", .nmodules = 2, .modules = modules};
    du_check_t check = {NOON, "192.168.7.90", "external", &request, ruleset, {0}, "CONTOSO\\kim"};

    check.decision = du_decide(ruleset, &request, NULL);
    ck_assert_str_eq(line_of(&check),
                     "2010-08-30 12:08:08,192.168.7.90,UCPhone,00-04-F2-00-01-76,07823-A345,Yealink,T48 G,A,ENU,"
                     "CPE.nbt;4.0.7577.4066;#B.nbt;;t,CPE.nbt;CPE.cat;X.8.1.52;2013-04-02 10:00:00#"
                     "B.nbt;B.cat;X.8.1.52;2013-04-02 10:00:00,kim,external,offered,approved\n");
}
END_TEST

START_TEST(what_is_not_known_is_empty)
{
    du_check_t check = {NOON, NULL, "internal", NULL, NULL, {.result = DU_RESULT_REFUSED, .reason = DU_REASON_MALFORMED}, NULL};

    ck_assert_str_eq(line_of(&check),
                     "2010-08-30 12:08:08,,,,,,,,,,,,internal,refused,malformed\n");
    check.user = "kim";
    check.decision.reason = DU_REASON_TOO_LARGE;
    ck_assert_str_eq(line_of(&check),
                     "2010-08-30 12:08:08,,,,,,,,,,,kim,internal,refused,too-large\n");
}
END_TEST

START_TEST(E1_a_blank_mac_is_an_empty_cell)
{
    du_check_t check = check_at(NOON);
    du_request_t request = *check.request;

    request.mac = NULL;
    check.request = &request;
    ck_assert_ptr_nonnull(strstr(line_of(&check), ",UCPhone,,07823"));
}
END_TEST

/* How a text from a device stands in its cell. */
START_TEST(cells)
{
    static const struct { const char *text, *cell; } cases[] = {
        {"", ""}, {"CX600", "CX600"}, {"a b", "a b"}, {"a,b", "\"a,b\""}, {"a\"b", "\"a\"\"b\""}, {"\"", "\"\"\"\""},
        {"a;b#c", "a;b#c"}, {"\xC3\xA4", "\xC3\xA4"}, {"a=b", "a=b"}, {"a-1", "a-1"}, {"'a", "'a"},
        {"=1+1", "\"'=1+1\""}, {"+1", "\"'+1\""}, {"-1", "\"'-1\""}, {"@SUM(A1)", "\"'@SUM(A1)\""}, {"=", "\"'=\""},
        {"=cmd|'/c calc'!A1,x", "\"'=cmd|'/c calc'!A1,x\""}, {"=\"a\"", "\"'=\"\"a\"\"\""},
        /* what begins as if it had been quoted */
        {"'=1", "\"''=1\""}, {"''-", "\"'''-\""}, {"' a", "\"'' a\""}, {"'?", "\"''?\""}, {"'", "'"}, {"''", "''"}, {"?", "?"},
        /* what no name of a rule can have */
        {"a\tb", "a?b"}, {"\x7F", "?"}, {"a\nb", "a?b"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_check_t check = check_at(NOON);
        du_request_t request = *check.request;
        const char *line;

        request.serial = cases[i].text;
        check.request = &request;
        line = line_of(&check);
        ck_assert_msg(strstr(line, apr_pstrcat(unit.pool, ",00-04-F2-00-01-76,", cases[i].cell, ",POLYCOM,", NULL)) != NULL,
                      "\"%s\": %s", cases[i].text, line);
    }
}
END_TEST

/* Every text column, with each byte that could end a cell, a line or a sheet's peace. */
START_TEST(no_cell_breaks_out)
{
    static const char *const evil[] = {"a\r\nb", "a\nb", "a\rb", "\tx", "\r=1", "\n=1", "a\x01z", "a\x7Fz", "\x1B[2J", "\",\"\r\n"};
    static const du_request_t nobody;

    for (int i = 0; i < COUNT_OF(evil); i++) {
        const char *e = evil[i];
        du_module_t module = {e, e, e};
        du_request_t request = nobody;
        du_check_t check = {NOON, e, "internal", &request, NULL, {.result = DU_RESULT_NONE, .reason = DU_REASON_NO_RULE}, NULL};
        const char *line, *cell;
        int quoted = 0, columns = 1;
        apr_size_t len;

        request = (du_request_t){.key = {e, e, e, e, e}, .mac = e, .serial = e, .user = e, .nmodules = 1, .modules = &module};
        line = du_journal_line(unit.pool, &check, &len);
        cell = line;
        for (const char *c = line; c < line + len - 1; c++) {
            ck_assert_msg((unsigned char)*c >= ' ' && *c != 0x7F, "case %d: byte %d", i, *c);
            quoted ^= *c == '"';
            if (*c == ',' && !quoted) {
                columns++;
                cell = c + 1;
            }
            ck_assert_msg(c != cell + (*cell == '"') || !strchr("=+-@", *c), "case %d: column %d is a formula", i, columns);
        }
        ck_assert_int_eq(columns, 15);
        ck_assert_int_eq(quoted, 0);
        ck_assert_int_eq(line[len - 1], '\n');
    }
}
END_TEST

START_TEST(E3_separators_of_modules_cannot_be_sent)
{
    static const du_module_t module = {"a;b#c", "1;2", "#"};
    du_check_t check = check_at(NOON);
    du_request_t request = *check.request;
    const char *line, *at;

    request.nmodules = 1;
    request.modules = &module;
    check.request = &request;
    line = line_of(&check);
    at = strstr(line, ",ENU,");
    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(strncmp(at, ",ENU,a?b?c;1?2;?,", 17), 0);
}
END_TEST

START_TEST(times)
{
    static const struct { apr_int64_t seconds; const char *text; } cases[] = {
        {0, "1970-01-01 00:00:00"}, {951782399, "2000-02-28 23:59:59"}, {951782400, "2000-02-29 00:00:00"},
        {1283170088, "2010-08-30 12:08:08"}, {1798761599, "2026-12-31 23:59:59"}, {4102444800, "2100-01-01 00:00:00"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_check_t check = check_at(apr_time_from_sec(cases[i].seconds) + 999999);
        apr_size_t len;

        ck_assert_int_eq(strncmp(du_journal_line(unit.pool, &check, &len), cases[i].text, 19), 0);
    }
}
END_TEST

/*
 * The file
 */

static void append(du_journal_t *journal, apr_time_t when)
{
    du_check_t check = check_at(when);

    assert_ok(du_journal_append(unit.ctx, journal, &check));
}

START_TEST(header_first_then_lines)
{
    du_check_t check = check_at(NOON);
    const char *line = line_of(&check);

    append(open_journal(), NOON);
    ck_assert_str_eq(unit_read(file_of("2010-08-30"), NULL), apr_pstrcat(unit.pool, HEADER, line, NULL));
    append(open_journal(), NOON);
    ck_assert_str_eq(unit_read(file_of("2010-08-30"), NULL), apr_pstrcat(unit.pool, HEADER, line, line, NULL));
}
END_TEST

static int lines_of(const char *text)
{
    int n = 0;

    for (; *text; text++) {
        n += *text == '\n';
    }
    return n;
}

START_TEST(E1_a_file_a_day)
{
    du_journal_t *journal = open_journal();
    apr_time_t midnight = apr_time_from_sec(APR_INT64_C(1283212800)); /* 2010-08-31 00:00:00 UTC */

    append(journal, midnight - 1);
    append(journal, midnight);
    append(journal, midnight + 1);
    append(journal, midnight - 1); /* a check that began before midnight and ended after */
    ck_assert_int_eq(lines_of(unit_read(file_of("2010-08-30"), NULL)), 3);
    ck_assert_int_eq(lines_of(unit_read(file_of("2010-08-31"), NULL)), 3);
    ck_assert_int_eq(strncmp(unit_read(file_of("2010-08-31"), NULL), HEADER, sizeof(HEADER) - 1), 0);
}
END_TEST

START_TEST(nothing_else_in_the_directory)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    int files = 0;

    append(open_journal(), NOON);
    assert_ok(apr_dir_open(&dir, apr_pstrcat(unit.pool, unit.dir, "/" DU_JOURNAL_DIR, NULL), unit.pool));
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        files += entry.name[0] != '.';
    }
    apr_dir_close(dir);
    ck_assert_int_eq(files, 1);
}
END_TEST

/* Lines of whoever, whose serial number says who and which: every one whole, once and in the writer's order. */
static void check_lines(int writers, int each)
{
    char *text = unit_read(file_of("2010-08-30"), NULL), *rest, *line;
    int *next = apr_pcalloc(unit.pool, sizeof(*next) * (apr_size_t)writers), n = 0;

    ck_assert_int_eq(strncmp(text, HEADER, sizeof(HEADER) - 1), 0);
    for (line = apr_strtok(text + sizeof(HEADER) - 1, "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest)) {
        int writer, number, end = 0;

        sscanf(line, "2010-08-30 12:08:08,192.168.7.90,UCPhone,00-04-F2-00-01-76,w%d-%d,POLYCOM,CX600,A,ENU,,,,internal,none,"
                     "no-rule%n", &writer, &number, &end);
        ck_assert_msg(end > 0 && line[end] == '\0', "line %d: %s", n, line);
        ck_assert_int_lt(writer, writers);
        ck_assert_int_eq(number, next[writer]++);
        n++;
    }
    ck_assert_int_eq(n, writers * each);
}

/* Appends `each` lines as writer number `writer`; 1 if all were written. */
static int write_lines(du_journal_t *journal, int writer, int each)
{
    apr_pool_t *pool;
    du_ctx_t *ctx;
    int ok = 1;

    apr_pool_create(&pool, NULL);
    ctx = du_ctx_make(pool);
    for (int i = 0; i < each && ok; i++) {
        du_check_t check = check_at(NOON);
        du_request_t request = *check.request;

        request.serial = apr_psprintf(pool, "w%d-%d", writer, i);
        check.request = &request;
        ok = du_journal_append(ctx, journal, &check) == APR_SUCCESS;
        apr_pool_clear(pool);
        ctx = du_ctx_make(pool);
    }
    apr_pool_destroy(pool);
    return ok;
}

/* `writers` processes that begin at the same moment. */
static void run_processes(int writers, int each)
{
    volatile apr_uint32_t *ready = mmap(NULL, sizeof(*ready), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status;

    ck_assert_ptr_ne((void *)ready, MAP_FAILED);
    for (int i = 0; i < writers; i++) {
        if (fork() == 0) {
            du_journal_t *journal;
            apr_status_t rv;

            apr_atomic_inc32(ready);
            while (apr_atomic_read32(ready) < (apr_uint32_t)writers) {
            }
            rv = du_journal_open(unit.ctx, unit.dir, "node1", MAX_SIZE, unit.pool, &journal);
            _exit(rv == APR_SUCCESS && write_lines(journal, i, each) ? 0 : 1);
        }
    }
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
    }
    check_lines(writers, each);
}

START_TEST(eight_processes_start_the_file_at_once)
{
    for (int round = 0; round < 20; round++) {
        run_processes(8, 1);
        assert_ok(apr_file_remove(file_of("2010-08-30"), unit.pool));
    }
}
END_TEST

START_TEST(four_processes_a_thousand_lines_each)
{
    run_processes(4, 1000);
}
END_TEST

typedef struct writer_t {
    du_journal_t *journal;
    int number;
} writer_t;

static void *APR_THREAD_FUNC write_on(apr_thread_t *thread, void *baton)
{
    writer_t *writer = baton;

    apr_thread_exit(thread, write_lines(writer->journal, writer->number, 1000) ? APR_SUCCESS : APR_EGENERAL);
    return NULL;
}

START_TEST(four_threads_share_a_journal)
{
    enum { THREADS = 4 };
    apr_thread_t *threads[THREADS];
    writer_t writers[THREADS];
    du_journal_t *journal = open_journal();

    for (int i = 0; i < THREADS; i++) {
        writers[i] = (writer_t){journal, i};
        assert_ok(apr_thread_create(&threads[i], NULL, write_on, &writers[i], unit.pool));
    }
    for (int i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, threads[i]);
        ck_assert_int_eq(rv, APR_SUCCESS);
    }
    check_lines(THREADS, 1000);
}
END_TEST

START_TEST(position)
{
    du_check_t check = check_at(NOON);
    const apr_off_t line_len = (apr_off_t)strlen(line_of(&check)), begin = sizeof(HEADER) - 1;
    du_journal_t *journal, *other;
    apr_off_t size;
    int number;

    assert_ok(du_journal_open(unit.ctx, unit.dir, "node1", begin + 2 * line_len, unit.pool, &journal));
    assert_ok(du_journal_open(unit.ctx, unit.dir, "node1", begin + 2 * line_len, unit.pool, &other));
    ck_assert_int_eq(du_journal_position(journal, DU_SERIES_CHECKS, NOON, unit.pool, &number, &size), APR_ENOENT);
    for (int i = 0; i < 5; i++) {
        append(journal, NOON);
        assert_ok(du_journal_position(journal, DU_SERIES_CHECKS, NOON, unit.pool, &number, &size));
        ck_assert_int_eq(number, i / 2);
        ck_assert_int_eq(size, begin + (1 + i % 2) * line_len);
    }
    assert_ok(du_journal_position(other, DU_SERIES_CHECKS, NOON, unit.pool, &number, &size));
    ck_assert_int_eq(number, 2);
    ck_assert_int_eq(du_journal_position(journal, DU_SERIES_CHECKS, NOON + apr_time_from_sec(86400), unit.pool, &number, &size),
                     APR_ENOENT);
    ck_assert_int_eq(du_journal_position(journal, DU_SERIES_UPLOADS, NOON, unit.pool, &number, &size), APR_ENOENT);
}
END_TEST

static int lines_of_file(du_journal_t *journal, int *number)
{
    du_check_t check = check_at(NOON);
    apr_off_t size;

    assert_ok(du_journal_position(journal, DU_SERIES_CHECKS, NOON, unit.pool, number, &size));
    return (int)((size - (apr_off_t)sizeof(HEADER) + 1) / (apr_off_t)strlen(line_of(&check)));
}

START_TEST(C5_another_limit_holds_at_once)
{
    du_check_t check = check_at(NOON);
    const apr_off_t line_len = (apr_off_t)strlen(line_of(&check)), begin = sizeof(HEADER) - 1;
    du_journal_t *journal, *late;
    int number;

    assert_ok(du_journal_open(unit.ctx, unit.dir, "node1", begin + 10 * line_len, unit.pool, &journal));
    for (int i = 0; i < 3; i++) {
        append(journal, NOON);
    }
    du_journal_limit(journal, begin + 2 * line_len);
    append(journal, NOON);
    ck_assert_int_eq(lines_of_file(journal, &number), 1);
    ck_assert_int_eq(number, 1);
    /* A larger limit does not make full files fit for lines again, whoever comes: they are over. */
    du_journal_limit(journal, begin + 10 * line_len);
    assert_ok(du_journal_open(unit.ctx, unit.dir, "node1", begin + 10 * line_len, unit.pool, &late));
    append(late, NOON);
    append(journal, NOON);
    ck_assert_int_eq(lines_of_file(journal, &number), 3);
    ck_assert_int_eq(number, 1);
}
END_TEST

/*
 * Trouble
 */

/* Appends while files of this process may grow to `size` bytes only: a disk that is full, without a disk. libcheck itself
 * writes to a file, so nothing is asserted in between. */
static apr_status_t append_limited(du_journal_t *journal, rlim_t size)
{
    struct rlimit limit = {size, RLIM_INFINITY}, unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    du_check_t check = check_at(NOON);
    apr_status_t rv;

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    rv = du_journal_append(unit.ctx, journal, &check);
    setrlimit(RLIMIT_FSIZE, &unlimited);
    return rv;
}

/* After a disk that was full: the cut line is there as a line of its own, what comes later is whole. */
static void check_cut_file(const char *text, const char *whole)
{
    ck_assert_int_eq(strncmp(text, HEADER, sizeof(HEADER) - 1), 0);
    text += sizeof(HEADER) - 1;
    ck_assert_int_eq(strncmp(text, whole, strlen(whole)), 0);
    text += strlen(whole);
    ck_assert_int_eq(strncmp(text, whole, 10), 0);
    ck_assert_str_eq(text + 10, apr_pstrcat(unit.pool, "\n", whole, NULL));
}

START_TEST(disk_full_and_free_again)
{
    du_check_t check = check_at(NOON);
    const char *line = line_of(&check);
    du_journal_t *journal = open_journal();

    append(journal, NOON);
    for (int i = 0; i < 3; i++) {
        apr_status_t rv = append_limited(journal, sizeof(HEADER) - 1 + strlen(line) + 10);

        ck_assert_int_ne(rv, APR_SUCCESS);
        ck_assert_ptr_nonnull(unit.ctx->failure.id);
    }
    append(journal, NOON);
    check_cut_file(unit_read(file_of("2010-08-30"), NULL), line);
}
END_TEST

START_TEST(cut_line_of_another_process)
{
    du_check_t check = check_at(NOON);
    const char *line = line_of(&check);
    du_journal_t *first = open_journal(), *second = open_journal();

    append(first, NOON);
    ck_assert_int_ne(append_limited(second, sizeof(HEADER) - 1 + strlen(line) + 10), APR_SUCCESS);
    append(first, NOON);
    check_cut_file(unit_read(file_of("2010-08-30"), NULL), line);
}
END_TEST

START_TEST(cut_line_of_a_process_that_is_gone)
{
    du_check_t check = check_at(NOON);
    const char *line = line_of(&check), *path = file_of("2010-08-30");

    append(open_journal(), NOON);
    unit_write(path, apr_pstrcat(unit.pool, HEADER, line, line, NULL), sizeof(HEADER) - 1 + strlen(line) + 10);
    append(open_journal(), NOON);
    check_cut_file(unit_read(path, NULL), line);
}
END_TEST

/* The header did not fit: there is no file without one. */
START_TEST(disk_full_at_the_first_line)
{
    du_journal_t *journal = open_journal();
    apr_status_t rv = append_limited(journal, 10);

    ck_assert_int_ne(rv, APR_SUCCESS);
    ck_assert_int_ne(access(file_of("2010-08-30"), F_OK), 0);
    append(journal, NOON);
    ck_assert_int_eq(strncmp(unit_read(file_of("2010-08-30"), NULL), HEADER, sizeof(HEADER) - 1), 0);
}
END_TEST

START_TEST(device_without_space)
{
    du_journal_t *journal = open_journal();
    du_check_t check = check_at(NOON);

    append(journal, NOON + apr_time_from_sec(24 * 3600)); /* the directory is there now */
    if (access("/dev/full", W_OK) == 0) {
        ck_assert_int_eq(symlink("/dev/full", file_of("2010-08-30")), 0);
        ck_assert(APR_STATUS_IS_ENOSPC(du_journal_append(unit.ctx, journal, &check)));
        ck_assert_ptr_nonnull(strstr(unit.ctx->failure.message, "RequestHandlerAuditLog_node1_2010-08-30"));
    }
}
END_TEST

START_TEST(directories_that_cannot_be_made)
{
    du_journal_t *journal;
    du_check_t check = check_at(NOON);
    apr_status_t rv;

    unit_write(unit_path("DeviceUpdateLogs"), "", 0);
    rv = du_journal_open(unit.ctx, unit.dir, "node1", MAX_SIZE, unit.pool, &journal);
    if (rv == APR_SUCCESS) {
        rv = du_journal_append(unit.ctx, journal, &check);
    }
    ck_assert_int_ne(rv, APR_SUCCESS);
    ck_assert_ptr_nonnull(unit.ctx->failure.id);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("journal");

    tcase_add_test(tests, a_whole_line);
    tcase_add_test(tests, what_is_not_known_is_empty);
    tcase_add_test(tests, E1_a_blank_mac_is_an_empty_cell);
    tcase_add_test(tests, cells);
    tcase_add_test(tests, no_cell_breaks_out);
    tcase_add_test(tests, E3_separators_of_modules_cannot_be_sent);
    tcase_add_test(tests, times);
    tcase_add_test(tests, header_first_then_lines);
    tcase_add_test(tests, E1_a_file_a_day);
    tcase_add_test(tests, nothing_else_in_the_directory);
    tcase_add_test(tests, eight_processes_start_the_file_at_once);
    tcase_add_test(tests, four_processes_a_thousand_lines_each);
    tcase_add_test(tests, four_threads_share_a_journal);
    tcase_add_test(tests, position);
    tcase_add_test(tests, C5_another_limit_holds_at_once);
    tcase_add_test(tests, disk_full_and_free_again);
    tcase_add_test(tests, cut_line_of_another_process);
    tcase_add_test(tests, cut_line_of_a_process_that_is_gone);
    tcase_add_test(tests, disk_full_at_the_first_line);
    tcase_add_test(tests, device_without_space);
    tcase_add_test(tests, directories_that_cannot_be_made);
    return unit_run(tests);
}
