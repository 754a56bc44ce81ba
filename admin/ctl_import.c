#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "du_import.h"
#include "du_text.h"

/* One line on a terminal, drawn anew when the per cent change. */
typedef struct progress_t {
    const char *stage;
    int percent;
    int width; /* of what stands there; 0 if nothing does */
} progress_t;

static void wipe(const progress_t *progress)
{
    if (progress->width > 0) {
        fprintf(stderr, "\r%*s\r", progress->width, "");
        fflush(stderr);
    }
}

static apr_status_t draw(void *baton, const char *stage, apr_off_t done, apr_off_t total)
{
    progress_t *progress = baton;
    int percent = total > 0 ? (int)((double)done * 100 / (double)total) : 100;
    const char *words = strcmp(stage, "wait") == 0    ? "Waiting for another import"
                        : strcmp(stage, "store") == 0 ? "Storing the package"
                                                      : "Reading the package";

    if (progress->stage == stage && progress->percent == percent) {
        return APR_SUCCESS;
    }
    if (progress->stage != stage) {
        wipe(progress);
    }
    progress->stage = stage;
    progress->percent = percent;
    progress->width = fprintf(stderr, total > 0 ? "\r%s: %3d %%" : "\r%s", words, percent) - 1;
    fflush(stderr);
    return APR_SUCCESS;
}

/* Where the version of an arrival stands in its rule. */
static const char *place_of(const du_arrival_t *arrival)
{
    if (du_text_equal(arrival->versions.slot[DU_PENDING], arrival->image.version)) {
        return arrival->is_new_rule ? "new rule, version pending" : "version pending";
    }
    if (du_text_equal(arrival->versions.slot[DU_APPROVED], arrival->image.version)) {
        return "version approved already";
    }
    return "no change of versions";
}

static void warn_of_known(ctl_t *ctl, const du_arrival_t *arrival)
{
    for (int i = 0; i < arrival->image.nfiles; i++) {
        du_log(ctl->ctx, DU_LOG_WARNING, DUNO(0812),
               "%s of version %s was there already for rule %" APR_INT64_T_FMT " (%s) and was left as it is",
               du_text_for_log(ctl->pool, arrival->image.files[i].name),
               du_text_for_log(ctl->pool, arrival->image.version), arrival->rule_id,
               du_text_for_log(ctl->pool, du_key_path(ctl->pool, &arrival->key)));
    }
}

static void print_arrivals(ctl_t *ctl, const du_import_t *import)
{
    for (int i = 0; i < import->arrivals->nelts; i++) {
        const du_arrival_t *arrival = &APR_ARRAY_IDX(import->arrivals, i, du_arrival_t);
        const char *key = ctl_text(ctl->pool, du_key_path(ctl->pool, &arrival->key));

        if (import->dry_run) {
            printf("\n  %s, version %s\n", key, ctl_text(ctl->pool, arrival->image.version));
        } else {
            printf("\n  Rule %" APR_INT64_T_FMT ": %s, version %s: %s\n", arrival->rule_id, key,
                   ctl_text(ctl->pool, arrival->image.version), place_of(arrival));
        }
        printf("    Signature: %s\n", ctl_text(ctl->pool, ctl_trust_text(ctl->pool, arrival->image.trust,
                                                                         arrival->image.signer, arrival->doubt)));
        ctl_files_print(ctl->pool, &arrival->image);
    }
}

/* The command that comes next, if there is something to approve. */
static void print_next(ctl_t *ctl, const apr_array_header_t *arrivals)
{
    const char *ids = "";

    for (int i = 0; i < arrivals->nelts; i++) {
        const du_arrival_t *arrival = &APR_ARRAY_IDX(arrivals, i, du_arrival_t);

        if (du_text_equal(arrival->versions.slot[DU_PENDING], arrival->image.version)) {
            ids = apr_psprintf(ctl->pool, "%s %" APR_INT64_T_FMT, ids, arrival->rule_id);
        }
    }
    if (*ids) {
        printf("Phones are not offered a pending version before it is approved: " CTL_NAME " rule approve%s\n", ids);
    }
}

