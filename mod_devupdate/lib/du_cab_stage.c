#include "du_cab_stage.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#include "du_text.h"

struct du_cab_stage_t {
    du_ctx_t *ctx;
    const char *staging;
    const du_import_limits_t *limits;
    apr_off_t size;       /* of the cabinet's file */
    int promised_members; /* by its tables */
    apr_off_t promised;   /* bytes of content, likewise */
    apr_off_t content;    /* bytes of all members so far */
    apr_off_t rest;       /* bytes of the member that are still to come */
    apr_hash_t *names;    /* folded names seen so far */
    du_member_t *member;  /* that is being staged, or NULL */
    apr_file_t *file;     /* its */
    EVP_MD_CTX *hash;     /* its */
    apr_array_header_t *members;
};

static const char *setting_of(du_cab_stage_t *stage, du_setting_e setting)
{
    return apr_pstrcat(stage->ctx->pool, "(setting ", du_setting_name(setting), ")", NULL);
}

static apr_status_t library_failure(du_cab_stage_t *stage)
{
    return du_fail(stage->ctx, APR_EGENERAL, DUNO(0616), "libarchive or libcrypto cannot be used");
}

static apr_status_t does_not_add_up(du_cab_stage_t *stage)
{
    return du_fail(stage->ctx, DU_E_PACKAGE, DUNO(0610),
                   "the cabinet is damaged: its files do not add up to the data in it");
}

static apr_status_t too_many(du_cab_stage_t *stage, int members)
{
    return du_fail(stage->ctx, DU_E_PACKAGE, DUNO(0611),
                   "the package has %d members; the limit is %" APR_INT64_T_FMT " %s", members,
                   stage->limits->members, setting_of(stage, DU_SET_IMPORT_MAX_MEMBERS));
}

/* A product that is too large for the type is more than any cabinet can promise. */
static int exceeds_ratio(apr_off_t content, apr_off_t size, apr_int64_t ratio)
{
    apr_int64_t most;

    return !__builtin_mul_overflow(size, ratio, &most) && content > most;
}

/* What the tables promise is refused before anything is unpacked, and what comes may not be more than they promise. */
static apr_status_t take_tables(du_cab_stage_t *stage, const du_cab_record_t *record)
{
    const du_import_limits_t *limits = stage->limits;
    apr_off_t content = stage->promised = record->number;

    stage->promised_members = record->count;
    if (record->count > limits->members) {
        return too_many(stage, record->count);
    }
    if (content > limits->size) {
        return du_fail(stage->ctx, DU_E_PACKAGE, DUNO(0612),
                       "the package unpacks to %" APR_OFF_T_FMT " bytes; the limit is %" APR_INT64_T_FMT " %s",
                       content, limits->size, setting_of(stage, DU_SET_IMPORT_MAX_SIZE));
    }
    if (exceeds_ratio(content, stage->size, limits->ratio)) {
        return du_fail(stage->ctx, DU_E_PACKAGE, DUNO(0643),
                       "the package of %" APR_OFF_T_FMT " bytes unpacks to %" APR_OFF_T_FMT
                       " bytes; the limit is %" APR_INT64_T_FMT " times as much %s",
                       stage->size, content, limits->ratio, setting_of(stage, DU_SET_IMPORT_MAX_RATIO));
    }
    return APR_SUCCESS;
}

/* Why a name cannot be a path below a directory, on this or any other system; NULL if it can. */
static const char *fault_of_name(apr_pool_t *pool, const char *name)
{
    char *rest = apr_pstrdup(pool, name), *last;

    if (!du_text_is_utf8(name, strlen(name))) {
        return "is not valid UTF-8";
    }
    if (*name == '/') {
        return "is an absolute path";
    }
    if (*name && name[1] == ':') {
        return "has a drive letter";
    }
    if (!*name || strstr(name, "//") || name[strlen(name) - 1] == '/') {
        return "has an empty part";
    }
    for (char *part = apr_strtok(rest, "/", &last); part; part = apr_strtok(NULL, "/", &last)) {
        if (strcmp(part, "..") == 0) {
            return "leads out of the package";
        }
        if (!du_text_is_segment(part, strlen(name))) {
            return "is not possible on every system";
        }
    }
    return NULL;
}

