#include "du_cab.h"

#include <signal.h>

#include <apr_signal.h>
#include <apr_strings.h>

#include "du_cab_input.h"
#include "du_cab_reader.h"
#include "du_cab_stage.h"
#include "du_child.h"
#include "du_sandbox.h"

typedef struct unpack_t {
    du_ctx_t *ctx;
    const du_import_limits_t *limits;
    du_cab_input_t *input;
    du_cab_stage_t *stage;
    du_cab_wire_t *wire;
} unpack_t;

/* In the child: each record goes to the parent. */
static apr_status_t send_record(void *baton, const du_cab_record_t *record)
{
    (void)baton;
    return du_cab_wire_write(DU_SANDBOX_OUT, record);
}

/* A du_child_fn. */
static void read_cabinet(void *reader)
{
    du_cab_reader_run(reader);
}

static apr_status_t stopped(unpack_t *unpack, const char *why)
{
    return du_fail(unpack->ctx, DU_E_PACKAGE, DUNO(0626), "the reader of the package was stopped: %s", why);
}

static apr_status_t child_failure(unpack_t *unpack, apr_status_t rv)
{
    return du_fail(unpack->ctx, rv, DUNO(0627), "the reader of packages cannot be started: %pm", &rv);
}

/* Without a sandbox nothing is read: another machine can import it, and nobody can take back what a cabinet did here. */
static apr_status_t confinement_failure(unpack_t *unpack, apr_status_t rv)
{
    return du_fail(unpack->ctx, rv, DUNO(0628),
                   "the reader of packages cannot be confined on this system, so it is not used: %pm", &rv);
}

static const char *reason_of_signal(unpack_t *unpack, int number)
{
    apr_pool_t *pool = unpack->ctx->pool;

    switch (number) {
    case SIGSYS:
        return "it tried to do what it may not";
    case SIGXCPU:
        return apr_psprintf(pool, "it computed for more than %d seconds", unpack->limits->processor_seconds);
    default:
        return apr_psprintf(pool, "signal %d (%s)", number, apr_signal_description_get(number));
    }
}

/* The stream may be complete and yet not be believed: whoever wrote it must have ended well, too. */
static apr_status_t judge(unpack_t *unpack, du_child_end_e end, int detail)
{
    switch (end) {
    case DU_CHILD_FAILED:
        return confinement_failure(unpack, APR_FROM_OS_ERROR(detail));
    case DU_CHILD_KILLED:
        return stopped(unpack, reason_of_signal(unpack, detail));
    case DU_CHILD_DONE:
    case DU_CHILD_UNKNOWN:
        break;
    }
    return du_cab_wire_is_complete(unpack->wire) ? APR_SUCCESS : stopped(unpack, "it ended before it was done");
}

/* Takes what the child says next; *len is 0 at its end. The file is hashed as far as the child has read it. */
static apr_status_t receive_some(unpack_t *unpack, du_child_t *child, apr_size_t *len)
{
    apr_size_t size;
    char *room = du_cab_wire_room(unpack->wire, &size);
    apr_status_t rv = du_child_read(child, unpack->limits->silent_seconds, room, size, len);

    if (APR_STATUS_IS_TIMEUP(rv)) {
        return stopped(unpack, apr_psprintf(unpack->ctx->pool, "nothing came from it for %d seconds",
                                            unpack->limits->silent_seconds));
    }
    if (rv != APR_SUCCESS) {
        return child_failure(unpack, rv);
    }
    rv = du_cab_wire_take(unpack->wire, *len, du_cab_stage_take, unpack->stage);
    if (rv == DU_E_MALFORMED) {
        return du_fail(unpack->ctx, DU_E_PACKAGE, DUNO(0629), "the reader of the package said what makes no sense");
    }
    return rv == APR_SUCCESS ? du_cab_input_hash_to(unpack->input, du_cab_wire_position(unpack->wire)) : rv;
}

static apr_status_t receive(unpack_t *unpack, du_child_t *child)
{
    apr_status_t rv;
    apr_size_t len;

    do {
        rv = receive_some(unpack, child, &len);
    } while (rv == APR_SUCCESS && len > 0);
    return rv;
}

static apr_status_t read_in_child(unpack_t *unpack)
{
    du_cab_reader_t reader = {.fd = DU_SANDBOX_IN, .total = unpack->input->info.size, .say = send_record};
    du_child_t child;
    du_child_end_e end;
    apr_status_t rv;
    int detail;

    du_cab_reader_prepare(&reader);
    rv = du_child_start(unpack->input->fd, unpack->limits->processor_seconds, read_cabinet, &reader, &child);
    du_cab_reader_release(&reader);
    if (rv != APR_SUCCESS) {
        return child_failure(unpack, rv);
    }
    rv = receive(unpack, &child);
    end = du_child_end(&child, &detail);
    return rv == APR_SUCCESS ? judge(unpack, end, detail) : rv;
}

static apr_status_t unpack_input(unpack_t *unpack, const char *staging, du_cab_t *cab)
{
    du_ctx_t *ctx = unpack->ctx;
    apr_status_t rv;

    cab->size = unpack->input->info.size;
    unpack->wire = du_cab_wire_make(ctx->pool, cab->size);
    unpack->stage = du_cab_stage_make(ctx, staging, unpack->limits, cab->size, cab);
    rv = read_in_child(unpack);
    du_cab_stage_close(unpack->stage);
    return rv == APR_SUCCESS ? du_cab_input_finish(unpack->input, cab->digest) : rv;
}

apr_status_t du_cab_unpack(du_ctx_t *ctx, const char *path, const char *staging, const du_import_limits_t *limits,
                           du_progress_fn *progress, void *baton, du_cab_t **cab)
{
    unpack_t unpack = {.ctx = ctx, .limits = limits};
    apr_status_t rv;

    *cab = apr_pcalloc(ctx->pool, sizeof(**cab));
    (*cab)->members = apr_array_make(ctx->pool, 16, sizeof(du_member_t));
    rv = du_cab_input_open(ctx, path, &unpack.input);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    unpack.input->progress = progress;
    unpack.input->baton = baton;
    rv = unpack_input(&unpack, staging, *cab);
    du_cab_input_close(unpack.input);
    return rv;
}
