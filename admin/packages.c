/*
 * Packages: what was imported, imports that run, the upload of a package, stored versions and clearing them.
 *
 *   packages               all packages, jobs, upload
 *   packages?id=7          one package
 *   packages?job=ID        one import
 *   packages?view=files    stored versions
 *   packages?view=clear    those that no rule needs, before they are deleted
 */
#include "packages.h"

#include <apr_strings.h>

#include "admin/templates/packages.h"
#include "du_job_intake.h"
#include "du_text.h"
#include "dua_upload.h"

void packages_set_class(json_t *object, int is_good, int is_bad)
{
    json_object_set_new(object, "class", json_string(is_good ? "state good" : is_bad ? "state bad" : "state warn"));
}

void packages_set_trust_class(json_t *object, const char *trust)
{
    packages_set_class(object, du_text_equal(trust, DU_TRUST_VERIFIED), du_text_equal(trust, DU_TRUST_UNVERIFIED));
}

void packages_set_link(dua_t *dua, json_t *object, const char *name, const char *target, apr_int64_t id)
{
    dua_set_text(dua->pool, object, name, apr_psprintf(dua->pool, "%s%" APR_INT64_T_FMT, target, id));
}

static json_t *json_package(dua_t *dua, const du_package_t *package)
{
    json_t *object = dua_json_package(dua->pool, package);

    packages_set_trust_class(object, package->trust);
    packages_set_link(dua, object, "href", "packages?id=", package->id);
    return object;
}

static apr_status_t add_packages(dua_t *dua)
{
    apr_array_header_t *packages;
    json_t *list = json_array();
    apr_status_t status = du_store_packages(dua->ctx, dua->store, dua->pool, &packages);

    for (int i = status == APR_SUCCESS ? packages->nelts - 1 : -1; i >= 0; i--) {
        json_array_append_new(list, json_package(dua, &APR_ARRAY_IDX(packages, i, du_package_t)));
    }
    json_object_set_new(dua->data, "packages", list);
    return status;
}

/* What the form says about itself. */
static apr_status_t add_limits(dua_t *dua)
{
    du_settings_t settings;
    apr_status_t status = du_store_settings(dua->ctx, dua->store, NULL, dua->pool, &settings);

    if (status == APR_SUCCESS) {
        dua_set_number(dua->data, "size_limit", du_job_intake_limit(dua->files, &settings));
    }
    return status;
}

static apr_status_t show_list(dua_t *dua)
{
    apr_status_t status = add_packages(dua);

    if (status == APR_SUCCESS) {
        status = packages_list_jobs(dua);
    }
    return status == APR_SUCCESS ? add_limits(dua) : status;
}

static json_t *json_image(dua_t *dua, const du_rule_t *rule)
{
    const du_image_t *image = rule->image[DU_PENDING];
    json_t *object = json_object();

    dua_set_number(object, "rule_id", rule->id);
    dua_json_key(dua->pool, object, &rule->key, rule->update_type);
    dua_set_text(dua->pool, object, "version", rule->versions.slot[DU_PENDING]);
    dua_json_trust(dua->pool, object, image->trust, image->signer);
    packages_set_trust_class(object, image->trust);
    packages_set_link(dua, object, "href", "rules?id=", rule->id);
    json_object_set_new(object, "files", dua_json_files(dua->pool, image));
    return object;
}

static apr_status_t show_package(dua_t *dua)
{
    du_package_t *package;
    apr_array_header_t *rules;
    apr_int64_t id;
    json_t *object, *images = json_array();
    apr_status_t status = dua_form_number(dua->ctx, dua->form, "id", 1, APR_INT64_MAX, 1, &id);

    if (status == APR_SUCCESS) {
        status = du_store_package(dua->ctx, dua->store, id, dua->pool, &package);
    }
    if (status == APR_SUCCESS) {
        status = du_store_package_images(dua->ctx, dua->store, id, dua->pool, &rules);
    }
    for (int i = 0; status == APR_SUCCESS && i < rules->nelts; i++) {
        json_array_append_new(images, json_image(dua, &APR_ARRAY_IDX(rules, i, du_rule_t)));
    }
    object = status == APR_SUCCESS ? json_package(dua, package) : json_object();
    json_object_set_new(object, "images", images);
    json_object_set_new(dua->data, "package", object);
    return status;
}

static apr_status_t show(dua_t *dua)
{
    const char *view = dua_value(dua, "view"), *job = dua_value(dua, "job");

    dua_set_flag(dua->data, "may_import", dua_may(dua, DU_RIGHT_IMPORT, ""));
    dua_set_flag(dua->data, "may_import_unsigned", dua_may(dua, DU_RIGHT_IMPORT_UNSIGNED, ""));
    dua_set_flag(dua->data, "may_clear", dua_may(dua, DU_RIGHT_REMOVE, ""));
    if (job) {
        dua_set_text(dua->pool, dua->data, "view", "job");
        return packages_show_job(dua, job);
    }
    if (dua_value(dua, "id")) {
        dua_set_text(dua->pool, dua->data, "view", "package");
        return show_package(dua);
    }
    dua_set_text(dua->pool, dua->data, "view", view ? view : "list");
    if (!view) {
        return show_list(dua);
    }
    if (du_text_equal(view, "files")) {
        return packages_show_files(dua);
    }
    return du_text_equal(view, "clear") ? packages_show_clear(dua) : DU_E_NOT_FOUND;
}

static apr_status_t change(dua_t *dua)
{
    const char *action = dua_value(dua, "action");

    if (du_text_or_null(dua_upload_name(dua))) {
        return packages_upload(dua);
    }
    if (du_text_equal(action, "cancel")) {
        return packages_cancel_job(dua);
    }
    return du_text_equal(action, "clear") ? packages_clear(dua)
                                          : du_fail(dua->ctx, DU_E_MALFORMED, DUNO(0687),
                                                    "no package was chosen, nor an action that this page has");
}

int main(int argc, const char *const *argv)
{
    static const char *const parameters[] = {"id", "job", "view", "action", "note", "shown", "allow_unsigned", NULL};
    static const char *const changing[] = {"action", "note", "shown", "allow_unsigned", NULL};
    static const dua_page_t page = {.name = "packages",
                                    .tmpl = HTML_packages,
                                    .parameters = parameters,
                                    .right = DU_RIGHT_VIEW,
                                    .show = show,
                                    .change = change,
                                    .changing = changing,
                                    .takes_file = 1};

    return dua_main(argc, argv, &page);
}
