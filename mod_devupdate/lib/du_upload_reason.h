/*
 * Why log uploads are refused: one list, for records and for responses.
 */
#ifndef DU_UPLOAD_REASON_H
#define DU_UPLOAD_REASON_H

#include "du_error.h"

/* X(id, status that gives the response its code, "word in the record"). What httpd refuses has httpd's own code. */
/* clang-format off */
#define DU_UPLOAD_REASON_LIST(X)                                                                                   \
    X(DU_UPLOAD_ACCEPTED,        APR_SUCCESS,    NULL)              /* none */                                     \
    X(DU_UPLOAD_BAD_FORM,        DU_E_MALFORMED, "malformed")       /* not acceptable multipart, XML or query */   \
    X(DU_UPLOAD_BAD_FILE_NAME,   DU_E_MALFORMED, "file-name")       /* no file name, or one that is none */        \
    X(DU_UPLOAD_BAD_IDENTITY,    DU_E_MALFORMED, "identity")        /* neither MAC address nor serial number */    \
    X(DU_UPLOAD_BAD_TYPE,        DU_E_LOG_KIND,  "type")            /* not among ValidLogFileTypes */              \
    X(DU_UPLOAD_BAD_EXTENSION,   DU_E_LOG_KIND,  "extension")       /* not among ValidLogFileExtensions */         \
    X(DU_UPLOAD_ENCODED,         DU_E_LOG_KIND,  "encoded")         /* a Content-Encoding that nobody took off */  \
    X(DU_UPLOAD_NO_FILE,         DU_E_MALFORMED, "no-file")         /* no file in it, or an empty one, or two */   \
    X(DU_UPLOAD_INCOMPLETE,      DU_E_MALFORMED, "incomplete")      /* the body did not come, or not in time */    \
    X(DU_UPLOAD_TOO_LARGE,       DU_E_TOO_LARGE, "too-large")       /* larger than DevUpdateMaxUpload */           \
    X(DU_UPLOAD_DEVICE_QUOTA,    DU_E_FULL,      "device-quota")    /* this device has stored all that it may */   \
    X(DU_UPLOAD_QUOTA,           DU_E_FULL,      "quota")           /* all devices together have */                \
    X(DU_UPLOAD_DISK_FULL,       DU_E_FULL,      "disk-full")       /* no space, or less than is to stay free */   \
    X(DU_UPLOAD_NOT_WRITTEN,     APR_EGENERAL,   "not-written")     /* the file store cannot be written */         \
    X(DU_UPLOAD_UNAUTHENTICATED, DU_E_MALFORMED, "unauthenticated") /* no user where one is needed */         \
    X(DU_UPLOAD_FORBIDDEN,       DU_E_MALFORMED, "forbidden")       /* httpd does not admit this client or user */
/* clang-format on */

typedef enum {
#define DU_UPLOAD_REASON_ENUM(id, status, word) id,
    DU_UPLOAD_REASON_LIST(DU_UPLOAD_REASON_ENUM)
#undef DU_UPLOAD_REASON_ENUM
} du_upload_reason_e;

/* "quota"; NULL for DU_UPLOAD_ACCEPTED. */
const char *du_upload_reason_word(du_upload_reason_e reason);

apr_status_t du_upload_reason_status(du_upload_reason_e reason);

#endif
