#include "ctl.h"

#include <stdio.h>

#include <apr_strings.h>

#include "du_text.h"

static void list_as_json(ctl_t *ctl, const apr_array_header_t *packages)
{
    json_t *array = json_array();

    for (int i = 0; i < packages->nelts; i++) {
        json_array_append_new(array, dua_json_package(ctl->pool, &APR_ARRAY_IDX(packages, i, du_package_t)));
    }
    ctl_json_print(array);
}

static void list_as_table(ctl_t *ctl, const apr_array_header_t *packages)
{
    static const char *const titles[] = {"ID", "FILE", "BYTES", "IMPORTED", "BY", "SIGNATURES", "NOTE"};
    ctl_table_t *table = ctl_table_make(ctl->pool, "", 7, titles);

    for (int i = 0; i < packages->nelts; i++) {
        const du_package_t *p = &APR_ARRAY_IDX(packages, i, du_package_t);
        const char *cells[] = {du_text_number(ctl->pool, p->id),
                               p->filename,
                               apr_off_t_toa(ctl->pool, p->size),
                               ctl_time(ctl->pool, p->imported),
                               p->actor,
                               p->trust,
                               p->note};

        ctl_table_row(table, cells);
    }
    ctl_table_print(table);
}

apr_status_t ctl_package_list(ctl_t *ctl)
{
    apr_array_header_t *packages;
    apr_status_t status = du_store_packages(ctl->ctx, ctl->store, ctl->pool, &packages);

    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        list_as_json(ctl, packages);
    } else if (packages->nelts == 0) {
        printf("No packages.\n");
    } else {
        list_as_table(ctl, packages);
    }
    return APR_SUCCESS;
}

static void show_as_json(ctl_t *ctl, const du_package_t *package, const apr_array_header_t *rules)
{
    json_t *object = dua_json_package(ctl->pool, package);
    json_t *images = json_array();

    for (int i = 0; i < rules->nelts; i++) {
        const du_rule_t *rule = &APR_ARRAY_IDX(rules, i, du_rule_t);
        json_t *image = json_object();

        json_object_set_new(image, "rule_id", json_integer(rule->id));
        dua_json_key(ctl->pool, image, &rule->key, rule->update_type);
        json_object_set_new(image, "version", dua_json_text(ctl->pool, rule->versions.slot[DU_PENDING]));
        dua_json_trust(ctl->pool, image, rule->image[DU_PENDING]->trust, rule->image[DU_PENDING]->signer);
        json_object_set_new(image, "files", dua_json_files(ctl->pool, rule->image[DU_PENDING]));
        json_array_append_new(images, image);
    }
    json_object_set_new(object, "images", images);
    ctl_json_print(object);
}

static void show_image(apr_pool_t *pool, const du_rule_t *rule)
{
    const du_image_t *image = rule->image[DU_PENDING];

    printf("\n  Rule %" APR_INT64_T_FMT ": %s, version %s\n", rule->id, ctl_text(pool, du_key_path(pool, &rule->key)),
           ctl_text(pool, image->version));
    printf("    Signature: %s\n", ctl_text(pool, ctl_trust_text(pool, image->trust, image->signer, NULL)));
    ctl_files_print(pool, image);
}

static void show_as_text(ctl_t *ctl, const du_package_t *package, const apr_array_header_t *rules)
{
    apr_pool_t *pool = ctl->pool;

    printf("Package %" APR_INT64_T_FMT "\n", package->id);
    ctl_field_print(pool, "File", package->filename);
    ctl_field_print(pool, "Bytes", apr_off_t_toa(pool, package->size));
    ctl_field_print(pool, "SHA-256", package->digest);
    ctl_field_print(pool, "Imported", ctl_time(pool, package->imported));
    ctl_field_print(pool, "By", package->actor);
    ctl_field_print(pool, "Note", package->note);
    ctl_field_print(pool, "Signatures", ctl_package_trust_text(package->trust));
    ctl_field_print(pool, "Cabinet signed by", package->signer);
    for (int i = 0; i < rules->nelts; i++) {
        show_image(pool, &APR_ARRAY_IDX(rules, i, du_rule_t));
    }
}

apr_status_t ctl_package_show(ctl_t *ctl)
{
    du_package_t *package;
    apr_array_header_t *rules;
    apr_status_t status = du_store_package(ctl->ctx, ctl->store, ctl->ids[0], ctl->pool, &package);

    if (status == APR_SUCCESS) {
        status = du_store_package_images(ctl->ctx, ctl->store, ctl->ids[0], ctl->pool, &rules);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (ctl->option[CTL_OPT_JSON]) {
        show_as_json(ctl, package, rules);
    } else {
        show_as_text(ctl, package, rules);
    }
    return APR_SUCCESS;
}
