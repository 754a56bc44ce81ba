#include "unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "du_child.h"
#include "du_sandbox.h"

/* The filter is a part of every program but those that a sanitizer watches. */
#ifdef UNIT_KEEPS_FREED_MEMORY
_Static_assert(!DU_SANDBOX_FILTERS, "a sanitizer needs more than the filter allows");
#else
_Static_assert(DU_SANDBOX_FILTERS, "the filter is there");
#endif

static const char *file;      /* that nobody may make */
static struct sockaddr_in at; /* where somebody listens */
static pid_t parent;
static volatile long result;

static void read_a_file(void)
{
    result = open("/etc/passwd", O_RDONLY);
}

static void make_a_file(void)
{
    result = open(file, O_CREAT | O_WRONLY, 0600);
}

static void make_a_directory(void)
{
    result = mkdir(file, 0700);
}

static void remove_a_file(void)
{
    result = unlink(file);
}

static void look_at_a_file(void)
{
    struct stat info;

    result = stat("/etc/passwd", &info);
}

static void run_a_program(void)
{
    char *const argv[] = {(char *)"touch", (char *)file, NULL};

    result = execve("/usr/bin/touch", argv, NULL);
}

static void fork_a_child(void)
{
    result = fork();
}

static void reach_a_network(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    result = connect(fd, (const struct sockaddr *)&at, sizeof(at));
}

static void kill_its_parent(void)
{
    result = kill(parent, SIGTERM);
}

static void map_code(void)
{
    result = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static void map_shared_memory(void)
{
    result = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static void map_its_input(void)
{
    result = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, DU_SANDBOX_IN, 0) != MAP_FAILED;
}

static void make_memory_code(void)
{
    static char page[8192];

    result = mprotect((void *)(((size_t)page + 4095) & ~(size_t)4095), 4096, PROT_READ | PROT_EXEC);
}

static void raise_a_limit(void)
{
    const struct rlimit limit = {1, 1};

    result = setrlimit(RLIMIT_NOFILE, &limit);
}

static void change_itself(void)
{
    result = prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void read_its_output(void)
{
    char byte;

    result = pread(DU_SANDBOX_OUT, &byte, 1, 0);
}

static void write_to_its_input(void)
{
    struct iovec part = {(void *)"x", 1};

    result = writev(DU_SANDBOX_IN, &part, 1);
}

static void write_to_standard_error(void)
{
    struct iovec part = {(void *)"x", 1};

    result = writev(STDERR_FILENO, &part, 1);
}

static void make_a_descriptor(void)
{
    result = dup(DU_SANDBOX_IN);
}

static void sleep_for_long(void)
{
    const struct timespec hour = {3600, 0};

    result = nanosleep(&hour, NULL);
}

typedef void attempt_fn(void);

#define ATTEMPT(function) {#function, function}

static const struct {
    const char *name;
    attempt_fn *function;
} attempts[] = {
    ATTEMPT(read_a_file),       ATTEMPT(make_a_file),      ATTEMPT(make_a_directory),   ATTEMPT(remove_a_file),
    ATTEMPT(look_at_a_file),    ATTEMPT(run_a_program),    ATTEMPT(fork_a_child),       ATTEMPT(reach_a_network),
    ATTEMPT(kill_its_parent),   ATTEMPT(map_code),         ATTEMPT(map_shared_memory),  ATTEMPT(map_its_input),
    ATTEMPT(make_memory_code),  ATTEMPT(raise_a_limit),    ATTEMPT(change_itself),      ATTEMPT(read_its_output),
    ATTEMPT(write_to_its_input), ATTEMPT(write_to_standard_error), ATTEMPT(make_a_descriptor), ATTEMPT(sleep_for_long),
};

/* Somebody who would notice a connection. */
static int listen_somewhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socklen_t len = sizeof(at);

    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    return fd;
}

static void say(char byte)
{
    struct iovec part = {&byte, 1};

    if (writev(DU_SANDBOX_OUT, &part, 1) != 1) {
        _exit(2);
    }
}

static void attempt(void *baton)
{
    attempt_fn *const *function = baton;

    say('b');
    (*function)();
    say('a');
}

/* The child gets to its attempt, and not beyond it. */
START_TEST(attempt_ends_the_process)
{
    int listener = listen_somewhere(), in = open("/dev/null", O_RDONLY), detail;
    attempt_fn *function = attempts[_i].function;
    du_child_t child;
    du_child_end_e end;
    char said[16];
    apr_size_t len, more;

    file = unit_path("made");
    parent = getpid();
    assert_ok(du_child_start(in, 60, attempt, &function, &child));
    assert_ok(du_child_read(&child, 60, said, sizeof(said), &len));
    assert_ok(du_child_read(&child, 60, said + 1, sizeof(said) - 1, &more));
    end = du_child_end(&child, &detail);
    ck_assert_msg(len == 1 && more == 0 && end == DU_CHILD_KILLED && detail == SIGSYS, "%s: ended %d, %d, said %lu",
                  attempts[_i].name, (int)end, detail, (unsigned long)(len + more));
    ck_assert_int_eq(access(file, F_OK), -1);
    ck_assert_int_eq(accept(listener, NULL, NULL), -1);
}
END_TEST

/* What a child says that says one byte and ends well. */
static unsigned char said_by(du_child_fn *work)
{
    unsigned char said[2];
    du_child_t child;
    apr_size_t len, more;
    int detail;

    assert_ok(du_child_start(STDIN_FILENO, 60, work, NULL, &child));
    assert_ok(du_child_read(&child, 60, said, sizeof(said), &len));
    assert_ok(du_child_read(&child, 60, said + 1, 1, &more));
    ck_assert_uint_eq(len, 1);
    ck_assert_uint_eq(more, 0);
    ck_assert_int_eq(du_child_end(&child, &detail), DU_CHILD_DONE);
    return said[0];
}

/* Takes memory until there is no more, and says how many megabytes that was. */
static void hog(void *baton)
{
    int megabytes = 0;
    char *volatile piece; /* or a compiler leaves out what nobody reads */

    (void)baton;
    while ((piece = malloc(1 << 20)) != NULL) {
        memset(piece, 1, 1 << 20);
        megabytes++;
    }
    say((char)megabytes);
}

START_TEST(memory_is_limited)
{
    int megabytes = said_by(hog);
    struct rusage usage;

    ck_assert_int_gt(megabytes, 64);
    ck_assert_int_lt(megabytes, DU_SANDBOX_MEMORY >> 20);
    ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
    ck_assert_int_lt((int)(usage.ru_maxrss >> 10), (DU_SANDBOX_MEMORY >> 20) + 64); /* with what is not its own */
}
END_TEST

/* Local time without its file; the environment is that of the child alone. */
static void tell_the_time(void *baton)
{
    struct tm day = {.tm_year = 70, .tm_mday = 1, .tm_isdst = -1};

    (void)baton;
    say((char)(mktime(&day) == 0));
}

START_TEST(local_time_is_utc)
{
    unsetenv("TZ");
    ck_assert_int_eq(said_by(tell_the_time), 1);
    ck_assert_ptr_null(getenv("TZ"));
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("sandbox");

    if (DU_SANDBOX_FILTERS) {
        tcase_add_loop_test(tests, attempt_ends_the_process, 0, COUNT_OF(attempts));
        tcase_add_test(tests, memory_is_limited);
    }
    tcase_add_test(tests, local_time_is_utc);
    return unit_run(tests);
}
