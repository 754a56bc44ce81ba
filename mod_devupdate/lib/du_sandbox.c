#include "du_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>

/* Descriptors first above those that are kept, since one may have the number that the other is to have. A sanitizer's report
 * goes to standard error, so that is kept where there is one. */
static int keep_descriptors(int in, int out)
{
    int above_in = fcntl(in, F_DUPFD, STDERR_FILENO + 1), above_out = fcntl(out, F_DUPFD, STDERR_FILENO + 1);

    if (above_in < 0 || above_out < 0 || dup2(above_in, DU_SANDBOX_IN) < 0 || dup2(above_out, DU_SANDBOX_OUT) < 0) {
        return -1;
    }
    closefrom(DU_SANDBOX_FILTERS ? STDERR_FILENO : STDERR_FILENO + 1);
    return 0;
}

/* The C library looks at the file of the system's time zone whenever it makes a local time, but not if the zone is written out. */
static int forget_time_zone(void)
{
    int rv = setenv("TZ", "UTC0", 1);

    tzset();
    return rv;
}

/* Handlers of the parent would run in the wrong process. */
static int forget_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL); /* refused for SIGKILL, SIGSTOP and the C library's own: nothing to forget there */
    }
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The kernel kills with the parent; a parent that ended before this was asked for is not seen by it. */
static int follow_parent(int parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return -1;
    }
    if (getppid() != parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

/* The filter forbids most of this as well; limits hold where it is not, or has a hole. */
static int limit_resources(int processor_seconds)
{
    const rlim_t seconds = (rlim_t)processor_seconds;
    const struct {
        int resource;
        rlim_t soft, hard;
    } limits[] = {
        {RLIMIT_CPU, seconds, seconds + 1}, /* SIGXCPU tells more than SIGKILL */
#if DU_SANDBOX_FILTERS
        {RLIMIT_DATA, DU_SANDBOX_MEMORY, DU_SANDBOX_MEMORY},
#endif
        {RLIMIT_CORE, 0, 0},
        {RLIMIT_FSIZE, 0, 0},
        {RLIMIT_NPROC, 0, 0},
        {RLIMIT_NOFILE, 0, 0},
        {RLIMIT_MEMLOCK, 0, 0},
    };

    for (unsigned i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct rlimit limit = {limits[i].soft, limits[i].hard};

        if (setrlimit(limits[i].resource, &limit) != 0) {
            return -1;
        }
    }
    return 0;
}

#if DU_SANDBOX_FILTERS
/* 0, or the negative errno of the first step that failed. */
static int allow_calls(scmp_filter_ctx filter)
{
    /* the last 0 has no meaning for EQ */
    const struct scmp_arg_cmp from_in = SCMP_A0(SCMP_CMP_EQ, DU_SANDBOX_IN, 0);
    const struct scmp_arg_cmp to_out = SCMP_A0(SCMP_CMP_EQ, DU_SANDBOX_OUT, 0);
    const struct scmp_arg_cmp data = SCMP_A2(SCMP_CMP_EQ, PROT_READ | PROT_WRITE, 0);
    const struct scmp_arg_cmp own = SCMP_A3(SCMP_CMP_EQ, MAP_PRIVATE | MAP_ANONYMOUS, 0);
    const int memory[] = {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise)};
    int rv = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    for (unsigned i = 0; rv == 0 && i < sizeof(memory) / sizeof(memory[0]); i++) {
        rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, memory[i], 0);
    }
    if (rv == 0) { /* what malloc() maps; without MAP_SHARED, of which RLIMIT_DATA knows nothing */
        rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, data, own);
    }
    if (rv == 0) { /* the same on machines of 32 bits */
        rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 2, data, own);
    }
    if (rv == 0) {
        rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(pread64), 1, from_in);
    }
    if (rv == 0) {
        rv = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1, to_out);
    }
    return rv == 0 ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0) : rv;
}

static int filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int rv = filter ? allow_calls(filter) : -ENOMEM;

    if (rv == 0) {
        rv = seccomp_load(filter);
    }
    seccomp_release(filter);
    errno = -rv;
    return rv;
}
#else
static int filter_calls(void)
{
    return 0;
}
#endif

apr_status_t du_sandbox_enter(int in, int out, int processor_seconds, int parent)
{
    if (keep_descriptors(in, out) != 0 || forget_signals() != 0 || forget_time_zone() != 0 ||
        follow_parent(parent) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || limit_resources(processor_seconds) != 0 ||
        filter_calls() != 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    return APR_SUCCESS;
}