/* libarchive turns backslashes into slashes itself, where it understands the name; a name it does not understand is
 * refused, one way or the other. */
static apr_status_t check_name(du_cab_stage_t *stage, const char *name)
{
    du_ctx_t *ctx = stage->ctx;
    const char *fault = fault_of_name(ctx->pool, name), *folded;

    if (strlen(name) > (apr_size_t)stage->limits->name) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0644),
                       "the name of member %s is too long: %" APR_SIZE_T_FMT " bytes; the limit is %" APR_INT64_T_FMT
                       " %s",
                       du_text_for_log(ctx->pool, name), strlen(name), stage->limits->name,
                       setting_of(stage, DU_SET_IMPORT_MAX_NAME));
    }
    if (fault) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0606), "the name of member %s %s", du_text_for_log(ctx->pool, name),
                       fault);
    }
    folded = du_text_fold(ctx->pool, name);
    if (apr_hash_get(stage->names, folded, APR_HASH_KEY_STRING)) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0607), "member %s is in the package twice",
                       du_text_for_log(ctx->pool, name));
    }
    apr_hash_set(stage->names, folded, APR_HASH_KEY_STRING, folded);
    return APR_SUCCESS;
}

static apr_status_t check_member(du_cab_stage_t *stage, const char *name, apr_off_t size)
{
    const du_import_limits_t *limits = stage->limits;

    if (stage->members->nelts >= stage->promised_members || size > stage->promised - stage->content) {
        return does_not_add_up(stage);
    }
    if (size > limits->member_size) {
        return du_fail(stage->ctx, DU_E_PACKAGE, DUNO(0642),
                       "member %s has %" APR_OFF_T_FMT " bytes; the limit is %" APR_INT64_T_FMT " %s",
                       du_text_for_log(stage->ctx->pool, name), size, limits->member_size,
                       setting_of(stage, DU_SET_IMPORT_MAX_MEMBER_SIZE));
    }
    return check_name(stage, name);
}

static apr_status_t write_failure(du_cab_stage_t *stage, apr_status_t rv)
{
    return du_fail(stage->ctx, rv, DUNO(0608), "cannot write %s: %pm", stage->member->staged, &rv);
}

static apr_status_t take_member(du_cab_stage_t *stage, const du_cab_record_t *record)
{
    apr_pool_t *pool = stage->ctx->pool;
    const char *name = apr_pstrmemdup(pool, record->bytes, record->len);
    apr_status_t rv = check_member(stage, name, record->number);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    stage->member = apr_array_push(stage->members);
    stage->member->name = name;
    stage->member->staged = apr_psprintf(pool, "%s/m%04d", stage->staging, stage->members->nelts);
    stage->rest = record->number;
    rv = apr_file_open(&stage->file, stage->member->staged,
                       APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE | APR_FOPEN_BINARY,
                       APR_FPROT_UREAD | APR_FPROT_UWRITE, pool);
    if (rv != APR_SUCCESS) {
        stage->file = NULL;
        return du_fail(stage->ctx, rv, DUNO(0609), "cannot create %s: %pm", stage->member->staged, &rv);
    }
    return stage->hash && EVP_DigestInit_ex(stage->hash, EVP_sha256(), NULL) ? APR_SUCCESS : library_failure(stage);
}

static apr_status_t take_data(du_cab_stage_t *stage, const du_cab_record_t *record)
{
    apr_status_t rv;

    if ((apr_off_t)record->len > stage->rest) {
        return does_not_add_up(stage);
    }
    stage->rest -= (apr_off_t)record->len;
    stage->member->size += (apr_off_t)record->len;
    stage->content += (apr_off_t)record->len;
    if (!EVP_DigestUpdate(stage->hash, record->bytes, record->len)) {
        return library_failure(stage);
    }
    rv = apr_file_write_full(stage->file, record->bytes, record->len, NULL);
    return rv == APR_SUCCESS ? rv : write_failure(stage, rv);
}