static void print_as_text(ctl_t *ctl, const du_import_t *import)
{
    const du_package_t *package = &import->package;
    const char *name = ctl_text(ctl->pool, package->filename);

    if (import->dry_run) {
        printf("Would import %s (%" APR_OFF_T_FMT " bytes):\n", name, package->size);
    } else {
        printf("Imported %s (%" APR_OFF_T_FMT " bytes) as package %" APR_INT64_T_FMT ":\n", name, package->size,
               package->id);
    }
    print_arrivals(ctl, import);
    printf("\nSignatures: %s.\n", ctl_package_trust_text(package->trust));
    printf("The cabinet itself is %s%s.\n", *package->signer ? "signed: " : "not signed",
           *package->signer ? ctl_text(ctl->pool, package->signer) : "");
    if (!import->dry_run) {
        print_next(ctl, import->arrivals);
    }
}

static json_t *json_arrival(ctl_t *ctl, const du_import_t *import, const du_arrival_t *arrival)
{
    json_t *object = json_object();

    dua_json_key(ctl->pool, object, &arrival->key, arrival->update_type);
    json_object_set_new(object, "version", dua_json_text(ctl->pool, arrival->image.version));
    dua_json_trust(ctl->pool, object, arrival->image.trust, arrival->image.signer);
    json_object_set_new(object, "doubt", arrival->doubt ? dua_json_text(ctl->pool, arrival->doubt) : json_null());
    json_object_set_new(object, "files", dua_json_files(ctl->pool, &arrival->image));
    if (!import->dry_run) {
        json_object_set_new(object, "rule_id", json_integer(arrival->rule_id));
        json_object_set_new(object, "new_rule", json_boolean(arrival->is_new_rule));
        json_object_set_new(object, "already_there", json_boolean(arrival->already));
        dua_json_versions(ctl->pool, object, &arrival->versions);
    }
    return object;
}

static void print_as_json(ctl_t *ctl, const du_import_t *import, const char *result)
{
    json_t *object = json_object(), *images = json_array();

    for (int i = 0; import->arrivals && i < import->arrivals->nelts; i++) {
        json_array_append_new(images, json_arrival(ctl, import, &APR_ARRAY_IDX(import->arrivals, i, du_arrival_t)));
    }
    json_object_set_new(object, "result", json_string(result));
    json_object_set_new(object, "package", dua_json_package(ctl->pool, &import->package));
    json_object_set_new(object, "images", images);
    ctl_json_print(object);
}

static void print_known(ctl_t *ctl, const du_package_t *package)
{
    printf("Nothing to do: already imported as package %" APR_INT64_T_FMT " (%s) on %s.\n", package->id,
           ctl_text(ctl->pool, package->filename), ctl_time(ctl->pool, package->imported));
}

static void print_result(ctl_t *ctl, const du_import_t *import, apr_status_t status)
{
    const char *result = status == DU_E_EXISTS ? "already_imported" : import->dry_run ? "would_import" : "imported";

    if (ctl->option[CTL_OPT_JSON]) {
        print_as_json(ctl, import, result);
    } else if (status == DU_E_EXISTS) {
        print_known(ctl, &import->package);
    } else {
        print_as_text(ctl, import);
    }
}

apr_status_t ctl_import(ctl_t *ctl)
{
    progress_t progress = {NULL, 0, 0};
    du_import_t import = {0};
    apr_status_t status;

    import.files = ctl->files;
    import.path = ctl->argv[0];
    import.actor = ctl->actor;
    import.dry_run = ctl->option[CTL_OPT_DRY_RUN] != NULL;
    import.trust = ctl->option[CTL_OPT_TRUST];
    import.allow_unsigned = ctl->option[CTL_OPT_UNSIGNED] != NULL;
    import.progress = isatty(STDERR_FILENO) ? draw : NULL;
    import.baton = &progress;
    status = du_import_run(ctl->ctx, ctl->store, &import);
    wipe(&progress);
    if (status != APR_SUCCESS && status != DU_E_EXISTS) {
        return status;
    }
    print_result(ctl, &import, status);
    for (int i = 0; status == APR_SUCCESS && i < import.arrivals->nelts; i++) {
        const du_arrival_t *arrival = &APR_ARRAY_IDX(import.arrivals, i, du_arrival_t);

        if (arrival->already) {
            warn_of_known(ctl, arrival);
        }
    }
    return APR_SUCCESS;
}
