#include "du_decide.h"

#include "du_text.h"

const char *du_result_word(du_result_e result)
{
    static const char *const words[] = {
#define WORD(id, word) word,
        DU_RESULT_LIST(WORD)
#undef WORD
    };
    return words[result];
}

const char *du_reason_word(du_reason_e reason)
{
    static const char *const words[] = {
#define WORD(id, word, result) word,
        DU_REASON_LIST(WORD)
#undef WORD
    };
    return words[reason];
}

du_result_e du_reason_result(du_reason_e reason)
{
    static const du_result_e results[] = {
#define RESULT(id, word, result) result,
        DU_REASON_LIST(RESULT)
#undef RESULT
    };
    return results[reason];
}

static int image_has_file(const du_ruleset_t *ruleset, const du_rs_image_t *image, const char *filename)
{
    const char *name, *signature, *timestamp;

    for (int i = 0; du_ruleset_image_file(ruleset, image, i, &name, &signature, &timestamp); i++) {
        if (du_text_same(name, filename)) {
            return 1;
        }
    }
    return 0;
}

/* The rule that du_decide.h states: modules named like a file of the image decide; without one, any module may. */
static int is_installed(const du_ruleset_t *ruleset, const du_request_t *request, du_decision_t *decision)
{
    const char *version = du_ruleset_version(ruleset, decision->wanted);

    for (int i = 0; i < request->nmodules; i++) {
        const du_module_t *module = &request->modules[i];
        int same = du_text_equal(module->version, version);

        if (image_has_file(ruleset, decision->wanted, module->filename)) {
            decision->module = module;
            decision->is_named = 1;
            if (!same) {
                return 0;
            }
        } else if (same && !decision->module) {
            decision->module = module;
        }
    }
    return decision->module != NULL;
}

/* The version a phone is to have: NULL if none. */
static const du_rs_image_t *image_for(const du_ruleset_t *ruleset, const du_rs_rule_t *rule, int is_test,
                                      du_reason_e *reason)
{
    const du_rs_image_t *pending = du_ruleset_image(ruleset, rule, DU_PENDING);

    if (pending && is_test) {
        *reason = DU_REASON_PENDING;
        return pending;
    }
    *reason = DU_REASON_APPROVED;
    return du_ruleset_image(ruleset, rule, DU_APPROVED);
}

static int is_held(const du_ruleset_t *ruleset, const du_request_t *request, int is_test, const char *version)
{
    return du_ruleset_is_held(ruleset, request->test_mac, request->test_serial, DU_HELD_ALL) ||
           (!is_test && du_ruleset_is_held(ruleset, request->test_mac, request->test_serial, version));
}

/* The reason; DU_REASON_APPROVED and DU_REASON_PENDING offer what is wanted. */
static du_reason_e find_reason(const du_ruleset_t *ruleset, const du_request_t *request, const du_address_t *address,
                               du_decision_t *decision)
{
    du_reason_e offer;

    if (!du_key_is_complete(&request->key)) {
        return DU_REASON_INCOMPLETE;
    }
    decision->rule = du_ruleset_find(ruleset, &request->key);
    if (!decision->rule) {
        return DU_REASON_NO_RULE;
    }
    decision->is_test = du_ruleset_is_test(ruleset, request->test_mac, request->test_serial, address);
    decision->wanted = image_for(ruleset, decision->rule, decision->is_test, &offer);
    if (!decision->wanted) {
        return DU_REASON_NO_APPROVED;
    }
    if (is_installed(ruleset, request, decision)) {
        return DU_REASON_CURRENT;
    }
    return is_held(ruleset, request, decision->is_test, du_ruleset_version(ruleset, decision->wanted))
               ? DU_REASON_HELD
               : offer;
}

du_decision_t du_decide(const du_ruleset_t *ruleset, const du_request_t *request, const du_address_t *address)
{
    du_decision_t decision = {.result = DU_RESULT_NONE};

    decision.reason = find_reason(ruleset, request, address, &decision);
    decision.result = du_reason_result(decision.reason);
    decision.image = decision.result == DU_RESULT_OFFERED ? decision.wanted : NULL;
    return decision;
}
