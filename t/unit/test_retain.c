#include "unit.h"

#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "du_retain.h"

#define SECOND APR_USEC_PER_SEC
#define DAY    (86400 * (apr_time_t)SECOND)
#define NOW    (1795392000 * (apr_time_t)SECOND) /* 2026-11-23 00:00:00 UTC */
#define AUDIT  "DeviceUpdateLogs/Server/Audit/ImageUpdates/"
#define CELOG  "DeviceUpdateLogs/Client/CELog/"

/* Makes a file below the file store, and the directories above it. */
static void make_log(const char *path, int size, apr_time_t written)
{
    const char *full = unit_path(path);
    struct timeval times[2] = {{written / SECOND, written % SECOND}, {written / SECOND, written % SECOND}};
    FILE *file;

    for (char *slash = strchr(full + strlen(unit.dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "%0*d", size, 0);
    fclose(file);
    ck_assert_int_eq(utimes(full, times), 0);
}

static int is_there(const char *path)
{
    struct stat info;

    return lstat(unit_path(path), &info) == 0;
}

static du_retained_t clean(const char *node, apr_time_t before, apr_off_t quota)
{
    du_retain_t what = {.files = unit.dir, .node = node, .before = before, .quota = quota};
    du_retained_t removed;

    unit.now = NOW;
    unit.ctx->now = unit_clock;
    assert_ok(du_retain_clean(unit.ctx, &what, &removed));
    return removed;
}

START_TEST(C6_old_logs_go_and_younger_stay)
{
    static const struct {
        const char *path;
        apr_time_t age;
        int stays;
    } cases[] = {
        {CELOG "UCPhone_1-20261101-CELOG010203_0.clg", 11 * DAY, 0},
        {CELOG "UCPhone_2-20261101-CELOG010203_0.clg", 10 * DAY, 1}, /* "older than" */
        {CELOG "UCPhone_3-20261101-CELOG010203_0.clg", 10 * DAY + 1, 0},
        {CELOG "UCPhone_4-20261101-CELOG010203_0.clg", 9 * DAY, 1},
        {CELOG "whatever somebody put here", 11 * DAY, 0},
        {"DeviceUpdateLogs/Client/Removed type/x", 11 * DAY, 0},
        {"DeviceUpdateLogs/Client/.staging/x", 11 * DAY, 1}, /* the spool's own business */
        {"DeviceUpdateLogs/Client/.snapshot/CELog/x", 11 * DAY, 1},
        {"DeviceUpdateLogs/Client/x", 11 * DAY, 1},
        {CELOG "deeper/x", 11 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-01.log", 11 * DAY, 0},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-01_9999.log", 11 * DAY, 0},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-20.log", 3 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-22.log", 11 * DAY, 0},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-23.log", 11 * DAY, 1}, /* today's */
        {AUDIT "RequestHandlerAuditLog_n_2026-11-23_1.log", 11 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-24.log", 11 * DAY, 1}, /* of a clock that is ahead */
        {AUDIT "RequestHandlerAuditLog_m_2026-11-01.log", 11 * DAY, 1}, /* of other nodes */
        {AUDIT "RequestHandlerAuditLog_n_2026-11-01_2026-11-02.log", 11 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_nn_2026-11-01.log", 11 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_N_2026-11-01.log", 11 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-01.log.gz", 11 * DAY, 1}, /* of nobody we know */
        {AUDIT "RequestHandlerAuditLog_n_2026-11-1.log", 11 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-01_x.log", 11 * DAY, 1},
        {AUDIT "RequestHandlerAuditLog_n_2026-11-01_.log", 11 * DAY, 1},
        {AUDIT "DevUpdateUploads_n_2026-11-01.log", 11 * DAY, 1},
        {"DeviceUpdateLogs/Server/Uploads/DevUpdateUploads_n_2026-11-01.log", 11 * DAY, 0},
        {"DeviceUpdateLogs/Server/Uploads/DevUpdateUploads_n_2026-11-23.log", 11 * DAY, 1},
        {"DeviceUpdateLogs/Server/Downloads/DevUpdateDownloads_n_2026-11-01_3.log", 11 * DAY, 0},
        {"DeviceUpdateStore/UCPhone/x", 11 * DAY, 1},
        {"x", 11 * DAY, 1},
    };
    du_retained_t removed;

    for (int i = 0; i < COUNT_OF(cases); i++) {
        make_log(cases[i].path, 10, NOW - cases[i].age);
    }
    removed = clean("n", NOW - 10 * DAY, 0);
    for (int i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(is_there(cases[i].path) == cases[i].stays, "%s is %s", cases[i].path,
                      cases[i].stays ? "gone" : "still there");
    }
    ck_assert_str_eq(du_retained_text(unit.pool, &removed),
                     "client 4 files 40 bytes, downloads 1 file 10 bytes, uploads 1 file 10 bytes, audit 3 files 30 bytes");
    ck_assert_int_eq(removed.files, 9);
    ck_assert_int_eq(removed.bytes, 90);
    removed = clean("n", NOW - 10 * DAY, 0);
    ck_assert_str_eq(du_retained_text(unit.pool, &removed), "");
    removed = clean(NULL, NOW - 10 * DAY, 0); /* of every node */
    ck_assert_str_eq(du_retained_text(unit.pool, &removed), "audit 4 files 40 bytes");
}
END_TEST

START_TEST(a_dry_run_removes_nothing)
{
    du_retain_t what = {.files = unit.dir, .before = NOW, .is_dry = 1};
    du_retained_t removed;

    make_log(CELOG "a", 3, NOW - DAY);
    unit.now = NOW;
    unit.ctx->now = unit_clock;
    assert_ok(du_retain_clean(unit.ctx, &what, &removed));
    ck_assert_str_eq(du_retained_text(unit.pool, &removed), "client 1 file 3 bytes");
    ck_assert_int_eq(is_there(CELOG "a"), 1);
}
END_TEST

START_TEST(nothing_outside_is_touched)
{
    du_retained_t removed;

    make_log("outside/old", 3, NOW - 11 * DAY);
    make_log(CELOG "old", 3, NOW - 11 * DAY);
    ck_assert_int_eq(symlink(unit_path("outside"), unit_path("DeviceUpdateLogs/Client/Linked")), 0);
    ck_assert_int_eq(symlink(unit_path("outside/old"), unit_path(CELOG "linked")), 0);
    removed = clean(NULL, NOW - 10 * DAY, 1);
    ck_assert_int_eq(removed.files, 1);
    ck_assert_int_eq(is_there("outside/old"), 1);
    ck_assert_int_eq(is_there(CELOG "linked"), 1);
    ck_assert_int_eq(is_there(CELOG "old"), 0);
}
END_TEST

/* Said, because the logs of somebody who moved the directory elsewhere would never be removed. */
START_TEST(a_linked_directory_is_a_failure)
{
    du_retain_t what = {.files = unit.dir, .before = NOW};
    du_retained_t removed;

    make_log("outside/CELog/old", 3, NOW - 11 * DAY);
    make_log(AUDIT "RequestHandlerAuditLog_n_2026-11-01.log", 3, NOW - 11 * DAY);
    ck_assert_int_eq(symlink(unit_path("outside"), unit_path("DeviceUpdateLogs/Client")), 0);
    ck_assert_int_ne(du_retain_clean(unit.ctx, &what, &removed), APR_SUCCESS);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0910");
    ck_assert_int_eq(is_there("outside/CELog/old"), 1);
    ck_assert_str_eq(du_retained_text(unit.pool, &removed), "audit 1 file 3 bytes"); /* the others are seen to */
}
END_TEST

START_TEST(no_logs_at_all)
{
    du_retained_t removed = clean("n", NOW, 1);

    ck_assert_int_eq(removed.files, 0);
}
END_TEST

/* Four old ones of a hundred bytes each, an audit file that is the oldest, today's, and another node's. */
static void make_for_quota(void)
{
    make_log(CELOG "1", 100, NOW - 5 * DAY);
    make_log("DeviceUpdateLogs/Client/Watson/2", 100, NOW - 4 * DAY);
    make_log("DeviceUpdateLogs/Server/Uploads/DevUpdateUploads_n_2026-11-20.log", 100, NOW - 3 * DAY);
    make_log(CELOG "4", 100, NOW - 2 * DAY);
    make_log(AUDIT "RequestHandlerAuditLog_n_2026-11-10.log", 100, NOW - 9 * DAY);
    make_log(AUDIT "RequestHandlerAuditLog_n_2026-11-23.log", 100, NOW - 9 * DAY);
    make_log(AUDIT "RequestHandlerAuditLog_m_2026-11-10.log", 100, NOW - 9 * DAY);
}

START_TEST(a_quota_takes_the_oldest_and_audit_files_last)
{
    static const struct {
        apr_off_t quota;
        const char *removed;
    } cases[] = {
        {0, ""},
        {701, ""},
        {700, ""},
        {699, "client 1 file 100 bytes"},
        {600, "client 1 file 100 bytes"},
        {599, "client 2 files 200 bytes"},
        {400, "client 2 files 200 bytes, uploads 1 file 100 bytes"},
        {300, "client 3 files 300 bytes, uploads 1 file 100 bytes"},
        {299, "client 3 files 300 bytes, uploads 1 file 100 bytes, audit 1 file 100 bytes"},
        {1, "client 3 files 300 bytes, uploads 1 file 100 bytes, audit 1 file 100 bytes"},
    };

    for (int i = 0; i < COUNT_OF(cases); i++) {
        du_retained_t removed;

        make_for_quota();
        removed = clean("n", NOW - 10 * DAY, cases[i].quota);
        ck_assert_msg(strcmp(du_retained_text(unit.pool, &removed), cases[i].removed) == 0, "quota %d: %s",
                      (int)cases[i].quota, du_retained_text(unit.pool, &removed));
        ck_assert_int_eq(is_there(AUDIT "RequestHandlerAuditLog_n_2026-11-23.log"), 1);
        ck_assert_int_eq(is_there(AUDIT "RequestHandlerAuditLog_m_2026-11-10.log"), 1);
    }
}
END_TEST

START_TEST(a_quota_takes_no_more_than_it_must_of_one_moment)
{
    du_retained_t removed;

    for (int i = 0; i < 10; i++) {
        make_log(apr_psprintf(unit.pool, CELOG "%d", i), 100, NOW - 2 * DAY);
    }
    make_log(CELOG "oldest", 100, NOW - 3 * DAY);
    removed = clean("n", NOW - 10 * DAY, 850);
    ck_assert_int_eq(removed.files, 3);
    ck_assert_int_eq(is_there(CELOG "oldest"), 0);
}
END_TEST

static int stop_at_third(void *baton)
{
    return ++*(int *)baton > 3;
}

START_TEST(it_stops_when_told)
{
    int asked = 0;
    du_retain_t what = {.files = unit.dir, .before = NOW, .is_stopped = stop_at_third, .baton = &asked};
    du_retained_t removed;

    for (int i = 0; i < 10; i++) {
        make_log(apr_psprintf(unit.pool, CELOG "%d", i), 1, NOW - 2 * DAY);
    }
    ck_assert_int_eq(du_retain_clean(unit.ctx, &what, &removed), APR_EINTR);
    ck_assert_int_eq(removed.files, 3);
}
END_TEST

/*
 * When
 */

static apr_time_t berlin(int year, int month, int day, int hour, int minute, int is_summer)
{
    struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute,
                   .tm_isdst = is_summer};

    return (apr_time_t)mktime(&t) * SECOND;
}

static void in_berlin(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    ck_assert_int_ne(berlin(2026, 7, 1, 12, 0, 1) % DAY, 12 * 3600 * (apr_time_t)SECOND);
}

#define AT(hour, minute) ((hour) * 60 + (minute))

START_TEST(once_a_day)
{
    in_berlin();
    /* over midnight */
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 21, 12, 0, 0), berlin(2026, 11, 21, 23, 59, 0), 0), 0);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 21, 12, 0, 0), berlin(2026, 11, 22, 0, 0, 0), 0), 1);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 0, 0, 0), berlin(2026, 11, 22, 0, 0, 0), 0), 0);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 0, 0, 0), berlin(2026, 11, 22, 23, 59, 0), 0), 0);
    /* at 03:00 */
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 21, 3, 0, 0), berlin(2026, 11, 22, 2, 59, 0), AT(3, 0)), 0);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 21, 3, 0, 0), berlin(2026, 11, 22, 3, 0, 0), AT(3, 0)), 1);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 2, 0, 0), berlin(2026, 11, 22, 3, 0, 0), AT(3, 0)), 1);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 3, 0, 0), berlin(2026, 11, 22, 3, 0, 0), AT(3, 0)), 0);
    /* the node was down then, for an hour or for a week */
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 21, 3, 0, 0), berlin(2026, 11, 22, 4, 0, 0), AT(3, 0)), 1);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 15, 3, 0, 0), berlin(2026, 11, 22, 1, 0, 0), AT(3, 0)), 1);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 1, 0, 0), berlin(2026, 11, 22, 2, 0, 0), AT(3, 0)), 0);
}
END_TEST

