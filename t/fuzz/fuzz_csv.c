/* A line of an audit file: whatever it is, its cells lie in it and have no quotes of the format left. */
#include "fuzz.h"

#include <string.h>

#include "du_csv.h"

int fuzz_accepts(du_ctx_t *ctx, const char *data, size_t size)
{
    const char *cells[DU_CSV_CELLS_MAX];
    char *line = apr_palloc(ctx->pool, size + 1);
    size_t length = 0;
    int count;

    memcpy(line, data, size);
    line[size] = '\0';
    count = du_csv_split(line, size, cells, DU_CSV_CELLS_MAX);
    FUZZ_HOLDS(count == -1 || (count >= 1 && count <= DU_CSV_CELLS_MAX));
    for (int i = 0; i < count; i++) {
        FUZZ_HOLDS(cells[i] >= line && cells[i] <= line + size);
        FUZZ_HOLDS(i == 0 || cells[i] > cells[i - 1]);
        length += strlen(cells[i]) + 1;
    }
    FUZZ_HOLDS(length <= size + 1);
    return count > 0;
}
