#include "ctl_doctor.h"

#include <apr_strings.h>

#include "du_store_check.h"
#include "du_store_node.h"
#include "du_text.h"

#define SHOWN_MAX 20 /* findings of one kind; whoever has more has one problem */

static int is_of_images(const du_finding_t *finding)
{
    return finding->kind == DU_FINDING_FILE || finding->kind == DU_FINDING_STORE;
}

/* Findings of either kind that are wrong; how many. */
static int say_findings(ctl_doctor_t *doctor, const apr_array_header_t *findings, int images)
{
    int count = 0;

    for (int i = 0; i < findings->nelts; i++) {
        const du_finding_t *finding = &APR_ARRAY_IDX(findings, i, du_finding_t);

        if (!du_finding_is_wrong(finding->kind) || is_of_images(finding) != images || count++ >= SHOWN_MAX) {
            continue;
        }
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1043),
                         images
                             ? "bring the files back from a copy, or remove the version and import its package again"
                             : "bring the store back from a copy",
                         "%s", finding->text);
    }
    if (count > SHOWN_MAX) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "%d more like these; `store check` has all", count - SHOWN_MAX);
    }
    return count;
}

static void cannot(ctl_doctor_t *doctor)
{
    ctl_doctor_wrong(
        doctor, CTL_PROBLEM, DUNO(1041),
        "an older schema: `store migrate`; otherwise look whether --store is what DevUpdateStore says, and "
        "the database answers",
        "%s", ctl_doctor_failure(doctor));
}

/* The whole store is looked at here; what concerns files comes with the images. */
void ctl_doctor_store(ctl_doctor_t *doctor)
{
    ctl_t *ctl = doctor->ctl;

    if (du_store_open(ctl->ctx, ctl->spec, ctl->pool, &ctl->store) != APR_SUCCESS) {
        ctl->store = NULL;
        cannot(doctor);
        return;
    }
    ctl_doctor_right(doctor, CTL_OK, "it answers, and has the schema of this program");
}

void ctl_doctor_images(ctl_doctor_t *doctor)
{
    ctl_t *ctl = doctor->ctl;
    int digests = ctl->option[CTL_OPT_QUICK] == NULL;
    apr_array_header_t *findings;

    if (!ctl->store) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "the store does not answer");
        return;
    }
    if (du_store_check(ctl->ctx, ctl->store, ctl->files, digests, ctl->pool, &findings) != APR_SUCCESS) {
        cannot(doctor);
        return;
    }
    if (say_findings(doctor, findings, 0) + say_findings(doctor, findings, 1) == 0) {
        ctl_doctor_right(doctor, CTL_OK, "the files of all stored versions are there, with the right %s",
                         digests ? "content" : "size (--quick)");
    }
}

static void judge_node(ctl_doctor_t *doctor, const du_node_word_t *word, apr_time_t now)
{
    const char *name = du_text_for_log(doctor->ctl->pool, word->name);
    apr_time_t age = apr_time_sec(now - word->seen);

    switch (du_node_state(word, now)) {
    case DU_NODE_FOLLOWS:
        ctl_doctor_right(doctor, CTL_OK, "%s serves the rule set %" APR_INT64_T_FMT " of %s", name, word->generation,
                         ctl_time(doctor->ctl->pool, word->compiled));
        break;
    case DU_NODE_BEHIND:
        ctl_doctor_wrong(doctor, CTL_PROBLEM, DUNO(1044), "its error log says why it cannot take the new one",
                         "%s serves the rule set %" APR_INT64_T_FMT ", and the store has been further since %s", name,
                         word->generation, ctl_time(doctor->ctl->pool, word->behind_since));
        break;
    case DU_NODE_SILENT:
        ctl_doctor_wrong(
            doctor, CTL_WARNING, DUNO(1045),
            "if it is gone for good, nothing: it is forgotten after 30 days; otherwise see whether it runs",
            "%s has said nothing for %" APR_TIME_T_FMT " seconds", name, age);
        break;
    }
}

void ctl_doctor_nodes(ctl_doctor_t *doctor)
{
    ctl_t *ctl = doctor->ctl;
    apr_array_header_t *nodes;

    if (!ctl->store) {
        ctl_doctor_right(doctor, CTL_SKIPPED, "the store does not answer");
        return;
    }
    if (du_store_nodes(ctl->ctx, ctl->store, ctl->pool, &nodes) != APR_SUCCESS) {
        cannot(doctor);
        return;
    }
    if (nodes->nelts == 0) {
        ctl_doctor_wrong(doctor, CTL_WARNING, DUNO(1046), "start httpd with this store",
                         "no node has ever said that it serves phones from this store");
    }
    for (int i = 0; i < nodes->nelts; i++) {
        judge_node(doctor, &APR_ARRAY_IDX(nodes, i, du_node_word_t), du_now(ctl->ctx));
    }
}
