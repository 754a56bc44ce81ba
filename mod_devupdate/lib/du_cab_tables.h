/*
 * What the header and the tables of a cabinet promise, for comparing with what is read from it.
 *
 * Only the data blocks of a cabinet have checksums. libarchive therefore accepts a cabinet whose header says it should
 * be longer, or whose file table says that a file is shorter than the data that is there for it.
 */
#ifndef DU_CAB_TABLES_H
#define DU_CAB_TABLES_H

#include "du_cab_wire.h"

typedef struct du_cab_tables_t {
    int members;
    apr_off_t content; /* bytes that all data blocks unpack to */
} du_cab_tables_t;

/* Reads the tables of the open file of the given size. Answers 1, or 0 with a FAULT in *fault: it is not a whole
 * single-volume cabinet, or cannot be read. No more work than the file has blocks. */
int du_cab_tables_read(int fd, apr_off_t size, du_cab_tables_t *tables, du_cab_record_t *fault);

#endif
