#include "du_template.h"

#include <string.h>

#include <apr_strings.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlsave.h>

#include "du_text.h"

struct du_template_t {
    xmlDocPtr doc;
};

/* A named text, or one item of a named list; few enough to be searched one after the other. */
typedef struct entry_t entry_t;
struct entry_t {
    const char *name;
    const char *text; /* NULL for an item or a part */
    du_values_t *item;
    const du_template_t *part;
    entry_t *next;
};

struct du_values_t {
    apr_pool_t *pool;
    const du_values_t *outer;
    entry_t *first, **last;
};

static du_values_t *values_make(apr_pool_t *pool, const du_values_t *outer)
{
    du_values_t *values = apr_pcalloc(pool, sizeof(*values));

    values->pool = pool;
    values->outer = outer;
    values->last = &values->first;
    return values;
}

du_values_t *du_values_make(apr_pool_t *pool)
{
    return values_make(pool, NULL);
}

static entry_t *add_entry(du_values_t *values, const char *name)
{
    entry_t *entry = apr_pcalloc(values->pool, sizeof(*entry));

    entry->name = name;
    *values->last = entry;
    values->last = &entry->next;
    return entry;
}

void du_values_text(du_values_t *values, const char *name, const char *text)
{
    add_entry(values, name)->text = du_text_or_empty(text);
}

du_values_t *du_values_item(du_values_t *values, const char *name)
{
    entry_t *entry = add_entry(values, name);

    entry->item = values_make(values->pool, values);
    return entry->item;
}

void du_values_part(du_values_t *values, const char *name, const du_template_t *part)
{
    add_entry(values, name)->part = part;
}

/* The first entry of that name at or after `entry`. */
static const entry_t *next_named(const entry_t *entry, const char *name)
{
    while (entry && strcmp(entry->name, name) != 0) {
        entry = entry->next;
    }
    return entry;
}

static const entry_t *find(const du_values_t *values, const char *name)
{
    for (; values; values = values->outer) {
        const entry_t *entry = next_named(values->first, name);

        if (entry) {
            return entry;
        }
    }
    return NULL;
}

/*
 * Parsing
 */

static apr_status_t cleanup_doc(void *doc)
{
    xmlFreeDoc(doc);
    return APR_SUCCESS;
}

static void keep_first_error(void *baton, xmlErrorPtr error)
{
    du_ctx_t *ctx = baton;

    if (!ctx->failure.id && error->level >= XML_ERR_ERROR) {
        du_fail(ctx, DU_E_TEMPLATE, DUNO(0110), "the template is not well-formed: line %d: %s", error->line,
                du_text_for_log(ctx->pool, du_text_trim(apr_pstrdup(ctx->pool, error->message))));
    }
}

static int is_ours(const xmlNs *ns)
{
    return ns && strcmp((const char *)ns->href, DU_TEMPLATE_NAMESPACE) == 0;
}

static const char *content_of(const xmlAttr *attr)
{
    return attr->children && attr->children->content ? (const char *)attr->children->content : "";
}

/* One of our attributes of a node; NULL if it has none. */
static const char *our_attribute(const xmlNode *node, const char *name)
{
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
        if (is_ours(attr->ns) && strcmp((const char *)attr->name, name) == 0) {
            return content_of(attr);
        }
    }
    return NULL;
}

