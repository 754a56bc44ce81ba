#include "du_cab.h"

#include <locale.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>

#include "du_cab_input.h"
#include "du_cab_tables.h"
#include "du_text.h"

typedef struct unpack_t {
    du_ctx_t *ctx;
    const char *staging;
    du_cab_tables_t tables;
    du_cab_input_t *input;
    struct archive *archive;
    EVP_MD_CTX *hash;  /* of the member being read */
    apr_hash_t *names; /* folded names seen so far */
    apr_off_t content; /* bytes of all members so far */
    du_cab_t *cab;
} unpack_t;

static apr_status_t library_failure(unpack_t *unpack)
{
    return du_fail(unpack->ctx, APR_EGENERAL, DUNO(0616), "libarchive or libcrypto cannot be used");
}

/* What libarchive says of what it does not accept, its warnings included: a package is whole or refused. */
static apr_status_t refuse_archive(unpack_t *unpack, const char *name)
{
    apr_pool_t *pool = unpack->ctx->pool;
    const char *said = archive_error_string(unpack->archive);

    if (unpack->input->failed != APR_SUCCESS) {
        return unpack->input->failed;
    }
    return du_fail(unpack->ctx, DU_E_PACKAGE, DUNO(0605), "the cabinet is damaged%s%s: %s", name ? " at member " : "",
                   name ? du_text_for_log(pool, name) : "", du_text_for_log(pool, said ? said : "no reason given"));
}

/* Why a name cannot be a path below a directory, on this or any other system; NULL if it can. */
static const char *fault_of_name(apr_pool_t *pool, const char *name)
{
    char *rest = apr_pstrdup(pool, name), *last;

    if (strlen(name) > DU_CAB_MAX_NAME) {
        return "is too long";
    }
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
        if (!du_text_is_segment(part, DU_CAB_MAX_NAME)) {
            return "is not possible on every system";
        }
    }
    return NULL;
}

/* libarchive turns backslashes into slashes itself, where it understands the name; a name it does not understand is
 * refused, one way or the other. */
static apr_status_t check_name(unpack_t *unpack, const char *name)
{
    du_ctx_t *ctx = unpack->ctx;
    const char *fault = name ? fault_of_name(ctx->pool, name) : "is not valid UTF-8";
    const char *folded;

    if (fault) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0606), "the name of member %s %s", du_text_for_log(ctx->pool, name),
                       fault);
    }
    folded = du_text_fold(ctx->pool, name);
    if (apr_hash_get(unpack->names, folded, APR_HASH_KEY_STRING)) {
        return du_fail(ctx, DU_E_PACKAGE, DUNO(0607), "member %s is in the package twice",
                       du_text_for_log(ctx->pool, name));
    }
    apr_hash_set(unpack->names, folded, APR_HASH_KEY_STRING, folded);
    return APR_SUCCESS;
}

static apr_status_t write_failure(unpack_t *unpack, const du_member_t *member, apr_status_t rv)
{
    return du_fail(unpack->ctx, rv, DUNO(0608), "cannot write %s: %pm", member->staged, &rv);
}

static apr_status_t write_block(unpack_t *unpack, apr_file_t *file, const void *data, apr_size_t len)
{
    if (!EVP_DigestUpdate(unpack->hash, data, len)) {
        return APR_EGENERAL;
    }
    return apr_file_write_full(file, data, len, NULL);
}

static apr_status_t copy_content(unpack_t *unpack, du_member_t *member, apr_file_t *file)
{
    const void *data;
    size_t len;
    la_int64_t offset;
    int said;

    while ((said = archive_read_data_block(unpack->archive, &data, &len, &offset)) == ARCHIVE_OK) {
        apr_status_t rv = write_block(unpack, file, data, len);

        if (rv != APR_SUCCESS) {
            return write_failure(unpack, member, rv);
        }
        member->size += (apr_off_t)len;
    }
    return said == ARCHIVE_EOF ? APR_SUCCESS : refuse_archive(unpack, member->name);
}

static apr_status_t digest_content(unpack_t *unpack, du_member_t *member, apr_file_t *file)
{
    apr_status_t rv;

    if (!EVP_DigestInit_ex(unpack->hash, EVP_sha256(), NULL)) {
        return library_failure(unpack);
    }
    rv = copy_content(unpack, member, file);
    if (rv == APR_SUCCESS && !EVP_DigestFinal_ex(unpack->hash, member->digest, NULL)) {
        rv = library_failure(unpack);
    }
    return rv;
}