/* Counts the clean-ups of a stretch of time that is looked at every minute. */
static int runs(apr_time_t last, apr_time_t end, int minutes)
{
    int count = 0;

    for (apr_time_t now = last; now <= end; now += 60 * (apr_time_t)SECOND) {
        if (du_retain_is_due(last, now, minutes)) {
            last = now;
            count++;
        }
    }
    return count;
}

START_TEST(once_on_days_with_23_and_25_hours)
{
    static const int times[] = {0, AT(1, 59), AT(2, 0), AT(2, 30), AT(2, 59), AT(3, 0), AT(23, 59)};

    in_berlin();
    for (int i = 0; i < COUNT_OF(times); i++) {
        /* 2026-03-29: 02:00 is 03:00; 2026-10-25: 03:00 is 02:00 */
        ck_assert_int_eq(runs(berlin(2026, 3, 28, 23, 59, 0), berlin(2026, 3, 29, 23, 59, 1), times[i]), 1);
        ck_assert_int_eq(runs(berlin(2026, 10, 24, 23, 59, 1), berlin(2026, 10, 25, 23, 59, 0), times[i]), 1);
        ck_assert_int_eq(runs(berlin(2026, 3, 20, 12, 0, 0), berlin(2026, 4, 3, 12, 0, 1), times[i]), 14);
        ck_assert_int_eq(runs(berlin(2026, 10, 20, 12, 0, 1), berlin(2026, 11, 3, 12, 0, 0), times[i]), 14);
    }
}
END_TEST

