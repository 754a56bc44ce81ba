#include "du_rule_filter.h"

#include <string.h>

#include <apr_lib.h>

#include "du_text.h"

int du_rule_state_find(const char *word, du_rule_state_e *state)
{
#define FIND_STATE(id, name)                                                                                         \
    if (du_text_same(word, #name)) {                                                                                 \
        *state = id;                                                                                                 \
        return 1;                                                                                                    \
    }
    DU_RULE_STATE_LIST(FIND_STATE)
#undef FIND_STATE
    return 0;
}

int du_rule_pattern_is_valid(const char *pattern)
{
    const char *star = strchr(pattern, '*');

    return !star || star[1] == '\0';
}

static int matches(const char *pattern, const char *text)
{
    apr_size_t len = strlen(pattern);

    if (len == 0 || pattern[len - 1] != '*') {
        return du_text_same(pattern, text);
    }
    for (len--; len > 0 && apr_tolower(*pattern) == apr_tolower(*text); len--) {
        pattern++, text++;
    }
    return len == 0;
}

static int is_in_state(const du_rule_t *rule, du_rule_state_e state)
{
    int pending = *rule->versions.slot[DU_PENDING] != '\0', approved = *rule->versions.slot[DU_APPROVED] != '\0';

    switch (state) {
    case DU_RULE_PENDING:
        return pending;
    case DU_RULE_APPROVED:
        return approved;
    case DU_RULE_NONE:
        return !pending && !approved;
    default:
        return 1;
    }
}

static int has_text(const du_rule_t *rule, const char *text)
{
    for (int slot = 0; slot < DU_SLOTS; slot++) {
        if (du_text_contains(rule->versions.slot[slot], text)) {
            return 1;
        }
    }
#define HAS_PART(part) du_text_contains(rule->key.part, text) ||
    return DU_KEY_PARTS(HAS_PART) du_text_contains(rule->update_type, text);
#undef HAS_PART
}

int du_rule_filter_matches(const du_rule_filter_t *filter, const du_rule_t *rule)
{
#define MATCH_PART(part)                                                                                             \
    if (filter->key.part && !matches(filter->key.part, rule->key.part)) {                                            \
        return 0;                                                                                                    \
    }
    DU_KEY_PARTS(MATCH_PART)
#undef MATCH_PART
    return is_in_state(rule, filter->state) && (!filter->text || has_text(rule, filter->text));
}
