/*
 * Templates: well-formed XML files whose attributes in our namespace say what goes where (house.md D8).
 *
 *   xmlns:du="urn:devupdate:template"
 *   du:text="name"            the element's content is the text of that name
 *   du:attr="a=name b=name"   attributes a and b get the texts of those names; without a text the attribute is left out.
 *                             checked, selected and open have no text in HTML: with one they are there
 *   du:if="name"              the element is there only if the text is not empty or the list has items
 *   du:if="!name"             ... only if not
 *   du:if="name=text"         ... only if the text is just that
 *   du:each="name"            the element is repeated for each item of the list; names inside are looked up in the item first
 *   du:insert="name"          the element's content is that of the root element of the template of that name
 *
 * With words (du_words_t), for what people read:
 *
 *   du:text="name:form"       ... as that form shows it: a number of bytes, a time
 *   du:say="key"              the element's content is the phrase of that key
 *   du:attr="a=@key"          the attribute is that phrase
 *
 * A phrase may have {name} and {name:form} in it, which are looked up where it stands. Texts of elements and in phrases that
 * name no form go through the form "".
 *
 * libxml2 builds and serialises the tree, so every text is escaped by construction. There is no raw output.
 */
#ifndef DU_TEMPLATE_H
#define DU_TEMPLATE_H

#include "du_ctx.h"

#define DU_TEMPLATE_NAMESPACE "urn:devupdate:template"

typedef struct du_template_t du_template_t;

/* A set of named texts and lists; looks further in the outer set for names it does not have. */
typedef struct du_values_t du_values_t;

du_values_t *du_values_make(apr_pool_t *pool);

/* name and text are not copied. A NULL text is an empty one. */
void du_values_text(du_values_t *values, const char *name, const char *text);

/* A new item at the end of the list `name`; the list comes to be with its first item. */
du_values_t *du_values_item(du_values_t *values, const char *name);

/* What du:insert="name" puts in, bound with the values where it is inserted. */
void du_values_part(du_values_t *values, const char *name, const du_template_t *part);

/* What a template's phrases and forms mean. Either answers NULL for a key or a form that it does not know. */
typedef struct du_words_t {
    const char *(*phrase)(void *baton, const char *key);
    const char *(*show)(void *baton, const char *form, const char *text, apr_pool_t *pool);
    void *baton;
} du_words_t;

/* Parses a template of len bytes. With compact, white space between elements is dropped. Lives as long as pool.
 * DU_E_TEMPLATE with a sentence that names the line for anything wrong, an unknown du: attribute included. */
apr_status_t du_template_parse(du_ctx_t *ctx, const char *data, apr_size_t len, int compact, apr_pool_t *pool,
                               du_template_t **tmpl);

/* The encoding that a template declares, as it spells it; "UTF-8" if it declares none. */
const char *du_template_encoding(const du_template_t *tmpl);

/* Binds values and serialises the result in the template's own encoding, with an XML declaration that names it. *text lives
 * in pool. A name that is nowhere set is an error: DU_E_TEMPLATE. */
apr_status_t du_template_bind(du_ctx_t *ctx, const du_template_t *tmpl, const du_values_t *values, apr_pool_t *pool,
                              const char **text, apr_size_t *len);

/* The same for a page: HTML without a declaration in front, in UTF-8, of a template that is XHTML. words may be NULL. */
apr_status_t du_template_page(du_ctx_t *ctx, const du_template_t *tmpl, const du_values_t *values,
                              const du_words_t *words, apr_pool_t *pool, const char **text, apr_size_t *len);

#endif