/* Every attribute and element in our namespace must be one that we know: a misspelt one would silently do nothing. */
static apr_status_t check_node(du_ctx_t *ctx, xmlNodePtr node)
{
    static const char *const known[] = {"text", "attr", "if", "each", "insert", "say"};

    if (is_ours(node->ns)) {
        return du_fail(ctx, DU_E_TEMPLATE, DUNO(0111), "line %ld of the template: no element <%s> in our namespace",
                       xmlGetLineNo(node), (const char *)node->name);
    }
    for (xmlAttrPtr attr = node->properties; attr; attr = attr->next) {
        int is_known = !is_ours(attr->ns);

        for (size_t i = 0; !is_known && i < sizeof(known) / sizeof(known[0]); i++) {
            is_known = strcmp((const char *)attr->name, known[i]) == 0;
        }
        if (!is_known) {
            return du_fail(ctx, DU_E_TEMPLATE, DUNO(0112),
                           "line %ld of the template: no attribute %s in our namespace", xmlGetLineNo(node),
                           (const char *)attr->name);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_tree(du_ctx_t *ctx, xmlNodePtr node)
{
    apr_status_t rv = APR_SUCCESS;

    for (; node && rv == APR_SUCCESS; node = node->next) {
        if (node->type == XML_ELEMENT_NODE) {
            rv = check_node(ctx, node);
            if (rv == APR_SUCCESS) {
                rv = check_tree(ctx, node->children);
            }
        }
    }
    return rv;
}

/* The document has exactly one root, whatever is bound. */
static apr_status_t check_root(du_ctx_t *ctx, const xmlNode *root)
{
    return our_attribute(root, "if") || our_attribute(root, "each")
               ? du_fail(ctx, DU_E_TEMPLATE, DUNO(0117),
                         "the root element of the template cannot be left out or repeated")
               : APR_SUCCESS;
}

apr_status_t du_template_parse(du_ctx_t *ctx, const char *data, apr_size_t len, int compact, apr_pool_t *pool,
                               du_template_t **tmpl)
{
    int options = XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOCDATA | (compact ? XML_PARSE_NOBLANKS : 0);
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    xmlDocPtr doc;
    apr_status_t rv;

    *tmpl = apr_palloc(pool, sizeof(**tmpl));
    parser->sax->entityDecl = NULL; /* nothing comes from outside: only the five predefined entities are known */
    parser->sax->getEntity = NULL;
    xmlSetStructuredErrorFunc(ctx, keep_first_error);
    doc = xmlCtxtReadMemory(parser, data, (int)len, NULL, NULL, options);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlFreeParserCtxt(parser);
    if (!doc) {
        return ctx->failure.id ? DU_E_TEMPLATE
                               : du_fail(ctx, DU_E_TEMPLATE, DUNO(0113), "the template is not a document");
    }
    (*tmpl)->doc = doc;
    apr_pool_cleanup_register(pool, doc, cleanup_doc, apr_pool_cleanup_null);
    rv = check_root(ctx, xmlDocGetRootElement(doc));
    return rv == APR_SUCCESS ? check_tree(ctx, xmlDocGetRootElement(doc)) : rv;
}

const char *du_template_encoding(const du_template_t *tmpl)
{
    return tmpl->doc->encoding ? (const char *)tmpl->doc->encoding : "UTF-8";
}

/*
 * Binding: the template's tree is walked, and a new one is built beside it. Comments are the template's own and stay.
 */

typedef struct binder_t {
    du_ctx_t *ctx;
    apr_pool_t *pool;
    const du_words_t *words; /* NULL if there are none */
    xmlDocPtr doc;
} binder_t;

static apr_status_t bind_node(binder_t *binder, xmlNodePtr parent, const xmlNode *node, const du_values_t *values);

/* Records that there is no such thing. */
static const char *missing(const binder_t *binder, const xmlNode *node, const char *what, const char *name)
{
    du_fail(binder->ctx, DU_E_TEMPLATE, DUNO(0114), "line %ld of the template: there is no %s named \"%s\"",
            xmlGetLineNo(node), what, du_text_for_log(binder->ctx->pool, name));
    return NULL;
}

/* The text of "name" or "name:form"; NULL after recording that there is none. Without a form it is `plain`'s, or as it is. */
static const char *text_of(const binder_t *binder, const xmlNode *node, const char *name, const char *plain,
                           const du_values_t *values)
{
    const char *colon = strchr(name, ':'), *form = colon ? colon + 1 : plain, *shown;
    const entry_t *entry = find(values, colon ? apr_pstrndup(binder->pool, name, (apr_size_t)(colon - name)) : name);

    if (!entry || !entry->text) {
        return missing(binder, node, "value", name);
    }
    if (!form || (!binder->words && !colon)) {
        return entry->text;
    }
    shown = binder->words ? binder->words->show(binder->words->baton, form, entry->text, binder->pool) : NULL;
    return shown ? shown : missing(binder, node, "form", form);
}

/* A phrase with what stands between braces put in. */
static const char *filled(const binder_t *binder, const xmlNode *node, const char *phrase, const du_values_t *values)
{
    const char *out = "", *open, *close;

    while ((open = strchr(phrase, '{')) && (close = strchr(open, '}'))) {
        const char *name = apr_pstrndup(binder->pool, open + 1, (apr_size_t)(close - open - 1));
        const char *text = text_of(binder, node, name, "", values);

        if (!text) {
            return NULL;
        }
        out = apr_pstrcat(binder->pool, out, apr_pstrndup(binder->pool, phrase, (apr_size_t)(open - phrase)), text,
                          NULL);
        phrase = close + 1;
    }
    return *out ? apr_pstrcat(binder->pool, out, phrase, NULL) : phrase;
}

/* The phrase of a key; NULL after recording that there is none. */
static const char *phrase_of(const binder_t *binder, const xmlNode *node, const char *key, const du_values_t *values)
{
    const char *phrase = binder->words ? binder->words->phrase(binder->words->baton, key) : NULL;

    return phrase ? filled(binder, node, phrase, values) : missing(binder, node, "phrase", key);
}

static xmlNsPtr same_namespace(const binder_t *binder, xmlNodePtr made, const xmlNs *ns)
{
    return ns ? xmlSearchNs(binder->doc, made, ns->prefix) : NULL;
}

/* The element with its namespace and fixed attributes, without content. */
static xmlNodePtr make_element(const binder_t *binder, xmlNodePtr parent, const xmlNode *node)
{
    xmlNodePtr made = xmlNewDocNode(binder->doc, NULL, node->name, NULL);

    if (parent) {
        xmlAddChild(parent, made);
    } else {
        xmlDocSetRootElement(binder->doc, made);
    }
    for (const xmlNs *ns = node->nsDef; ns; ns = ns->next) {
        if (!is_ours(ns)) {
            xmlNewNs(made, ns->href, ns->prefix);
        }
    }
    xmlSetNs(made, same_namespace(binder, made, node->ns));
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
        if (!is_ours(attr->ns)) {
            xmlNewNsProp(made, same_namespace(binder, made, attr->ns), attr->name, (const xmlChar *)content_of(attr));
        }
    }
    return made;
}

/* Attributes of HTML that are there or not; written in full they have their own name as text. */
static int is_flag(const char *name)
{
    return strcmp(name, "checked") == 0 || strcmp(name, "selected") == 0 || strcmp(name, "open") == 0;
}

/* du:attr="a=name b=name" */
static apr_status_t bind_attributes(binder_t *binder, xmlNodePtr made, const xmlNode *node, const char *list,
                                    const du_values_t *values)
{
    char *rest, *pair = apr_strtok(apr_pstrdup(binder->pool, list), " \t\r\n", &rest);

    for (; pair; pair = apr_strtok(NULL, " \t\r\n", &rest)) {
        char *name = strchr(pair, '=');
        const char *text;

        if (name) {
            *name++ = '\0';
        }
        name = name ? name : pair;
        text = *name == '@' ? phrase_of(binder, node, name + 1, values) : text_of(binder, node, name, NULL, values);
        if (!text) {
            return DU_E_TEMPLATE;
        }
        if (*text) {
            xmlNewProp(made, (const xmlChar *)pair, (const xmlChar *)(is_flag(pair) ? pair : text));
        }
    }
    return APR_SUCCESS;
}

static void add_text(const binder_t *binder, xmlNodePtr made, const char *text)
{
    if (*text) {
        xmlAddChild(made, xmlNewDocText(binder->doc, (const xmlChar *)text));
    }
}

static apr_status_t bind_children(binder_t *binder, xmlNodePtr made, const xmlNode *node, const du_values_t *values)
{
    apr_status_t rv = APR_SUCCESS;

    for (const xmlNode *child = node->children; child && rv == APR_SUCCESS; child = child->next) {
        if (child->type == XML_ELEMENT_NODE) {
            rv = bind_node(binder, made, child, values);
        } else if (child->type == XML_TEXT_NODE) {
            add_text(binder, made, (const char *)child->content);
        }
    }
    return rv;
}

static apr_status_t insert_part(binder_t *binder, xmlNodePtr made, const xmlNode *node, const char *name,
                                const du_values_t *values)
{
    const entry_t *entry = find(values, name);

    if (!entry || !entry->part) {
        missing(binder, node, "part", name);
        return DU_E_TEMPLATE;
    }
    return bind_children(binder, made, xmlDocGetRootElement(entry->part->doc), values);
}

static apr_status_t bind_content(binder_t *binder, xmlNodePtr made, const xmlNode *node, const du_values_t *values)
{
    const char *name = our_attribute(node, "text"), *key = our_attribute(node, "say");
    const char *part = our_attribute(node, "insert"), *text;

    if (part) {
        return insert_part(binder, made, node, part, values);
    }
    if (!name && !key) {
        return bind_children(binder, made, node, values);
    }
    text = name ? text_of(binder, node, name, "", values) : phrase_of(binder, node, key, values);
    add_text(binder, made, du_text_or_empty(text));
    return text ? APR_SUCCESS : DU_E_TEMPLATE;
}

static apr_status_t bind_element(binder_t *binder, xmlNodePtr parent, const xmlNode *node, const du_values_t *values)
{
    xmlNodePtr made = make_element(binder, parent, node);
    const char *list = our_attribute(node, "attr");
    apr_status_t rv = list ? bind_attributes(binder, made, node, list, values) : APR_SUCCESS;

    return rv == APR_SUCCESS ? bind_content(binder, made, node, values) : rv;
}

/* A condition may name a list without items, which nobody knows then: that is false, not an error. */
static int holds(apr_pool_t *pool, const char *condition, const du_values_t *values)
{
    int negated = *condition == '!';
    const char *name = condition + negated, *text = strchr(name, '=');
    const entry_t *entry = find(values, text ? apr_pstrndup(pool, name, (apr_size_t)(text - name)) : name);

    if (text) {
        return (entry && du_text_equal(entry->text, text + 1)) != negated;
    }
    return (entry && (entry->item || entry->part || *entry->text)) != negated;
}

static apr_status_t bind_node(binder_t *binder, xmlNodePtr parent, const xmlNode *node, const du_values_t *values)
{
    const char *condition = our_attribute(node, "if");
    const char *list = our_attribute(node, "each");
    apr_status_t rv = APR_SUCCESS;

    if (condition && !holds(binder->pool, condition, values)) {
        return APR_SUCCESS;
    }
    if (!list) {
        return bind_element(binder, parent, node, values);
    }
    for (const entry_t *e = find(values, list); e && rv == APR_SUCCESS; e = next_named(e->next, list)) {
        if (e->item) {
            rv = bind_element(binder, parent, node, e->item);
        }
    }
    return rv;
}

/* Writes the document as XML, or with `html` as HTML that is XML, too. */
static apr_status_t serialise(du_ctx_t *ctx, xmlDocPtr doc, const char *encoding, int html, apr_pool_t *pool,
                              const char **text, apr_size_t *len)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlSaveCtxtPtr save = xmlSaveToBuffer(buffer, encoding, html ? XML_SAVE_XHTML | XML_SAVE_NO_DECL : 0);
    apr_status_t rv = APR_SUCCESS;

    if (save) {
        xmlSaveDoc(save, doc);
        xmlSaveClose(save);
        *len = (apr_size_t)xmlBufferLength(buffer);
        *text = apr_pstrmemdup(pool, (const char *)xmlBufferContent(buffer), *len);
    } else {
        rv = du_fail(ctx, DU_E_TEMPLATE, DUNO(0118), "nothing can be written in the encoding of the template, %s",
                     du_text_for_log(ctx->pool, encoding));
    }
    xmlBufferFree(buffer);
    return rv;
}

static apr_status_t bind_all(du_ctx_t *ctx, const du_template_t *tmpl, const du_values_t *values,
                             const du_words_t *words, int html, apr_pool_t *pool, const char **text, apr_size_t *len)
{
    binder_t binder = {ctx, pool, words, xmlNewDoc((const xmlChar *)"1.0")};
    apr_status_t rv = bind_element(&binder, NULL, xmlDocGetRootElement(tmpl->doc), values);

    if (rv == APR_SUCCESS) {
        rv = serialise(ctx, binder.doc, du_template_encoding(tmpl), html, pool, text, len);
    }
    xmlFreeDoc(binder.doc);
    return rv;
}

apr_status_t du_template_bind(du_ctx_t *ctx, const du_template_t *tmpl, const du_values_t *values, apr_pool_t *pool,
                              const char **text, apr_size_t *len)
{
    return bind_all(ctx, tmpl, values, NULL, 0, pool, text, len);
}

apr_status_t du_template_page(du_ctx_t *ctx, const du_template_t *tmpl, const du_values_t *values,
                              const du_words_t *words, apr_pool_t *pool, const char **text, apr_size_t *len)
{
    return bind_all(ctx, tmpl, values, words, 1, pool, text, len);
}
