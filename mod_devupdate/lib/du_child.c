#include "du_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "du_sandbox.h"

/* Fewer changes between the two processes; as much as anybody may ask for. */
#define PIPE_SIZE (1024 * 1024)

/* _exit(): what the parent has in its buffers, and its cleanups, are the parent's. */
static void run_child(int in, int out, int processor_seconds, int parent, du_child_fn *work, void *baton)
{
    apr_status_t rv = du_sandbox_enter(in, out, processor_seconds, parent);

    if (rv == APR_SUCCESS) {
        work(baton);
    }
    _exit(APR_TO_OS_ERROR(rv));
}

apr_status_t du_child_start(int in, int processor_seconds, du_child_fn *work, void *baton, du_child_t *child)
{
    int ends[2], parent = getpid();

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE); /* refused where a user has many; it works with less */
    child->pid = fork();
    if (child->pid < 0) {
        apr_status_t rv = APR_FROM_OS_ERROR(errno);

        close(ends[0]);
        close(ends[1]);
        return rv;
    }
    if (child->pid == 0) {
        run_child(in, ends[1], processor_seconds, parent, work, baton);
    }
    close(ends[1]);
    child->pipe = ends[0];
    return APR_SUCCESS;
}

/* Seconds are counted one by one: one poll() that long would end at once when a stopped process goes on. */
static apr_status_t wait_for_bytes(du_child_t *child, int silent_seconds)
{
    struct pollfd ready = {.fd = child->pipe, .events = POLLIN};

    for (int second = 0; second < silent_seconds;) {
        int n = poll(&ready, 1, 1000);

        if (n > 0) {
            return APR_SUCCESS;
        }
        if (n < 0 && errno != EINTR) {
            return APR_FROM_OS_ERROR(errno);
        }
        second += n == 0;
    }
    return APR_TIMEUP;
}

apr_status_t du_child_read(du_child_t *child, int silent_seconds, void *bytes, apr_size_t size, apr_size_t *len)
{
    apr_status_t rv = wait_for_bytes(child, silent_seconds);
    ssize_t n;

    *len = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    do {
        n = read(child->pipe, bytes, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    *len = (apr_size_t)n;
    return APR_SUCCESS;
}

/* A child that is ending already keeps its status: the signal finds nobody to kill. */
du_child_end_e du_child_end(du_child_t *child, int *detail)
{
    pid_t pid = (pid_t)child->pid, waited;
    int status = 0;

    *detail = 0;
    close(child->pipe);
    child->pipe = -1;
    kill(pid, SIGKILL);
    do {
        waited = waitpid(pid, &status, 0);
    } while (waited < 0 && errno == EINTR);
    if (waited != pid) {
        return DU_CHILD_UNKNOWN;
    }
    if (WIFSIGNALED(status)) {
        *detail = WTERMSIG(status);
        return DU_CHILD_KILLED;
    }
    *detail = WEXITSTATUS(status);
    return *detail == 0 ? DU_CHILD_DONE : DU_CHILD_FAILED;
}
