#include "du_why.h"

#include <apr_strings.h>

#include "du_text.h"

#define NEAR_MAX 5 /* rules that nearly match */

/*
 * Words
 */

du_why_step_e du_why_step(du_why_answer_e answer)
{
    static const du_why_step_e steps[] = {
#define STEP(id, step, word, text) step,
        DU_WHY_ANSWER_LIST(STEP)
#undef STEP
    };
    return steps[answer];
}

#define WORD_OF_STEP(id, word, text)         word,
#define TEXT_OF_STEP(id, word, text)         text,
#define WORD_OF_ANSWER(id, step, word, text) word,
#define TEXT_OF_ANSWER(id, step, word, text) text,

const char *du_why_step_word(du_why_step_e step)
{
    static const char *const words[] = {DU_WHY_STEP_LIST(WORD_OF_STEP)};

    return words[step];
}

const char *du_why_step_text(du_why_step_e step)
{
    static const char *const texts[] = {DU_WHY_STEP_LIST(TEXT_OF_STEP)};

    return texts[step];
}

const char *du_why_answer_word(du_why_answer_e answer)
{
    static const char *const words[] = {DU_WHY_ANSWER_LIST(WORD_OF_ANSWER)};

    return words[answer];
}

const char *du_why_answer_text(du_why_answer_e answer)
{
    static const char *const texts[] = {DU_WHY_ANSWER_LIST(TEXT_OF_ANSWER)};

    return texts[answer];
}

const char *du_why_change_word(du_why_change_e change)
{
    static const char *const words[] = {DU_WHY_CHANGE_LIST(WORD_OF_STEP)};

    return words[change];
}

const char *du_why_change_text(du_why_change_e change)
{
    static const char *const texts[] = {DU_WHY_CHANGE_LIST(TEXT_OF_STEP)};

    return texts[change];
}

/*
 * What is asked about one phone
 */

typedef struct question_t {
    const du_ruleset_t *ruleset;
    const du_snapshot_t *snapshot;
    const du_request_t *request;
    const du_address_t *address;
    apr_pool_t *pool;
    du_why_t *why;
} question_t;

static void add(apr_array_header_t *lines, int what, const char *about)
{
    APR_ARRAY_PUSH(lines, du_why_line_t) = (du_why_line_t){what, about};
}

static void answer(const question_t *q, du_why_answer_e what, const char *about)
{
    add(q->why->answers, (int)what, about);
}

static void change(const question_t *q, du_why_change_e what, const char *about)
{
    add(q->why->changes, (int)what, about);
}

/* A change that takes a version there may not be. */
static void change_to(const question_t *q, du_why_change_e what, du_slot_e slot)
{
    const char *version = q->why->rule->versions.slot[slot];

    if (*version) {
        change(q, what, version);
    }
}

