/*
 * One record of what a phone did, read from a line of an audit file: by the names in the file's own header, so that files of
 * every node and of the original service are understood (protocol.md 6.1), whichever columns they have and in whatever order.
 *
 * Everything in such a file may be invented. Texts are cut to the limits below, what is not printable or not UTF-8 stands as
 * \xHH, and a number, time or word that is none makes the line a bad one.
 */
#ifndef DU_RECORD_H
#define DU_RECORD_H

#include <apr_time.h>

#include "du_device.h"
#include "du_journal.h"

#define DU_RECORD_TEXT_MAX    64 /* bytes of a part of a key, an address, a MAC address, a serial number, a version */
#define DU_RECORD_USER_MAX    128 /* bytes of an account */
#define DU_RECORD_PATH_MAX    512 /* bytes of a path */
#define DU_RECORD_COLUMNS_MAX 64  /* of a line; files of the original with semicolons have more cells than columns */

/* X(id, "name"): the columns that are read. Names compare without regard to case and spaces. */
#define DU_RECORD_COLUMNS(X)                                                                                         \
    X(DU_COLUMN_TIME, "LoggingDateTime")                                                                             \
    X(DU_COLUMN_ADDRESS, "UserHostAddress")                                                                          \
    X(DU_COLUMN_TYPE, "DeviceType")                                                                                  \
    X(DU_COLUMN_MAC, "MacAddress")                                                                                   \
    X(DU_COLUMN_SERIAL, "SerialNumber")                                                                              \
    X(DU_COLUMN_VENDOR, "Vendor")                                                                                    \
    X(DU_COLUMN_MODEL, "Model")                                                                                      \
    X(DU_COLUMN_REVISION, "Revision")                                                                                \
    X(DU_COLUMN_LOCALE, "Locale")                                                                                    \
    X(DU_COLUMN_REQUEST, "RequestModules")                                                                           \
    X(DU_COLUMN_RESPONSE, "ResponseModules")                                                                         \
    X(DU_COLUMN_USER_ID, "UserID")                                                                                   \
    X(DU_COLUMN_ENDPOINT, "Endpoint")                                                                                \
    X(DU_COLUMN_RESULT, "Result")                                                                                    \
    X(DU_COLUMN_REASON, "Reason")                                                                                    \
    X(DU_COLUMN_PATH, "Path")                                                                                        \
    X(DU_COLUMN_STATUS, "Status")                                                                                    \
    X(DU_COLUMN_SENT, "BytesSent")                                                                                   \
    X(DU_COLUMN_SIZE, "Size")                                                                                        \
    X(DU_COLUMN_COMPLETE, "Complete")                                                                                \
    X(DU_COLUMN_STORED, "StoredFile")

typedef enum {
#define DU_COLUMN_ENUM(id, name) id,
    DU_RECORD_COLUMNS(DU_COLUMN_ENUM)
#undef DU_COLUMN_ENUM
        DU_COLUMNS
} du_column_e;

/* What a header says. */
typedef struct du_record_form_t {
    du_series_e series;
    int count;                  /* columns */
    signed char at[DU_COLUMNS]; /* where each stands; -1 = not in this file */
    char separator;
} du_record_form_t;

/* What stands in a column of a line; "" if the file has none. */
static inline const char *du_record_cell(const du_record_form_t *form, const char *const *cells, du_column_e column)
{
    return form->at[column] >= 0 ? cells[form->at[column]] : "";
}

/* No text is NULL; "" = not said, or not of this series. */
typedef struct du_record_t {
    du_series_e series;
    apr_time_t time;
    const char *address;
    const char *endpoint;
    const char *mac;     /* du_mac_canonical() */
    const char *serial;  /* du_serial_canonical() */
    const char *user;    /* of a check */
    du_key_t key;        /* of a check; of a download, where the path says it */
    const char *version; /* check: of the first module; download: of the file */
    const char *offered; /* check: of the first module of the response */
    const char *result;  /* check: du_result_word(); upload: "stored" or "refused" */
    const char *reason;  /* check: du_reason_word(), "" in files of the original; upload: why refused */
    const char *file;    /* download: path below the file root; upload: path below the file store */
    int http;
    apr_off_t sent, size; /* of a download; an upload has a size */
    int is_complete;
} du_record_t;

/* 1 and the form if the cells are a header of one of the three series. */
int du_record_is_header(const char *const *cells, int count, du_record_form_t *form);

/* 1 and what the cells of a line say, in pool; 0 if they are no record of that form. The cells may be changed, and are as the
 * form has them then. */
int du_record_read(apr_pool_t *pool, const du_record_form_t *form, const char **cells, int count,
                   du_record_t *record);

/* The device type of checks that `devupdatectl doctor` makes. They are on record, but nobody's phone. */
#define DU_RECORD_DOCTOR "devupdatectl"
int du_record_is_phone(const du_record_t *record);

/* 1 and the time that a text says: yyyy-mm-dd hh:mm:ss (with T between, fractions or Z behind), m/d/yyyy h:mm:ss with or without
 * AM or PM, d.m.yyyy hh:mm:ss. Taken as UTC; from 1990 to 2199. */
int du_record_time(const char *text, apr_time_t *time);

#endif
