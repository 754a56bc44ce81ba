/*
 * The nodes of a store: httpd instances that answer phones from it. Each says now and then which rule set its phones are
 * served from, so that one that does not follow is noticed from anywhere.
 */
#ifndef DU_STORE_NODE_H
#define DU_STORE_NODE_H

#include "du_store.h"

#define DU_NODE_SAYS_EVERY   apr_time_from_sec(60)         /* and at once when it has another rule set */
#define DU_NODE_SILENT_AFTER apr_time_from_sec(300)        /* a node says nothing any more */
#define DU_NODE_BEHIND_AFTER apr_time_from_sec(60)         /* a node has had time enough to follow */
#define DU_NODE_FORGOTTEN    apr_time_from_sec(30 * 86400) /* after so long without a word */

/* What a node says of itself. */
typedef struct du_node_word_t {
    const char *name;
    apr_time_t seen;         /* when it said so */
    apr_int64_t generation;  /* of the rule set in force; -1 = it has none */
    apr_time_t compiled;     /* when that was made; 0 = it has none */
    apr_time_t behind_since; /* since when the store has been further; 0 = it is not */
} du_node_word_t;

/* X(id, "word") */
#define DU_NODE_STATE_LIST(X)                                                                                        \
    X(DU_NODE_FOLLOWS, "follows") /* its phones are served from what the store holds */                              \
    X(DU_NODE_BEHIND, "behind")   /* from what the store held a while ago, or from nothing */                        \
    X(DU_NODE_SILENT, "silent")   /* not known: it stands, or cannot write to the store */

typedef enum {
#define DU_NODE_STATE_ENUM(id, word) id,
    DU_NODE_STATE_LIST(DU_NODE_STATE_ENUM)
#undef DU_NODE_STATE_ENUM
} du_node_state_e;

/* "behind" */
const char *du_node_state_word(du_node_state_e state);

/* What a node's last word amounts to now. */
du_node_state_e du_node_state(const du_node_word_t *word, apr_time_t now);

/* Takes in what a node says. Forgets nodes that have not said anything for DU_NODE_FORGOTTEN. */
apr_status_t du_store_node_says(du_ctx_t *ctx, du_store_t *store, const du_node_word_t *word);

/* All nodes that are not forgotten (array of du_node_word_t), by name. */
apr_status_t du_store_nodes(du_ctx_t *ctx, du_store_t *store, apr_pool_t *pool, apr_array_header_t **nodes);

#endif