static apr_status_t take_member_end(du_cab_stage_t *stage)
{
    apr_status_t rv = apr_file_close(stage->file);

    stage->file = NULL;
    if (rv != APR_SUCCESS) {
        return write_failure(stage, rv);
    }
    if (stage->rest > 0) {
        return does_not_add_up(stage);
    }
    if (!EVP_DigestFinal_ex(stage->hash, stage->member->digest, NULL)) {
        return library_failure(stage);
    }
    stage->member = NULL;
    return APR_SUCCESS;
}

static apr_status_t take_end(du_cab_stage_t *stage)
{
    if (stage->content != stage->promised || stage->members->nelts != stage->promised_members) {
        return does_not_add_up(stage);
    }
    return APR_SUCCESS;
}

/* The sentence for what the reader found. Its words are a stranger's. */
static apr_status_t take_fault(du_cab_stage_t *stage, const du_cab_record_t *record)
{
    du_ctx_t *ctx = stage->ctx;
    apr_status_t rv = record->status;
    const char *text = apr_pstrmemdup(ctx->pool, record->bytes, record->len);
    const char *said = du_text_for_log(ctx->pool, *text ? text : "no reason given");

    switch ((du_cab_reason_e)record->count) {
    case DU_CAB_CANNOT_READ:
        return du_fail(ctx, rv, DUNO(0617), "cannot read the cabinet: %pm", &rv);
    case DU_CAB_NO_LOCALE:
        return du_fail(ctx, APR_EGENERAL, DUNO(0615), "the system has no locale C.UTF-8");
    case DU_CAB_NO_CABINET:
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0602), "the file is not a cabinet");
    case DU_CAB_VOLUMES:
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0603), "the cabinet is one of several volumes");
    case DU_CAB_BAD_TABLES:
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0601), "the cabinet is damaged: %s", said);
    case DU_CAB_BAD_ARCHIVE:
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0605), "the cabinet is damaged%s%s: %s",
                       stage->member ? " at member " : "",
                       stage->member ? du_text_for_log(ctx->pool, stage->member->name) : "", said);
    case DU_CAB_NO_LIBRARY:
    case DU_CAB_REASONS:
        break;
    }
    return library_failure(stage);
}

apr_status_t du_cab_stage_take(void *baton, const du_cab_record_t *record)
{
    du_cab_stage_t *stage = baton;

    switch (record->kind) {
    case DU_CAB_TABLES:
        return take_tables(stage, record);
    case DU_CAB_MEMBER:
        return take_member(stage, record);
    case DU_CAB_DATA:
        return take_data(stage, record);
    case DU_CAB_MEMBER_END:
        return take_member_end(stage);
    case DU_CAB_END:
        return take_end(stage);
    case DU_CAB_FAULT:
    case DU_CAB_KINDS:
        break;
    }
    return take_fault(stage, record);
}

du_cab_stage_t *du_cab_stage_make(du_ctx_t *ctx, const char *staging, const du_import_limits_t *limits,
                                  apr_off_t size, du_cab_t *cab)
{
    du_cab_stage_t *stage = apr_pcalloc(ctx->pool, sizeof(*stage));

    stage->ctx = ctx;
    stage->staging = staging;
    stage->limits = limits;
    stage->size = size;
    stage->names = apr_hash_make(ctx->pool);
    stage->hash = EVP_MD_CTX_new();
    stage->members = cab->members;
    return stage;
}

void du_cab_stage_close(du_cab_stage_t *stage)
{
    if (stage->file) {
        apr_file_close(stage->file);
        stage->file = NULL;
    }
    EVP_MD_CTX_free(stage->hash);
}
