#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "du_child.h"
#include "du_sandbox.h"

enum { LONG = 1000 }; /* seconds: more than any test has */

static void write_all(const char *bytes, size_t len)
{
    while (len > 0) {
        struct iovec part = {(void *)bytes, len};
        ssize_t n = writev(DU_SANDBOX_OUT, &part, 1);

        if (n < 0) {
            return;
        }
        bytes += n;
        len -= (size_t)n;
    }
}

/* Says what it reads. */
static void copy(void *baton)
{
    char bytes[4096];
    off_t at = 0;
    ssize_t n;

    (void)baton;
    while ((n = pread(DU_SANDBOX_IN, bytes, sizeof(bytes), at)) > 0) {
        write_all(bytes, (size_t)n);
        at += n;
    }
}

static void do_nothing_for_ever(void *baton)
{
    volatile int *never = baton;

    while (!*never) {
    }
}

/* A fault. Sanitizers would report it, and be stopped at that by the limit of files if they report to one; they have no
 * filter, so there a signal can be raised. */
static void die(void *baton)
{
    if (DU_SANDBOX_FILTERS) {
        *(volatile int *)baton = 1;
    }
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
}

static void talk_for_ever(void *baton)
{
    (void)baton;
    for (;;) {
        write_all("x", 1);
    }
}

static int no_children(void)
{
    return waitpid(-1, NULL, 0) == -1 && errno == ECHILD;
}

static int nothing;

static du_child_t start(int in, int processor_seconds, du_child_fn *work, void *baton)
{
    du_child_t child;

    assert_ok(du_child_start(in, processor_seconds, work, baton, &child));
    return child;
}

static apr_status_t read_some(du_child_t *child, int silent_seconds, apr_size_t *len)
{
    static char bytes[65536];

    return du_child_read(child, silent_seconds, bytes, sizeof(bytes), len);
}

static void assert_end(du_child_t *child, du_child_end_e expected, int expected_detail)
{
    int detail;

    ck_assert_int_eq(du_child_end(child, &detail), expected);
    ck_assert_int_eq(detail, expected_detail);
    ck_assert(no_children());
}

/* A file of some megabytes, so that the pipe is full more than once. */
static int make_input(apr_size_t *len, const char **bytes)
{
    apr_uint32_t state = 1;
    char *content;

    *len = 3000001;
    content = apr_palloc(unit.pool, *len);
    for (apr_size_t i = 0; i < *len; i++) {
        content[i] = (char)unit_random(&state);
    }
    *bytes = content;
    unit_write(unit_path("in"), content, *len);
    return open(unit_path("in"), O_RDONLY);
}

static void assert_copied(int in, const char *expected, apr_size_t expected_len)
{
    du_child_t child = start(in, LONG, copy, NULL);
    char *all = apr_palloc(unit.pool, expected_len + 65536);
    apr_size_t done = 0, len;

    do {
        assert_ok(du_child_read(&child, LONG, all + done, 65536, &len));
        done += len;
    } while (len > 0 && done <= expected_len);
    ck_assert_uint_eq(done, expected_len);
    ck_assert_mem_eq(all, expected, expected_len);
    assert_end(&child, DU_CHILD_DONE, 0);
}

START_TEST(says_what_it_reads)
{
    apr_size_t len;
    const char *bytes;
    int in = make_input(&len, &bytes);

    assert_copied(in, bytes, len);
    ck_assert_int_eq((int)lseek(in, 0, SEEK_CUR), 0); /* the position is the parent's */
}
END_TEST

/* Its descriptors are 0 and 1, whatever numbers the parent's have. */
START_TEST(numbers_of_descriptors_do_not_matter)
{
    apr_size_t len;
    const char *bytes;
    int in = make_input(&len, &bytes);

    close(0);
    close(1);
    ck_assert_int_eq(dup(in), 0);
    ck_assert_int_eq(dup(in), 1);
    assert_copied(1, bytes, len);
    close(0); /* the pipe gets this number */
    assert_copied(1, bytes, len);
}
END_TEST

static void on_alarm(int number)
{
    (void)number;
}

START_TEST(signals_of_the_parent_do_not_disturb)
{
    const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    const struct sigaction action = {.sa_handler = on_alarm}; /* without SA_RESTART */
    apr_size_t len;
    const char *bytes;
    int in = make_input(&len, &bytes);

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 10; i++) {
        assert_copied(in, bytes, len);
    }
    setitimer(ITIMER_REAL, &never, NULL);
}
END_TEST

