/*
 * A process that can compute and nothing else: it reads from one descriptor, writes to another, and has some memory.
 *
 * For code that handles what strangers made and may have a bug that they know. Whatever they make it do, it cannot open a
 * file, reach a network, start or signal a process, map memory that can be executed, or outlive its parent. A try ends the
 * process with SIGSYS.
 */
#ifndef DU_SANDBOX_H
#define DU_SANDBOX_H

#include <apr_errno.h>

/* 0 where the program is built with AddressSanitizer, whose run-time library makes system calls and maps memory as no list
 * foresees: there is no filter of system calls and no limit of memory then. Everything else is as always. */
#define DU_SANDBOX_FILTERS 1
#ifdef __SANITIZE_ADDRESS__
#undef DU_SANDBOX_FILTERS
#define DU_SANDBOX_FILTERS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef DU_SANDBOX_FILTERS
#define DU_SANDBOX_FILTERS 0
#endif
#endif

/* What the descriptors are from then on; there are no others. */
#define DU_SANDBOX_IN  0 /* for pread() */
#define DU_SANDBOX_OUT 1 /* for writev() */

#define DU_SANDBOX_MEMORY (128 * 1024 * 1024) /* bytes of private memory, with what the process had before */

/*
 * Confines the calling process, for ever. For a child right after fork(), with one thread; `parent` is the process that
 * forked it. It keeps `in` and `out` and loses all other descriptors, its signal handlers, and its time zone, which becomes UTC; after that many seconds of processor
 * time it gets SIGXCPU. An error, the system's, means that it is not, or not fully, confined and must end at once: a kernel or an
 * emulator without seccomp is no place for this, and nothing is done there instead.
 */
apr_status_t du_sandbox_enter(int in, int out, int processor_seconds, int parent);

#endif
