/*
 * A child of this process in the sandbox, and what it says.
 *
 * The process must have one thread (devupdatectl, a CGI) and must not ignore SIGCHLD, because then nobody could learn how the
 * child ended. A child is always waited for; other children of the process are not.
 */
#ifndef DU_CHILD_H
#define DU_CHILD_H

#include <apr_errno.h>

typedef struct du_child_t {
    long pid;
    int pipe; /* what it writes; -1 when closed */
} du_child_t;

/* How a child ended, and what its detail is. */
typedef enum {
    DU_CHILD_DONE,   /* the work returned */
    DU_CHILD_FAILED, /* errno: it could not be confined, so the work was not begun */
    DU_CHILD_KILLED, /* the number of the signal */
    DU_CHILD_UNKNOWN /* somebody else has waited for it */
} du_child_end_e;

/* What a child does, confined: it reads DU_SANDBOX_IN, writes to DU_SANDBOX_OUT, and returns when it is done. */
typedef void du_child_fn(void *baton);

/* Starts a child that reads from `in`, which stays open here. The system's status if there can be no pipe or process. */
apr_status_t du_child_start(int in, int processor_seconds, du_child_fn *work, void *baton, du_child_t *child);

/* What it wrote, as soon as there is something; *len is 0 at the end. APR_TIMEUP if nothing came for that many seconds;
 * time in which this process was stopped does not count. */
apr_status_t du_child_read(du_child_t *child, int silent_seconds, void *bytes, apr_size_t size, apr_size_t *len);

/* Ends the child if it has not ended, which one is about to whose last byte was read (*len was 0), and waits for it. */
du_child_end_e du_child_end(du_child_t *child, int *detail);

#endif
