#include "du_error.h"

static const struct {
    apr_status_t status;
    int http;
    const char *text;
} errors[] = {
#define DU_ERROR_ROW(code, http, text) {code, http, text},
    DU_ERROR_LIST(DU_ERROR_ROW)
#undef DU_ERROR_ROW
};

/* The list is in the order of its codes, so a code is an index. */
static int row_of(apr_status_t status)
{
    return (status > DU_E_FIRST && status < DU_E_LAST) ? status - DU_E_FIRST - 1 : -1;
}

const char *du_error_text(apr_status_t status, char *buf, apr_size_t size)
{
    int row = row_of(status);

    return row >= 0 ? errors[row].text : apr_strerror(status, buf, size);
}

int du_error_http(apr_status_t status)
{
    int row = row_of(status);

    if (status == APR_SUCCESS) {
        return 200;
    }
    return row >= 0 ? errors[row].http : 500;
}