static const char *missing_parts(const question_t *q)
{
    const du_key_t *key = &q->request->key;
    const char *parts = "";

#define MISSING(part)                                                                                                \
    if (!key->part || !*key->part) {                                                                                 \
        parts = apr_pstrcat(q->pool, parts, *parts ? ", " : "", #part, NULL);                                        \
    }
    DU_KEY_PARTS(MISSING)
#undef MISSING
    return parts;
}

static const du_rule_t *find_rule(const question_t *q)
{
    for (int i = 0; i < q->snapshot->rules->nelts; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(q->snapshot->rules, i, du_rule_t);

        if (du_key_same(&rule->key, &q->request->key)) {
            return rule;
        }
    }
    return NULL;
}

/* 1 if two keys differ in one part, or in revision and locale: a phone of that make and model. */
static int is_near(const du_key_t *a, const du_key_t *b)
{
    int differences = 0;

#define COUNT(part) differences += !du_text_same(a->part, b->part);
    DU_KEY_PARTS(COUNT)
#undef COUNT
    return differences == 1 ||
           (differences == 2 && !du_text_same(a->revision, b->revision) && !du_text_same(a->locale, b->locale));
}

/*
 * Steps
 */

/* The entry that makes it a test device, or one that would do so elsewhere; NULL if it is in no list. */
static const du_test_device_t *find_test_device(const question_t *q)
{
    apr_uint32_t number = du_ruleset_site(q->ruleset, q->address);
    const char *site = number ? APR_ARRAY_IDX(q->snapshot->sites, (int)number - 1, du_site_t).name : NULL;
    const du_test_device_t *elsewhere = NULL;

    for (int i = 0; i < q->snapshot->test_devices->nelts; i++) {
        const du_test_device_t *device = &APR_ARRAY_IDX(q->snapshot->test_devices, i, du_test_device_t);
        const char *identifier = device->kind == DU_TEST_MAC ? q->request->test_mac : q->request->test_serial;

        if (du_text_equal(identifier, device->identifier)) {
            if (!*device->site || du_text_same(device->site, site)) {
                return device;
            }
            elsewhere = device;
        }
    }
    return elsewhere;
}

static du_why_answer_e explain_test(const question_t *q)
{
    const du_test_device_t *device = find_test_device(q);
    const char *name = device ? device->name : "";
    du_why_answer_e what = DU_WHY_TEST_NOT;

    if (q->why->decision.is_test) {
        what = device && *device->site ? DU_WHY_TEST_HERE : DU_WHY_TEST_EVERYWHERE;
    } else if (device) {
        what = DU_WHY_TEST_ELSEWHERE;
    }
    answer(q, what, device && *device->site ? apr_pstrcat(q->pool, name, ", ", device->site, NULL) : name);
    return what;
}

static const char *module_text(const question_t *q, const du_module_t *module)
{
    const char *parts[] = {du_text_or_empty(module->filename), du_text_or_empty(module->version)};

    return apr_pstrcat(q->pool, parts[0], *parts[0] && *parts[1] ? " " : "", parts[1], NULL);
}

static void explain_installed(const question_t *q)
{
    const du_decision_t *decision = &q->why->decision;
    int is_same = decision->reason == DU_REASON_CURRENT;

    if (decision->module) {
        answer(q,
               !is_same             ? DU_WHY_OTHER_FILE
               : decision->is_named ? DU_WHY_SAME_FILE
                                    : DU_WHY_SAME_OTHER,
               module_text(q, decision->module));
    } else if (q->request->nmodules) {
        answer(q, DU_WHY_OTHER, module_text(q, &q->request->modules[0]));
    } else {
        answer(q, DU_WHY_NO_FILES, "");
    }
}

static void explain_held(const question_t *q)
{
    const char *version = du_ruleset_version(q->ruleset, q->why->decision.wanted);
    const char *mac = q->request->test_mac, *serial = q->request->test_serial;

    if (q->why->decision.reason == DU_REASON_HELD) {
        int is_all = du_ruleset_is_held(q->ruleset, mac, serial, DU_HELD_ALL);

        answer(q, is_all ? DU_WHY_HELD_ALL : DU_WHY_HELD_VERSION, is_all ? "" : version);
    } else if (du_ruleset_is_held(q->ruleset, mac, serial, version)) {
        answer(q, DU_WHY_HELD_TEST, version);
    } else {
        answer(q, DU_WHY_HELD_NOT, "");
    }
}

/*
 * What would change the answer
 */

static void change_kind(const question_t *q)
{
    int n = 0;

    for (int i = 0; i < q->snapshot->rules->nelts && n < NEAR_MAX; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(q->snapshot->rules, i, du_rule_t);

        if (is_near(&rule->key, &q->request->key)) {
            change(q, DU_CHANGE_KIND, du_key_path(q->pool, &rule->key));
            n++;
        }
    }
    change(q, DU_CHANGE_IMPORT, du_key_path(q->pool, &q->request->key));
}

/* It is offered nothing, or has what there is. */
static void change_version(const question_t *q, du_why_answer_e test)
{
    if (!q->why->decision.is_test) {
        change_to(q, DU_CHANGE_APPROVE, DU_PENDING);
        change_to(q, test == DU_WHY_TEST_ELSEWHERE ? DU_CHANGE_SITE : DU_CHANGE_TEST, DU_PENDING);
    }
    change(q, DU_CHANGE_IMPORT, du_key_path(q->pool, &q->why->rule->key));
}

static void change_offer(const question_t *q)
{
    change(q, DU_CHANGE_INSTALL, q->why->offered);
    if (q->why->decision.reason == DU_REASON_PENDING) {
        change_to(q, DU_CHANGE_RESET, DU_PENDING);
        change(q, DU_CHANGE_UNTEST, "");
    } else {
        change_to(q, DU_CHANGE_RESTORE, DU_RESTORE);
    }
    change(q, DU_CHANGE_HOLD, "");
}

/* The steps that follow from having a rule. */
static void explain_rule(const question_t *q)
{
    const du_decision_t *decision = &q->why->decision;
    int is_pending = decision->wanted == du_ruleset_image(q->ruleset, decision->rule, DU_PENDING);
    du_why_answer_e test;

    answer(q, DU_WHY_RULE_FOUND, du_text_number(q->pool, q->why->rule->id));
    test = explain_test(q);
    if (!decision->wanted) {
        answer(q, DU_WHY_VERSION_NONE, "");
        change_version(q, test);
        return;
    }
    answer(q, is_pending && decision->is_test ? DU_WHY_PENDING : DU_WHY_APPROVED,
           du_ruleset_version(q->ruleset, decision->wanted));
    explain_installed(q);
    if (decision->reason == DU_REASON_CURRENT) {
        change_version(q, test);
        return;
    }
    explain_held(q);
    if (decision->reason == DU_REASON_HELD) {
        change(q, DU_CHANGE_RELEASE, "");
    } else {
        change_offer(q);
    }
}

du_why_t *du_why(const du_ruleset_t *ruleset, const du_snapshot_t *snapshot, const du_request_t *request,
                 const du_address_t *address, apr_pool_t *pool)
{
    du_why_t *why = apr_pcalloc(pool, sizeof(*why));
    const question_t q = {ruleset, snapshot, request, address, pool, why};

    why->answers = apr_array_make(pool, DU_WHY_STEPS, sizeof(du_why_line_t));
    why->changes = apr_array_make(pool, 4, sizeof(du_why_line_t));
    why->decision = du_decide(ruleset, request, address);
    why->offered = why->decision.image ? du_ruleset_version(ruleset, why->decision.image) : "";
    if (why->decision.reason == DU_REASON_INCOMPLETE) {
        answer(&q, DU_WHY_INCOMPLETE, missing_parts(&q));
        change(&q, DU_CHANGE_SAY, missing_parts(&q));
        return why;
    }
    answer(&q, DU_WHY_COMPLETE, du_key_path(pool, &request->key));
    why->rule = why->decision.rule ? find_rule(&q) : NULL;
    if (why->rule) {
        explain_rule(&q);
    } else {
        answer(&q, DU_WHY_RULE_NONE, "");
        change_kind(&q);
    }
    return why;
}
