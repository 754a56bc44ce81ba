"""The phrases of the pages: one catalogue a language, and who uses them."""
import re

from house import TOKEN, files, need, rule, show

PLACEHOLDER = re.compile(r"\{([\w.]+)(?::([\w.]+))?\}")
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
ABBREVIATIONS = {"CSV", "MAC", "IP", "ID", "SHA-256"}   # words that are the same in every language


def catalogues():
    """{language: [(key, phrase), ...]}"""
    found = {}
    for path in files("admin/texts/*.txt"):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
        found[path.stem] = need([tuple(line.split(" = ", 1)) for line in lines], f"phrases in {show(path)}")
    need(len(found) > 1, "two languages")
    return found


def keys():
    return {key for key, _ in catalogues()["en"]}


@rule("every language has the same phrases, each once, with the same placeholders")
def rule_catalogues():
    all_of = catalogues()
    english = dict(all_of["en"])
    for language, phrases in all_of.items():
        names = [key for key, _ in phrases]
        yield from (f"{language}: {key} is there twice" for key in sorted({key for key in names if names.count(key) > 1}))
        yield from (f"{language}: {key} is missing" for key in sorted(english.keys() - set(names)))
        yield from (f"{language}: {key} is not in en" for key in sorted(set(names) - english.keys()))
        for key, phrase in phrases:
            if key in english and sorted(PLACEHOLDER.findall(phrase)) != sorted(PLACEHOLDER.findall(english[key])):
                yield f"{language}: {key} has other placeholders than in en"


@rule("Japanese phrases are Japanese")
def rule_japanese():
    for key, phrase in catalogues()["ja"]:
        words = PLACEHOLDER.sub("", phrase)
        if not JAPANESE.search(words) and re.search(r"\w", words) and words.strip() not in ABBREVIATIONS:
            yield f"{key}: {phrase}"


def listed(path, line):
    """The names in a list of the product: the group of `line`."""
    text = files(path)[0].read_text()
    names = need(re.findall(line, text, re.M), f"the list in {path}")
    return set(names)


def families():
    """{"nav": names, ...}: keys that are made of a word and a name from a list of the product."""
    programs = [name for path in files("admin/*.c") for name in re.findall(r"\bdua_page_t page = \{\s*\.name = \"(\w+)\"", path.read_text())]
    return {
        "nav": listed("admin/lib/dua_pages.h", r"^    X\((\w+),") | set(need(programs, "programs of pages")),
        "role": listed("mod_devupdate/lib/du_access.h", r'X\(DU_ROLE_\w+,\s*"(\w+)"'),
        "right": listed("mod_devupdate/lib/du_access.h", r'X\(DU_RIGHT_\w+,\s*"([\w-]+)"'),
        "setting": listed("mod_devupdate/lib/du_setting.h", r'X\(DU_SET_\w+,\s*"([\w-]+)",\s*(?:SITE|GLOBAL)'),
        "done": done_keys(),
    }


def text_arguments(path, call):
    """The texts in the second argument of every call of a function, as lists: one, or those of a choice."""
    source = TOKEN.sub(lambda m: " " if m[0][0] == "/" else m[0], path.read_text())
    for match in re.finditer(rf"\b{call}\(\s*\w+,\s*((?:[^,()\"]|\"[^\"]*\"|\([^()]*\))*),", source):
        yield re.findall(r'"([^"]*)"', match[1])


def done_keys():
    """What changes say that they did: the second argument of dua_done(), or of a function that passes it on as `key`, or in the list of
    what rules.c passes on."""
    found = listed("admin/rules.c", r'X\("\w+",\s*"([\w.]+)"')
    for path in files("admin/*.c"):
        source = path.read_text()
        for texts in text_arguments(path, "dua_done"):
            found.update(texts)
        for name in re.findall(r"(\w+)\([^()]*const char \*key\)\n\{", source):
            found.update(re.findall(rf'\b{name}\([^;{{}}]*"([\w.]+)"\);', source))
    return need(found, "calls of dua_done()")


def template_uses():
    """(file, key) of phrases that templates name, and (file, word) of those that they make of a word and a value."""
    whole, made = [], []
    for path in files("admin/templates/*.html"):
        text = path.read_text()
        whole += [(show(path), key) for key in re.findall(r'du:say="([^"]+)"', text)]
        for attributes in re.findall(r'du:attr="([^"]+)"', text):
            whole += [(show(path), key) for key in re.findall(r"=@([\w.-]+)", attributes)]
        made += [(show(path), word) for word in re.findall(r':(?:say|maybe)\.([\w.-]+)"', text)]
    for path in files("admin/texts/en.txt"):
        made += [(show(path), word) for _, phrase in catalogues()["en"] for _, form in PLACEHOLDER.findall(phrase)
                 for word in re.findall(r"^say\.(.+)", form or "")]
    return need(whole, "phrases in templates"), need(made, "phrases made of parts")


def program_texts():
    """Every text in the programs of the pages and in the library: what a value may be."""
    sources = files("admin/*.c", "admin/lib/*.[ch]", "mod_devupdate/lib/*.[ch]")
    return {text for path in sources for text in re.findall(r'"((?:\\.|[^"\\\n])*)"', path.read_text())}


@rule("pages say only what the catalogues have")
def rule_phrases_exist():
    there = keys()
    whole, made = template_uses()
    known = families()
    yield from (f"{name}: {key} is in no catalogue" for name, key in sorted(set(whole)) if key not in there)
    for family, values in known.items():
        yield from (f"{family}.{value} is in no catalogue" for value in sorted(values) if f"{family}.{value}" not in there)
    for name, word in sorted(set(made)):
        if not any(key.startswith(f"{word}.") for key in there):
            yield f"{name}: there is no phrase that begins with {word}."


@rule("every phrase of the catalogues is used")
def rule_phrases_used():
    whole, made = template_uses()
    known, words, values = families(), {word for _, word in made}, program_texts()
    used = {key for _, key in whole} | {f"{family}.{value}" for family, names in known.items() for value in names}
    for key in sorted(keys() - used):
        family = max((word for word in words - known.keys() if key.startswith(f"{word}.")), key=len, default=None)
        if family is None or key[len(family) + 1:] not in values:
            yield f"{key} is used nowhere"
