#include "ctl.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <apr_signal.h>
#include <apr_strings.h>

/* For the signal's handler, which is given nothing and may allocate nothing. */
static const char *sentence, *last_words = "";

/* The driver cannot be made to return, so nothing else is left to do. What was not committed is undone by the database. */
static void give_up(int signal_number)
{
    (void)signal_number;
    if (write(STDOUT_FILENO, last_words, strlen(last_words)) < 0 ||
        write(STDERR_FILENO, sentence, strlen(sentence)) < 0) {
        _exit(1); /* nobody listens, which changes nothing */
    }
    _exit(1);
}

/* A du_waiting_fn. */
static void limit_waiting(void *baton, int begins)
{
    (void)baton;
    alarm(begins ? CTL_PATIENCE : 0);
}

void ctl_last_words(const char *text)
{
    last_words = text;
}

void ctl_limit_waiting(ctl_t *ctl)
{
    sentence = apr_psprintf(ctl->pool, CTL_NAME ": %s: the store has not answered for %d seconds\n", DUNO(0509),
                            CTL_PATIENCE);
    apr_signal(SIGALRM, give_up);
    apr_signal_unblock(SIGALRM); /* a mask is inherited */
    ctl->ctx->waiting = limit_waiting;
}
