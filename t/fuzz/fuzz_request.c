/* The body of an update check, from its bytes to its line in the audit file. */
#include "fuzz.h"

#include <string.h>

#include "du_journal.h"
#include "du_text.h"
#include "du_xml.h"

static void check_text(const char *text)
{
    FUZZ_HOLDS(!text || (*text && strlen(text) <= 4096 && du_text_is_utf8(text, strlen(text))));
}

static void check_line(const du_ctx_t *ctx, const du_request_t *request)
{
    du_check_t check = {0, "192.0.2.1", "internal", request, NULL, {.result = DU_RESULT_NONE, .reason = DU_REASON_NO_RULE}, NULL};
    apr_size_t len;
    const char *line = du_journal_line(ctx->pool, &check, &len);
    int quoted = 0, columns = 1;

    FUZZ_HOLDS(len > 0 && line[len - 1] == '\n');
    for (apr_size_t i = 0; i + 1 < len; i++) {
        FUZZ_HOLDS((unsigned char)line[i] >= ' ' && line[i] != 0x7F);
        quoted ^= line[i] == '"';
        if (line[i] == ',' && !quoted) {
            columns++;
            FUZZ_HOLDS(!strchr("=+-@", line[i + 1]));
        }
    }
    FUZZ_HOLDS(columns == 15 && !quoted);
}

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    static int is_set_up;
    du_request_t *request;

    if (!is_set_up) {
        du_xml_setup();
        is_set_up = 1;
    }
    if (du_request_parse(ctx, NULL, data, size, &request) != APR_SUCCESS) {
        FUZZ_HOLDS(!request && ctx->failure.status == DU_E_MALFORMED);
        return 0;
    }
    FUZZ_HOLDS(request->nmodules >= 0 && request->nmodules <= DU_REQUEST_MAX_MODULES);
#define CHECK_PART(part) check_text(request->key.part);
    DU_KEY_PARTS(CHECK_PART)
#undef CHECK_PART
    check_text(request->mac);
    check_text(request->serial);
    check_text(request->user);
    for (int i = 0; i < request->nmodules; i++) {
        check_text(request->modules[i].filename);
        check_text(request->modules[i].version);
        check_text(request->modules[i].timestamp);
    }
    check_line(ctx, request);
    return 1;
}