static apr_status_t stage_member(unpack_t *unpack, const char *name)
{
    apr_array_header_t *members = unpack->cab->members;
    du_member_t *member = apr_array_push(members);
    apr_file_t *file;
    apr_status_t rv, closed;

    member->name = apr_pstrdup(unpack->ctx->pool, name);
    member->staged = apr_psprintf(unpack->ctx->pool, "%s/m%04d", unpack->staging, members->nelts);
    rv = apr_file_open(&file, member->staged, APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE | APR_FOPEN_BINARY,
                       APR_FPROT_UREAD | APR_FPROT_UWRITE, unpack->ctx->pool);
    if (rv != APR_SUCCESS) {
        return du_fail(unpack->ctx, rv, DUNO(0609), "cannot create %s: %pm", member->staged, &rv);
    }
    rv = digest_content(unpack, member, file);
    closed = apr_file_close(file);
    unpack->content += member->size;
    return rv == APR_SUCCESS && closed != APR_SUCCESS ? write_failure(unpack, member, closed) : rv;
}

static apr_status_t stage_members(unpack_t *unpack)
{
    struct archive_entry *entry;
    int said;

    while ((said = archive_read_next_header(unpack->archive, &entry)) == ARCHIVE_OK || said == ARCHIVE_WARN) {
        const char *name = archive_entry_pathname(entry);
        apr_status_t rv = check_name(unpack, name);

        if (rv == APR_SUCCESS) {
            rv = said == ARCHIVE_OK ? stage_member(unpack, name) : refuse_archive(unpack, name);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (said != ARCHIVE_EOF) {
        return refuse_archive(unpack, NULL);
    }
    if (unpack->content != unpack->tables.content || unpack->cab->members->nelts != unpack->tables.members) {
        return du_fail(unpack->ctx, DU_E_PACKAGE, DUNO(0610),
                       "the cabinet is damaged: its files do not add up to the data in it");
    }
    return APR_SUCCESS;
}

static apr_status_t check_tables(unpack_t *unpack)
{
    du_cab_tables_t *tables = &unpack->tables;
    apr_status_t rv = du_cab_tables_read(unpack->ctx, unpack->input->file, unpack->input->total, tables);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (tables->members > DU_CAB_MAX_MEMBERS) {
        return du_fail(unpack->ctx, DU_E_PACKAGE, DUNO(0611), "the package has %d members; the limit is %d",
                       tables->members, DU_CAB_MAX_MEMBERS);
    }
    if (tables->content > DU_CAB_MAX_SIZE) {
        return du_fail(unpack->ctx, DU_E_PACKAGE, DUNO(0612),
                       "the package unpacks to %" APR_OFF_T_FMT " bytes; the limit is %" APR_OFF_T_FMT,
                       tables->content, (apr_off_t)DU_CAB_MAX_SIZE);
    }
    return APR_SUCCESS;
}

/* libarchive gets no way to seek or skip, so that it cannot go past a byte that was not hashed. */
static apr_status_t read_archive(unpack_t *unpack)
{
    apr_status_t rv = du_cab_input_start(unpack->input);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (archive_read_support_format_cab(unpack->archive) != ARCHIVE_OK ||
        archive_read_open(unpack->archive, unpack->input, NULL, du_cab_input_read, NULL) != ARCHIVE_OK) {
        return refuse_archive(unpack, NULL);
    }
    rv = stage_members(unpack);
    return rv == APR_SUCCESS ? du_cab_input_finish(unpack->input, unpack->cab->digest) : rv;
}

/* Names in a cabinet are UTF-8, whatever the locale of the process is. libarchive converts them to the encoding of the
 * thread's locale, so that is made UTF-8 for the time being. */
static apr_status_t read_in_utf8(unpack_t *unpack)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), before;
    apr_status_t rv;

    if (!utf8) {
        return du_fail(unpack->ctx, APR_EGENERAL, DUNO(0615), "the system has no locale C.UTF-8");
    }
    before = uselocale(utf8);
    rv = read_archive(unpack);
    uselocale(before);
    freelocale(utf8);
    return rv;
}

static apr_status_t unpack_input(unpack_t *unpack)
{
    apr_status_t rv = check_tables(unpack);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    unpack->archive = archive_read_new();
    unpack->hash = EVP_MD_CTX_new();
    rv = unpack->archive && unpack->hash ? read_in_utf8(unpack) : library_failure(unpack);
    archive_read_free(unpack->archive);
    EVP_MD_CTX_free(unpack->hash);
    return rv;
}

apr_status_t du_cab_unpack(du_ctx_t *ctx, const char *path, const char *staging, du_progress_fn *progress,
                           void *baton, du_cab_t **cab)
{
    unpack_t unpack = {.ctx = ctx, .staging = staging, .names = apr_hash_make(ctx->pool)};
    apr_status_t rv;

    unpack.cab = *cab = apr_pcalloc(ctx->pool, sizeof(**cab));
    unpack.cab->members = apr_array_make(ctx->pool, 16, sizeof(du_member_t));
    rv = du_cab_input_open(ctx, path, &unpack.input);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    unpack.input->progress = progress;
    unpack.input->baton = baton;
    rv = unpack_input(&unpack);
    unpack.cab->size = unpack.input->done;
    du_cab_input_close(unpack.input);
    return rv;
}
