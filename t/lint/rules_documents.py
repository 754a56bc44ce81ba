"""What is explained is there, and what is there is explained."""
import re

from house import PRODUCT, code, files, need, rule, show

ENTRY = re.compile(r"^## (DU\d{4})\n(.*?)(?=^## |\Z)", re.M | re.S)


def call_sites():
    """{id: ["file:line", ...]}"""
    sites = {}
    for path in files(*PRODUCT):
        for number, line in enumerate(code(path).splitlines(), 1):
            if not line.startswith("#define DUNO("):
                for digits in re.findall(r"\bDUNO\((\w*)\)", line):
                    sites.setdefault("DU" + digits, []).append(f"{show(path)}:{number}")
    return need(sites, "message ids")


@rule("a message id has four digits and one call site")
def rule_ids():
    for name, sites in sorted(call_sites().items()):
        if not re.fullmatch(r"DU\d{4}", name):
            yield f"{name} at {sites[0]} is no id"
        if len(sites) > 1:
            yield f"{name} is used at {' and '.join(sites)}"


@rule("every message id is explained in conf/messages.md, and no other")
def rule_messages():
    entries = ENTRY.findall(files("conf/messages.md")[0].read_text())
    names = [name for name, _ in need(entries, "entries in conf/messages.md")]
    used = set(call_sites())
    yield from (f"{name} is not explained" for name in sorted(used - set(names)))
    yield from (f"{name} is explained, but nobody says it" for name in sorted(set(names) - used))
    yield from (f"{name} is explained twice" for name in sorted({n for n in names if names.count(n) > 1}))
    if names != sorted(names):
        yield "the entries are not in order"


@rule("every explanation says cause, outcome and what to do")
def rule_explanations():
    for name, text in need(ENTRY.findall(files("conf/messages.md")[0].read_text()), "entries in conf/messages.md"):
        if not text.lstrip("\n").split("\n")[0].strip() or text.lstrip("\n").startswith("-"):
            yield f"{name} has no summary"
        for word in ("Cause", "Outcome", "What to do"):
            if not re.search(rf"^- {word}: \S", text, re.M):
                yield f"{name} does not say \"{word}: ...\""


DIRECTIVE = re.compile(r'X\((\w+),\s*(\w+),\s*(\w+),\s*(\w+),\s*(\S+),\s*(\d+),\s*(\d+),')
CONTEXTS = {"GLOBAL": "server config", "SERVER": "server config, virtual host",
            "LOCATION": "server config, virtual host, directory"}


def directives():
    header = files("mod_devupdate/mod_devupdate_directives.h")[0].read_text()
    table = header[header.index("#define DU_DIRECTIVES"):]
    found = need(DIRECTIVE.findall(table.replace("\\\n", "\n")), "lines of the list of directives")
    need(len(found) == len(re.findall(r"\bX\(", table)), "every line of the list")
    return found


def field(text, name):
    match = re.search(rf"^- {name}: (.+)$", text, re.M)
    return match[1].strip() if match else None


@rule("every directive has its page, and every page its directive")
def rule_directive_pages():
    names = {line[2] for line in directives()}
    pages = {path.stem: path for path in files("conf/directives/*.md")}
    yield from (f"{name} has no page in conf/directives" for name in sorted(names - set(pages)))
    yield from (f"{show(pages[name])} explains no directive" for name in sorted(set(pages) - names))


@rule("the pages of directives say what the list says")
def rule_directive_fields():
    for kind, _, name, context, default, least, most in directives():
        path = files(f"conf/directives/{name}.md")[0]
        text = path.read_text()
        if not text.startswith(f"# {name}\n"):
            yield f"{show(path)} does not begin with its name"
        for wanted in ("Description", "Syntax", "Default", "Context"):
            if not field(text, wanted):
                yield f"{show(path)} has no {wanted}"
        if not (field(text, "Syntax") or "").startswith(name):
            yield f"{show(path)}: the syntax is of another directive"
        documented = field(text, "Default")
        expected = {"FLAG": "On" if default == "1" else "Off", "NUMBER": default}.get(kind)
        if expected is not None and documented != expected:
            yield f"{show(path)}: default {documented}, in the list {expected}"
        if expected is None and default != "NULL" and documented != default.strip('"'):
            yield f"{show(path)}: default {documented}, in the list {default}"
        if field(text, "Context") != CONTEXTS[context]:
            yield f"{show(path)}: context {field(text, 'Context')}, in the list {CONTEXTS[context]}"
        if kind == "NUMBER":
            for limit in (least, most):
                if not re.search(rf"\b{limit}\b", text.replace(",", "")):
                    yield f"{show(path)} does not name the limit {limit}"