START_TEST(clocks_that_jump)
{
    in_berlin();
    /* back over midnight after the clean-up: not again, neither then nor at the second midnight */
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 0, 0, 0), berlin(2026, 11, 21, 23, 0, 0), 0), 0);
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 0, 0, 0), berlin(2026, 11, 22, 0, 0, 0), 0), 0);
    /* forward: once */
    ck_assert_int_eq(du_retain_is_due(berlin(2026, 11, 22, 0, 0, 0), berlin(2026, 12, 24, 0, 0, 0), 0), 1);
    /* back from years ahead: now, and not only in years */
    ck_assert_int_eq(du_retain_is_due(berlin(2036, 11, 22, 0, 0, 0), berlin(2026, 11, 22, 0, 0, 0), 0), 1);
}
END_TEST

START_TEST(the_last_time_is_kept)
{
    const char *path = unit_path("n.cleaned");

    ck_assert_int_eq(du_retain_last(path, unit.pool), 0);
    assert_ok(du_retain_set_last(unit.ctx, path, NOW + 5));
    ck_assert_int_eq(du_retain_last(path, unit.pool), NOW);
    assert_ok(du_retain_set_last(unit.ctx, path, NOW + DAY));
    ck_assert_int_eq(du_retain_last(path, unit.pool), NOW + DAY);
    make_log("empty", 0, NOW);
    ck_assert_int_eq(du_retain_last(unit_path("empty"), unit.pool), 0);
    ck_assert_int_ne(du_retain_set_last(unit.ctx, unit_path("missing/n"), NOW), APR_SUCCESS);
    ck_assert_str_eq(unit.ctx->failure.id, "DU0912");
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("retain");

    tcase_add_test(tests, C6_old_logs_go_and_younger_stay);
    tcase_add_test(tests, a_dry_run_removes_nothing);
    tcase_add_test(tests, nothing_outside_is_touched);
    tcase_add_test(tests, a_linked_directory_is_a_failure);
    tcase_add_test(tests, no_logs_at_all);
    tcase_add_test(tests, a_quota_takes_the_oldest_and_audit_files_last);
    tcase_add_test(tests, a_quota_takes_no_more_than_it_must_of_one_moment);
    tcase_add_test(tests, it_stops_when_told);
    tcase_add_test(tests, once_a_day);
    tcase_add_test(tests, once_on_days_with_23_and_25_hours);
    tcase_add_test(tests, clocks_that_jump);
    tcase_add_test(tests, the_last_time_is_kept);
    return unit_run(tests);
}
