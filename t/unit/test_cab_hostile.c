/* A reader of cabinets that is in the hands of who made the cabinet: t/tools/hostile_archive.c takes libarchive's place. */
#include "package.h"
#include "store.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "du_import.h"
#include "du_sandbox.h"

static du_store_t *store;
static const char *files;

static void start(void)
{
    const char *spec = fresh_store();

    files = unit_path("files");
    package_run(apr_psprintf(unit.pool, "mkdir '%s'", files));
    assert_ok(du_store_init(unit.ctx, spec, unit.pool));
    assert_ok(du_store_open(unit.ctx, spec, unit.pool, &store));
}

static apr_status_t import(const char *path)
{
    du_import_t work = {.files = files, .path = path, .allow_unsigned = 1, .actor = {.name = "admin", .node = "node1"}};

    return du_import_run(unit.ctx, store, &work);
}

static const char *state(void)
{
    apr_int64_t generation;

    assert_ok(du_store_generation(unit.ctx, store, &generation));
    return apr_psprintf(unit.pool, "%s%" APR_INT64_T_FMT, package_tree(files), generation);
}

/* Somebody who would notice a connection. */
static int listen_somewhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(at);

    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    setenv("HOSTILE_PORT", apr_itoa(unit.pool, ntohs(at.sin_port)), 1);
    return fd;
}

#define MAY_NOT "DU0626 the reader of the package was stopped: it tried to do what it may not"

/* What it does, whether only the filter or the limit of memory stops it, and what is said of it. (A crash would be stopped
 * anyway, but AddressSanitizer, which has no filter, reports it, and may not write that to a file.) */
static const struct {
    const char *name;
    int needs_filter;
    const char *says;
} acts[] = {
    {"crash", 1, "DU0626 the reader of the package was stopped: signal 11 (Segmentation fault)"},
    {"abort", 1, MAY_NOT}, /* raising a signal is a system call, too */
    {"file", 1, MAY_NOT},
    {"exec", 1, MAY_NOT},
    {"connect", 1, MAY_NOT},
    {"fork", 1, MAY_NOT},
    {"memory", 1, "DU0626 the reader of the package was stopped: signal 11 (Segmentation fault)"},
    {"exit", 0, "DU0626 the reader of the package was stopped: it ended before it was done"},
    {"nonsense", 0, "DU0629 the reader of the package said what makes no sense"},
    {"climb", 0, "DU0606 the name of member ../../x leads out of the package"},
    {"more", 0, "DU0610 the cabinet is damaged: its files do not add up to the data in it"},
    {"before", 0, "DU0629 the reader of the package said what makes no sense"},
    {"escape", 0, "DU0601 the cabinet is damaged: \\x1b[2J\\x1b]0;owned\\x07"},
};

START_TEST(nothing_comes_of_it)
{
    const char *path, *before, *made = unit_path("made");
    int listener = listen_somewhere();
    struct rusage usage;
    apr_status_t rv;

    if (acts[_i].needs_filter && !DU_SANDBOX_FILTERS) {
        return;
    }
    start();
    path = package_make("p.cab", "");
    assert_ok(import(path)); /* so that all directories are there, and it is no wonder that others fail */
    path = package_make("q.cab", "--version 2.0");
    before = state();
    setenv("HOSTILE_FILE", made, 1);
    setenv("HOSTILE", acts[_i].name, 1);
    rv = import(path);
    unsetenv("HOSTILE");
    ck_assert_msg(rv == DU_E_PACKAGE, "%s: %s", acts[_i].name, unit_said(rv));
    ck_assert_str_eq(apr_pstrcat(unit.pool, unit.ctx->failure.id, " ", unit.ctx->failure.message, NULL), acts[_i].says);
    ck_assert_str_eq(state(), before);
    ck_assert_int_eq(access(made, F_OK), -1);
    ck_assert_int_eq(accept(listener, NULL, NULL), -1);
    ck_assert(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
    ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
    ck_assert(!DU_SANDBOX_FILTERS || usage.ru_maxrss >> 10 < (DU_SANDBOX_MEMORY >> 20) + 64);
    assert_ok(import(path));
}
END_TEST

/* The two limits of time. */
static const struct {
    int processor_seconds, silent_seconds;
    const char *says;
} times[] = {
    {1, 60, "it computed for more than 1 seconds"},
    {60, 1, "nothing came from it for 1 seconds"},
};

START_TEST(reader_that_never_ends)
{
    du_import_limits_t limits = du_import_limits(NULL);
    const char *path = package_make("p.cab", ""), *staging = unit_path("staging");
    du_cab_t *cab;

    package_run(apr_psprintf(unit.pool, "mkdir '%s'", staging));
    limits.processor_seconds = times[_i].processor_seconds;
    limits.silent_seconds = times[_i].silent_seconds;
    setenv("HOSTILE", "loop", 1);
    ck_assert_int_eq(du_cab_unpack(unit.ctx, path, staging, &limits, NULL, NULL, &cab), DU_E_PACKAGE);
    ck_assert_str_eq(unit.ctx->failure.message,
                     apr_pstrcat(unit.pool, "the reader of the package was stopped: ", times[_i].says, NULL));
    ck_assert(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
}
END_TEST

int main(void)
{
    TCase *tests = unit_tests("cab_hostile");

    tcase_add_loop_test(tests, nothing_comes_of_it, 0, COUNT_OF(acts));
    tcase_add_loop_test(tests, reader_that_never_ends, 0, COUNT_OF(times));
    return unit_run(tests);
}
