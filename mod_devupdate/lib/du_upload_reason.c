#include "du_upload_reason.h"

#include <stddef.h>

static const struct {
    apr_status_t status;
    const char *word;
} reasons[] = {
#define REASON(id, status, word) {status, word},
    DU_UPLOAD_REASON_LIST(REASON)
#undef REASON
};

const char *du_upload_reason_word(du_upload_reason_e reason)
{
    return reasons[reason].word;
}

apr_status_t du_upload_reason_status(du_upload_reason_e reason)
{
    return reasons[reason].status;
}