START_TEST(killed_by_a_signal)
{
    du_child_t child = start(STDIN_FILENO, LONG, die, NULL);
    apr_size_t len;

    assert_ok(read_some(&child, LONG, &len));
    ck_assert_uint_eq(len, 0);
    assert_end(&child, DU_CHILD_KILLED, SIGSEGV);
}
END_TEST

START_TEST(computes_for_too_long)
{
    du_child_t child = start(STDIN_FILENO, 1, do_nothing_for_ever, &nothing);
    apr_size_t len;

    assert_ok(read_some(&child, LONG, &len));
    ck_assert_uint_eq(len, 0);
    assert_end(&child, DU_CHILD_KILLED, SIGXCPU);
}
END_TEST

START_TEST(silent_for_too_long)
{
    du_child_t child = start(STDIN_FILENO, LONG, do_nothing_for_ever, &nothing);
    apr_size_t len;

    assert_rv(APR_TIMEUP, read_some(&child, 1, &len));
    assert_end(&child, DU_CHILD_KILLED, SIGKILL);
}
END_TEST

START_TEST(stopped_from_outside)
{
    du_child_t child = start(STDIN_FILENO, LONG, do_nothing_for_ever, &nothing);
    apr_size_t len;

    ck_assert_int_eq(kill((pid_t)child.pid, SIGSTOP), 0);
    assert_rv(APR_TIMEUP, read_some(&child, 1, &len));
    assert_end(&child, DU_CHILD_KILLED, SIGKILL);
}
END_TEST

START_TEST(ended_while_it_talks)
{
    du_child_t child = start(STDIN_FILENO, LONG, talk_for_ever, NULL);
    apr_size_t len;
    int detail;

    assert_ok(read_some(&child, LONG, &len));
    ck_assert_uint_gt(len, 0);
    ck_assert_int_eq(du_child_end(&child, &detail), DU_CHILD_KILLED);
    ck_assert_msg(detail == SIGKILL || detail == SIGPIPE, "%d", detail);
    ck_assert(no_children());
}
END_TEST

/* Nobody learns how a child ended if SIGCHLD is ignored; that is not taken for success or failure. */
START_TEST(somebody_else_waits)
{
    du_child_t child;
    apr_size_t len;
    int detail;

    signal(SIGCHLD, SIG_IGN);
    child = start(STDIN_FILENO, LONG, do_nothing_for_ever, &nothing);
    assert_rv(APR_TIMEUP, read_some(&child, 1, &len));
    ck_assert_int_eq(du_child_end(&child, &detail), DU_CHILD_UNKNOWN);
}
END_TEST

/* A parent that is killed takes its child along. */
START_TEST(does_not_outlive_its_parent)
{
    int ends[2], status;
    long pid = 0;
    pid_t middle;

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    ck_assert_int_eq(pipe(ends), 0);
    middle = fork();
    if (middle == 0) {
        du_child_t child = start(STDIN_FILENO, LONG, talk_for_ever, NULL);
        apr_size_t len;

        assert_ok(read_some(&child, LONG, &len)); /* it is in the sandbox by now */
        ck_assert_int_eq((int)write(ends[1], &child.pid, sizeof(child.pid)), (int)sizeof(child.pid));
        for (;;) {
            pause();
        }
    }
    ck_assert_int_eq((int)read(ends[0], &pid, sizeof(pid)), (int)sizeof(pid));
    ck_assert_int_eq(kill(middle, SIGKILL), 0);
    ck_assert_int_eq(waitpid(middle, &status, 0), middle);
    ck_assert_int_eq(waitpid((pid_t)pid, &status, 0), (pid_t)pid);
    ck_assert(WIFSIGNALED(status));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("child");

    tcase_add_test(tests, says_what_it_reads);
    tcase_add_test(tests, numbers_of_descriptors_do_not_matter);
    tcase_add_test(tests, signals_of_the_parent_do_not_disturb);
    tcase_add_test(tests, killed_by_a_signal);
    tcase_add_test(tests, computes_for_too_long);
    tcase_add_test(tests, silent_for_too_long);
    tcase_add_test(tests, stopped_from_outside);
    tcase_add_test(tests, ended_while_it_talks);
    tcase_add_test(tests, somebody_else_waits);
    tcase_add_test(tests, does_not_outlive_its_parent);
    return unit_run(tests);
}
