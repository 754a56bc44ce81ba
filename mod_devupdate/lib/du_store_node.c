#include "du_store_node.h"

#include <apr_strings.h>

#include "du_store_rows.h"
#include "du_text.h"

const char *du_node_state_word(du_node_state_e state)
{
    static const char *const words[] = {
#define WORD(id, word) word,
        DU_NODE_STATE_LIST(WORD)
#undef WORD
    };
    return words[state];
}

du_node_state_e du_node_state(const du_node_word_t *word, apr_time_t now)
{
    if (now - word->seen > DU_NODE_SILENT_AFTER) {
        return DU_NODE_SILENT;
    }
    return word->behind_since > 0 && now - word->behind_since > DU_NODE_BEHIND_AFTER ? DU_NODE_BEHIND
                                                                                     : DU_NODE_FOLLOWS;
}

typedef struct says_t {
    du_store_t *store;
    const du_node_word_t *word;
} says_t;

static apr_status_t save(du_ctx_t *ctx, void *baton)
{
    const says_t *says = baton;
    const du_node_word_t *word = says->word;
    const char *row[] = {word->name,
                         du_text_number(ctx->pool, word->seen),
                         du_text_number(ctx->pool, word->generation),
                         du_text_number(ctx->pool, word->compiled),
                         du_text_number(ctx->pool, word->behind_since),
                         NULL};
    const char *oldest[] = {du_text_number(ctx->pool, word->seen - DU_NODE_FORGOTTEN), NULL};
    apr_status_t rv = du_db_execute(ctx, says->store->db, DU_SQL_NODE_SAVE, row, NULL);

    return rv == APR_SUCCESS ? du_db_execute(ctx, says->store->db, DU_SQL_NODES_DELETE, oldest, NULL) : rv;
}

apr_status_t du_store_node_says(du_ctx_t *ctx, du_store_t *store, const du_node_word_t *word)
{
    says_t says = {store, word};

    return du_db_transaction(ctx, store->db, save, &says);
}

typedef struct rows_t {
    apr_pool_t *pool;
    apr_array_header_t *array;
} rows_t;

/* name, seen, generation, compiled, behind_since */
static apr_status_t take_node(void *baton, const char *const *columns, apr_pool_t *row_pool)
{
    rows_t *rows = baton;

    (void)row_pool;
    APR_ARRAY_PUSH(rows->array, du_node_word_t) = (du_node_word_t){.name = apr_pstrdup(rows->pool, columns[0]),
                                                                   .seen = apr_atoi64(columns[1]),
                                                                   .generation = apr_atoi64(columns[2]),
                                                                   .compiled = apr_atoi64(columns[3]),
                                                                   .behind_since = apr_atoi64(columns[4])};
    return APR_SUCCESS;
}

apr_status_t du_store_nodes(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **nodes)
{
    rows_t rows = {pool, apr_array_make(pool, 4, sizeof(du_node_word_t))};

    *nodes = rows.array;
    return du_db_select(ctx, store->db, DU_SQL_NODES, NULL, take_node, &rows);
}
