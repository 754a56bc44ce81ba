/*
 * The half of reading a cabinet that touches its bytes: libarchive, with its cab reader alone. For a process in the sandbox
 * (du_sandbox.h): it reads one descriptor, takes memory, and says what it finds.
 */
#ifndef DU_CAB_READER_H
#define DU_CAB_READER_H

#include <locale.h>

#include "du_cab_wire.h"

typedef struct du_cab_reader_t {
    int fd;          /* of the cabinet's file, for pread() */
    apr_off_t total; /* bytes of it */
    du_cab_record_fn *say;
    void *baton;
    locale_t utf8;
} du_cab_reader_t;

/* Reads the locale that the reader will need, which is a file of the system. To be called before the sandbox. */
void du_cab_reader_prepare(du_cab_reader_t *reader);
void du_cab_reader_release(du_cab_reader_t *reader);

/* Says the records of the cabinet, the last of them END or FAULT; stops when that fails. */
void du_cab_reader_run(const du_cab_reader_t *reader);

#endif
