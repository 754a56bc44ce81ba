/*
 * What the reader of a cabinet says to the process that stages it: a stream of records.
 *
 * The reader may be in the hands of who made the cabinet, so the receiving end takes nothing for granted: kinds, lengths,
 * order and every field are checked before anybody sees a record.
 *
 *   record      number             count        status      bytes
 *   TABLES      bytes of content   members
 *   MEMBER      bytes of content                            its name; none if there is none that could be understood
 *   DATA                                                    content, at least one byte
 *   MEMBER_END
 *   END
 *   FAULT                          the reason   for READ    what there is to say of it; may be none
 *
 * TABLES comes first; then members, each with its data and its end; then END. FAULT may come instead of any of these. Nothing
 * follows END or FAULT.
 */
#ifndef DU_CAB_WIRE_H
#define DU_CAB_WIRE_H

#include <apr_pools.h>

#include "du_error.h"

#define DU_CAB_WIRE_MAX_TEXT 8192  /* bytes of a name or of what there is to say */
#define DU_CAB_WIRE_MAX_DATA 65536 /* bytes of content in one record */
#define DU_CAB_WIRE_HEAD     32    /* bytes in front of each record's */

typedef enum {
    DU_CAB_TABLES,
    DU_CAB_MEMBER,
    DU_CAB_DATA,
    DU_CAB_MEMBER_END,
    DU_CAB_END,
    DU_CAB_FAULT,
    DU_CAB_KINDS
} du_cab_kind_e;

/* Why a cabinet was not read to its end. */
typedef enum {
    DU_CAB_CANNOT_READ, /* the system's status says why */
    DU_CAB_NO_LOCALE,   /* C.UTF-8 */
    DU_CAB_NO_LIBRARY,  /* or no memory for it */
    DU_CAB_NO_CABINET,
    DU_CAB_VOLUMES, /* one of several */
    DU_CAB_BAD_TABLES,
    DU_CAB_BAD_ARCHIVE, /* libarchive refused it */
    DU_CAB_REASONS
} du_cab_reason_e;

typedef struct du_cab_record_t {
    du_cab_kind_e kind;
    apr_off_t position; /* bytes of the cabinet's file read so far, at most its size, never less than before */
    apr_off_t number;   /* the others are 0 where the table above has nothing */
    int count;
    apr_status_t status;
    const char *bytes; /* no NUL follows, and a text has none in it */
    apr_size_t len;
} du_cab_record_t;

/* Takes a record; what it answers ends the stream unless it is APR_SUCCESS. */
typedef apr_status_t du_cab_record_fn(void *baton, const du_cab_record_t *record);

/* The head of a record as it travels; record->bytes follow it. Both ends are one program on one machine. */
void du_cab_wire_head(const du_cab_record_t *record, unsigned char head[DU_CAB_WIRE_HEAD]);

/* Writes a record to a pipe. */
apr_status_t du_cab_wire_write(int fd, const du_cab_record_t *record);

/* The receiving end, for a cabinet whose file has so many bytes. */
typedef struct du_cab_wire_t du_cab_wire_t;
du_cab_wire_t *du_cab_wire_make(apr_pool_t *pool, apr_off_t total);

/* Where the next bytes go, and how many of them there is room for: at least one. */
char *du_cab_wire_room(du_cab_wire_t *wire, apr_size_t *size);

/* Takes that many bytes that were put there and hands on every record that is whole now. DU_E_MALFORMED if one is not as above
 * (nothing recorded), or what `take` answered. To be thrown away after either. */
apr_status_t du_cab_wire_take(du_cab_wire_t *wire, apr_size_t len, du_cab_record_fn *take, void *baton);

/* The position of the last record. */
apr_off_t du_cab_wire_position(const du_cab_wire_t *wire);

/* 1 if the last record was END, and nothing came after it. */
int du_cab_wire_is_complete(const du_cab_wire_t *wire);

#endif
