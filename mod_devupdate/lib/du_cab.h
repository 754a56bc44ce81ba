/*
 * Reading a cabinet: every member goes to a staging directory under a name of ours, with its size and digest.
 *
 * libarchive decompresses, in a child process that can do nothing else (du_child.h, du_sandbox.h, du_cab_reader.h): a cabinet
 * that makes the decompressor misbehave gets as far as wrong bytes, which nobody signed. Names of members are checked, never
 * used as names on disk.
 */
#ifndef DU_CAB_H
#define DU_CAB_H

#include <apr_tables.h>

#include "du_ctx.h"
#include "du_import_limits.h"
#include "du_rule.h"

typedef struct du_member_t {
    const char *name;   /* as in the cabinet, with '/' between directories */
    const char *staged; /* path of its content */
    apr_off_t size;
    unsigned char digest[DU_DIGEST_SIZE];
} du_member_t;

typedef struct du_cab_t {
    apr_off_t size;                       /* of the file */
    unsigned char digest[DU_DIGEST_SIZE]; /* of the file, with whatever follows the cabinet in it (a signature) */
    apr_array_header_t *members;          /* of du_member_t, in the order of the cabinet */
} du_cab_t;

/* How far a piece of work is: bytes done, of how many. stage is one word, "wait" (for another import; of nothing), "read" or
 * "store". A failure stops the work, which hands it on. */
typedef apr_status_t du_progress_fn(void *baton, const char *stage, apr_off_t done, apr_off_t total);

/*
 * Unpacks the cabinet at `path` into the existing directory `staging`. For processes with one thread (du_child.h).
 *
 * DU_E_PACKAGE, with a sentence that names the member, for: not a cabinet, one of several volumes, damaged, truncated; a name
 * that is absolute, climbs ("../x"), has a drive letter, is not valid UTF-8 or could not be a path on every system
 * (du_text_is_segment()); the same name twice (without regard to case); more than a limit, which the sentence names; a reader
 * that was killed, was silent or computed for too long, or said what makes no sense; a file that was changed meanwhile. The
 * system's status if a file cannot be read or written, or if a child cannot be started and confined. What was staged until then
 * stays for the caller to remove. progress may be NULL.
 */
apr_status_t du_cab_unpack(du_ctx_t *ctx, const char *path, const char *staging, const du_import_limits_t *limits,
                           du_progress_fn *progress, void *baton, du_cab_t **cab);

#endif