SETTING = re.compile(r'X\((DU_SET_\w+),\s*"([\w-]+)",\s*(SITE|GLOBAL),\s*(\w+),\s*"([^"]*)"')


@rule("conf/settings.md says what the list of settings says")
def rule_settings():
    header = files("mod_devupdate/lib/du_setting.h")[0].read_text()
    table = header[header.index("#define DU_SETTING_LIST"):header.index("#define DU_SETTING_CHOICES")].replace("\\\n", "\n")
    listed = need(SETTING.findall(table), "lines of the list of settings")
    need(len(listed) == len(re.findall(r"\bX\(DU_SET_", table)), "every line of the list")
    sections = re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", files("conf/settings.md")[0].read_text(), re.M | re.S)
    if [name for name, _ in sections] != [name for _, name, *_ in listed]:
        yield "it has others, or in another order"
    for (_, name, scope, _, default), (_, text) in zip(listed, sections):
        if (field(text, "Default"), field(text, "Scope")) != (default or "(empty)", scope.lower()):
            yield f"{name}: default or scope are others than in the list"


RIGHT = re.compile(r'X\(DU_RIGHT_(\w+),\s*"[\w-]+",\s*(\w+),\s*(\w+),\s*(\w+),\s*"([^"]+)"\)')
ROLE = re.compile(r'X\(DU_ROLE_\w+,\s*"(\w+)"\)')
LIMITED = {"FREE": "everything", "OWN": "of the site", "NEVER": "-"}


def role_cell(role, right, at_site, everywhere, order):
    """What the README says that a role may."""
    if order.index(role) >= order.index(everywhere):
        return "yes"
    if order.index(role) >= order.index(at_site):
        return "of sites"
    return "if set" if (role, right) == ("OPERATOR", "APPROVE") else "-"


@rule("the README's table of roles says what the list of rights says")
def rule_roles():
    header = files("mod_devupdate/lib/du_access.h")[0].read_text()
    roles = need(ROLE.findall(header), "lines of the list of roles")
    rights = need(RIGHT.findall(header), "lines of the list of rights")
    need(len(rights) == len(re.findall(r"\bX\(DU_RIGHT_", header)), "every line of the list")
    order = [name.upper() for name in roles]
    expected = [[*roles, "limited to a site"]]
    for right, limit, at_site, everywhere, words in rights:
        expected.append([words, *(role_cell(role, right, at_site, everywhere, order) for role in order), LIMITED[limit]])
    lines = [re.split(r"  +", line.strip()) for line in files("README")[0].read_text().splitlines() if line.startswith("    ")]
    need(expected[0] in lines, "the table in the README")
    start = lines.index(expected[0])
    yield from (f"not as in the list: {' '.join(wanted)}" for wanted, found in zip(expected, lines[start:]) if wanted != found)


METRIC = re.compile(r'X\((COUNTER|GAUGE),\s*(\w+),\s*"(\w*)",\s*(\w+),\s*(\w+),\s*"([^"]+)"\)')


def metrics():
    """{name: (kind, unit, whether it has labels)}"""
    header = files("mod_devupdate/lib/du_stats.h")[0].read_text()
    table = header[header.index("#define DU_METRIC_LIST"):header.index("/* clang-format on */")]
    found = need(METRIC.findall(table), "lines of the list of metrics")
    need(len(found) == len(re.findall(r"\bX\(\w+,", table)), "every line of the list")
    return {f"devupdate_{name}": (kind.lower(), unit, {first, second} != {"ALL"})
            for kind, name, unit, first, second, _ in found}


@rule("conf/metrics.md says what the list of metrics says")
def rule_metrics():
    sections = re.findall(r"^## (devupdate_\w+)\n(.*?)(?=^## |\Z)", files("conf/metrics.md")[0].read_text(), re.M | re.S)
    if [name for name, _ in sections] != list(metrics()):
        yield f"it has {', '.join(name for name, _ in sections)}, the list has {', '.join(metrics())}"
    for name, text in sections:
        listed = metrics().get(name)
        if listed and (field(text, "Type"), field(text, "Unit") or "", field(text, "Labels") is not None) != listed:
            yield f"{name}: type, unit or labels are others than in the list"
    for name, (_, unit, _) in metrics().items():
        if unit and not name.endswith(f"_{unit}"):
            yield f"{name} does not end with its unit"


@rule("the shipped configuration uses directives that exist")
def rule_configuration():
    names = {line[2] for line in directives()}
    used = set()
    for path in files("conf/devupdate.conf.in"):
        used |= set(re.findall(r"\bDevUpdate[A-Z]\w+", path.read_text()))
    yield from (f"{name} is no directive" for name in sorted(need(used, "directives in the configuration") - names))
