#include "du_job_state.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "du_file.h"
#include "du_text.h"

#define STATE_FILE "state"
#define STATE_MAX  (32 * 1024 * 1024) /* bytes; 65,535 images (import-max-members) need less */

void du_job_clear(du_job_t *job, const char *id, apr_pool_t *pool)
{
    memset(job, 0, sizeof(*job));
    job->id = id;
#define CLEAR_TEXT(name) job->name = "";
    DU_JOB_TEXTS(CLEAR_TEXT)
#undef CLEAR_TEXT
    job->images = apr_array_make(pool, 8, sizeof(du_job_image_t));
    job->warnings = apr_array_make(pool, 4, sizeof(const char *));
}

const char *du_job_end_name(apr_int64_t end)
{
    static const char *const names[] = {
#define END_NAME(id, name) name,
        DU_JOB_END_LIST(END_NAME)
#undef END_NAME
    };

    return end >= 0 && end < DU_JOB_ENDS ? names[end] : "";
}

const char *du_import_step_name(apr_int64_t step)
{
    static const char *const names[] = {
#define STEP_NAME(id, name) name,
        DU_IMPORT_STEP_LIST(STEP_NAME)
#undef STEP_NAME
    };

    return step >= 0 && step < DU_STEPS ? names[step] : "";
}

/*
 * Writing
 */

static const char *encoded(apr_pool_t *pool, const char *text)
{
    return apr_pescape_urlencoded(pool, du_text_or_empty(text));
}

static void push(apr_array_header_t *lines, const char *name, const char *value)
{
    APR_ARRAY_PUSH(lines, const char *) = name;
    APR_ARRAY_PUSH(lines, const char *) = " ";
    APR_ARRAY_PUSH(lines, const char *) = value;
    APR_ARRAY_PUSH(lines, const char *) = "\n";
}

static const char *image_fields(apr_pool_t *pool, const du_job_image_t *image)
{
    apr_array_header_t *fields = apr_array_make(pool, 8, sizeof(const char *));

#define PUSH_FIELD(name) APR_ARRAY_PUSH(fields, const char *) = encoded(pool, image->name);
    DU_JOB_IMAGE_TEXTS(PUSH_FIELD)
#undef PUSH_FIELD
    return apr_array_pstrcat(pool, fields, ' ');
}

apr_status_t du_job_state_write(const char *directory, const du_job_t *job, apr_pool_t *pool)
{
    apr_array_header_t *lines;
    const char *content;
    apr_pool_t *scratch;
    apr_status_t rv;

    apr_pool_create(&scratch, pool);
    lines = apr_array_make(scratch, 128, sizeof(const char *));
#define PUSH_TEXT(name)   push(lines, #name, encoded(scratch, job->name));
#define PUSH_NUMBER(name) push(lines, #name, du_text_number(scratch, job->name));
    DU_JOB_TEXTS(PUSH_TEXT)
    DU_JOB_NUMBERS(PUSH_NUMBER)
#undef PUSH_TEXT
#undef PUSH_NUMBER
    for (int i = 0; i < job->images->nelts; i++) {
        push(lines, "image", image_fields(scratch, &APR_ARRAY_IDX(job->images, i, du_job_image_t)));
    }
    for (int i = 0; i < job->warnings->nelts; i++) {
        push(lines, "warning", encoded(scratch, APR_ARRAY_IDX(job->warnings, i, const char *)));
    }
    content = apr_array_pstrcat(scratch, lines, 0);
    rv = du_file_replace(apr_pstrcat(scratch, directory, "/" STATE_FILE, NULL), content, strlen(content), scratch);
    apr_pool_destroy(scratch);
    return rv;
}

/*
 * Reading
 */

/* NULL if it is no such text. */
static const char *decoded(apr_pool_t *pool, const char *text)
{
    return apr_punescape_url(pool, text, NULL, NULL, 1);
}

/* The text up to the next space, which may be empty; cuts it off. */
static char *next_field(char **rest)
{
    char *field = *rest, *space = strchr(field, ' ');

    *rest = space ? space + 1 : field + strlen(field);
    if (space) {
        *space = '\0';
    }
    return field;
}

static int read_image(du_job_image_t *image, char *fields, apr_pool_t *pool)
{
    int is_good = 1;

#define READ_FIELD(name)                                                                                             \
    image->name = decoded(pool, next_field(&fields));                                                                \
    is_good &= image->name != NULL;
    DU_JOB_IMAGE_TEXTS(READ_FIELD)
#undef READ_FIELD
    return is_good;
}

static int read_list_item(du_job_t *job, const char *name, char *value, apr_pool_t *pool)
{
    if (strcmp(name, "image") == 0) {
        return read_image(apr_array_push(job->images), value, pool);
    }
    if (strcmp(name, "warning") == 0) {
        const char *text = decoded(pool, value);

        APR_ARRAY_PUSH(job->warnings, const char *) = du_text_or_empty(text);
        return text != NULL;
    }
    return 1; /* of a later version of this program */
}

/* 0 if the line makes no sense. */
static int read_line(du_job_t *job, char *line, apr_pool_t *pool)
{
    const char *name = next_field(&line);

#define READ_TEXT(member)                                                                                            \
    if (strcmp(name, #member) == 0) {                                                                                \
        return (job->member = decoded(pool, line)) != NULL;                                                          \
    }
#define READ_NUMBER(member)                                                                                          \
    if (strcmp(name, #member) == 0) {                                                                                \
        job->member = apr_atoi64(line);                                                                              \
        return 1;                                                                                                    \
    }
    DU_JOB_TEXTS(READ_TEXT)
    DU_JOB_NUMBERS(READ_NUMBER)
#undef READ_TEXT
#undef READ_NUMBER
    return read_list_item(job, name, line, pool);
}

static apr_status_t read_file(const char *path, apr_pool_t *pool, char **content)
{
    apr_finfo_t info;
    apr_size_t len = 0;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    if (rv == APR_SUCCESS && info.size > STATE_MAX) {
        rv = DU_E_MALFORMED;
    }
    if (rv == APR_SUCCESS) {
        *content = apr_pcalloc(pool, (apr_size_t)info.size + 1);
        rv = apr_file_read_full(file, *content, (apr_size_t)info.size, &len);
    }
    apr_file_close(file);
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

apr_status_t du_job_state_read(const char *directory, const char *id, apr_pool_t *pool, du_job_t *job)
{
    char *content = NULL, *line, *rest;
    apr_status_t rv = read_file(apr_pstrcat(pool, directory, "/" STATE_FILE, NULL), pool, &content);

    du_job_clear(job, apr_pstrdup(pool, id), pool);
    if (rv != APR_SUCCESS || !content) {
        return rv;
    }
    for (line = apr_strtok(content, "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest)) {
        if (!read_line(job, line, pool)) {
            return DU_E_MALFORMED;
        }
    }
    return job->begun > 0 ? APR_SUCCESS : DU_E_MALFORMED;
}
