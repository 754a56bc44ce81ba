"""Who may touch what (house.md section 5), by what sources include and what objects refer to."""
import re
import subprocess

from house import ADMIN, BUILD, GLUE, LIBRARY, SRC, code, files, need, rule, show, texts

HTTPD = r"httpd\.h|http_\w+\.h|ap_\w+\.h|mod_\w+\.h|util_\w+\.h|mpm_common\.h|scoreboard\.h|unixd\.h"

# Header, as a regular expression, and the sources that may include it, with the reason.
INCLUDES = {
    HTTPD: (r"mod_devupdate/mod_devupdate\w*\.[ch]", "the glue is what knows httpd"),
    r"apr_dbd\.h": (r"mod_devupdate/lib/du_db\.c", "one file knows the drivers' traps"),
    r"libxml/.*": (r"mod_devupdate/lib/du_(xml|template)\.c|admin/ctl_phone\w*\.c",
                   "one reader, one binder; a phone writes its request itself"),
    r"archive(_entry)?\.h": (r"mod_devupdate/lib/du_cab_reader\.c", "cabinets, in the sandbox"),
    r"ares\.h": (r"admin/ctl_doctor_dns\.c", "names as phones look them up"),
    r"curl/.*": (r"admin/ctl_(phone|doctor)_\w+\.c", "a phone asks over HTTP"),
    r"jansson\.h": (r"admin/.*", "JSON is for people's programs, not for phones"),
    r"openssl/.*": (r"mod_devupdate/lib/du_\w+\.[ch]|admin/ctl_phone\w*\.c|admin/ctl_doctor_tls\.c", "digests, certificates"),
    r"seccomp\.h": (r"mod_devupdate/lib/du_sandbox\.c", "one sandbox"),
    r"stdio\.h": (r"admin/.*", "the library has no standard output"),
    r"sqlite3\.h|libpq-fe\.h|postgresql/.*": (r"$^", "databases are reached through apr_dbd"),
}

# Files that may open, write, rename or remove files, with the reason (house.md section 5, and those it did not foresee).
FILE_USERS = {
    "du_anchors": "reads the trust anchors",
    "du_cab_input": "reads the cabinet",
    "du_cab_signature": "reads the signature behind the cabinet",
    "du_cab_stage": "writes what is in the cabinet to staging",
    "du_capture": "requests as they came",
    "du_census": "reads the audit files of checks",
    "du_csv": "reads a CSV file",
    "du_current": "one stat() of the kept rule set",
    "du_daylog": "files of a day: audit, downloads, uploads",
    "du_db": "makes the file of a new SQLite store, and does not let SQLite make one of a mistyped name",
    "du_disk": "what a node may do in the file store, and how much room there is",
    "du_file": "how all the others write: whole or not at all",
    "du_identity": "whose images the file store has",
    "du_image": "the tree of images",
    "du_image_check": "compares files with what the store says of them",
    "du_image_tree": "what is in it",
    "du_job": "the directories of imports that run as jobs",
    "du_job_intake": "the cabinet while it comes in",
    "du_job_process": "no descriptor of httpd's stays open in the process of a job; it removes the cabinet",
    "du_job_state": "what is known of a job",
    "du_job_work": "makes its directory",
    "du_logs": "reads and removes single logs",
    "du_package": "reads the description in staging",
    "du_record_file": "counts lines of an audit file",
    "du_record_find": "finds audit files of some days",
    "du_record_queue": "finds audit files that grew",
    "du_removed": "notes which, until the store has that on record",
    "du_retain": "removes logs that are old or too many",
    "du_ruleset": "maps the kept rule set",
    "du_ruleset_build": "keeps it",
    "du_trust": "reads catalogues in staging, and images if SHA-1 is asked for",
    "du_upload_spool": "device logs that phones send",
    "du_upload_usage": "counts them",
}
FILE_CALLS = re.compile(r"(apr_file_(?!name_get)|apr_dir_|apr_stat$|apr_mmap_|apr_temp_dir|f?open(64|at)?$|creat|fopen|unlink|rename|"
                        r"mkdir|rmdir|link|symlink|l?chown|f?chmod|f?truncate|du_file_)")

OUTSIDE = re.compile(r"(printf|puts|putchar|putc|fputs|fputc|fprintf|vprintf|vfprintf|fwrite|perror|stdout|stderr|getenv|"
                     r"secure_getenv|setenv|putenv|environ|apr_env_\w+|system|popen|exit|abort)$")


# A process that is confined has no files, so its time zone must be in its own environment.
IN_SANDBOX = {"du_sandbox": {"setenv"}}


def includes(path):
    return re.findall(r'^#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(), re.M)


@rule("sources include only what their layer may")
def rule_includes():
    for path in files(*LIBRARY, *GLUE, *ADMIN):
        for header in includes(path):
            for pattern, (users, reason) in INCLUDES.items():
                if re.fullmatch(pattern, header) and not re.fullmatch(users, show(path)) \
                        and not (SRC / path.parent / header).exists():
                    yield f"{show(path)} includes <{header}> ({reason})"


@rule("includes go one way: library below glue and programs")
def rule_directions():
    for path in files(*LIBRARY):
        for header in includes(path):
            if header.startswith(("mod_devupdate", "ctl", "dua_")):
                yield f"{show(path)} includes {header}"
    for path in files(*GLUE):
        for header in includes(path):
            if header.startswith(("ctl", "dua_")):
                yield f"{show(path)} includes {header}"
    for path in files(*ADMIN):
        for header in includes(path):
            if header.startswith("mod_devupdate"):
                yield f"{show(path)} includes {header}"


def nm(path, *options):
    out = subprocess.run(["nm", *options, str(path)], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in out.splitlines() if line.strip()}


def wanted_by(path):
    """Names an object refers to; a fortified __printf_chk is printf."""
    return {re.sub(r"^__(\w+)_chk$", r"\1", name) for name in nm(path, "--undefined-only")}


def objects(folder, sources):
    """(source, object) of each; libtool puts what goes into a module into .libs."""
    for source in files(sources):
        place = BUILD / folder
        found = [*place.glob(f".libs/*-{source.stem}.o"), *place.glob(f"*-{source.stem}.o")]
        yield source, need(found, f"object of {show(source)}")[0]


@rule("the library refers to no httpd, no output, no environment")
def rule_library_objects():
    for source, built in objects("mod_devupdate/lib", "mod_devupdate/lib/*.c"):
        for name in sorted(wanted_by(built)):
            if name.startswith("ap_") or (OUTSIDE.match(name) and name not in IN_SANDBOX.get(source.stem, ())):
                yield f"{show(source)} refers to {name}"


@rule("apr_dbd is called in du_db.c only")
def rule_dbd_objects():
    users = set()
    for source, built in [*objects("mod_devupdate/lib", "mod_devupdate/lib/*.c"), *objects("mod_devupdate", "mod_devupdate/*.c"),
                          *objects("admin", "admin/*.c"), *objects("admin/lib", "admin/lib/*.c")]:
        if any(name.startswith("apr_dbd_") for name in wanted_by(built)):
            users.add(show(source))
    need("mod_devupdate/lib/du_db.c" in users, "calls of apr_dbd in du_db.c")
    yield from (f"{user} calls apr_dbd" for user in sorted(users - {"mod_devupdate/lib/du_db.c"}))


@rule("files are touched only by the sources that are there for it")
def rule_file_objects():
    touching = set()
    for source, built in objects("mod_devupdate/lib", "mod_devupdate/lib/*.c"):
        calls = sorted(name for name in wanted_by(built) if FILE_CALLS.match(name))
        if calls:
            touching.add(source.stem)
        if calls and source.stem not in FILE_USERS:
            yield f"{show(source)} calls {', '.join(calls)}"
    yield from (f"{stem}.c touches no files, but is listed here" for stem in sorted(set(FILE_USERS) - touching))


# What the pages' frame may refer to of the outside, besides its own two rooms for it.
FRAME_OUTSIDE = {
    "dua_env": {"getenv", "read"},
    "dua_response": {"write", "alarm"},
    "dua_main": {"fprintf", "stderr"},             # what is wrong with a page goes to httpd's log
    "dua_program": {"fprintf", "stderr", "exit"},  # likewise, and that there is no memory
}


@rule("one room of the pages reads the environment, one writes, and none touches files")
def rule_frame_objects():
    outside = re.compile(OUTSIDE.pattern[:-2] + r"|read|write|alarm)$")
    pages = [pair for pair in objects("admin", "admin/*.c") if not pair[0].stem.startswith(("ctl_", "devupdatectl"))]
    for source, built in [*objects("admin/lib", "admin/lib/*.c"), *need(pages, "pages")]:
        allowed = FRAME_OUTSIDE.get(source.stem, set())
        for name in sorted(wanted_by(built)):
            if (outside.match(name) and name not in allowed) or FILE_CALLS.match(name):
                yield f"{show(source)} refers to {name}"


@rule("programs do not refer to httpd")
def rule_admin_objects():
    for source, built in [*objects("admin", "admin/*.c"), *objects("admin/lib", "admin/lib/*.c")]:
        for name in sorted(wanted_by(built)):
            if name.startswith("ap_"):
                yield f"{show(source)} refers to {name}"


@rule("the module exports its module symbol and nothing else")
def rule_exports():
    exported = nm(need([*BUILD.glob(".libs/mod_devupdate.so")], "the module")[0], "-D", "--defined-only")
    if exported != {"devupdate_module"}:
        yield f"it exports {', '.join(sorted(exported)) or 'nothing'}"


SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|(CREATE|ALTER|DROP) (TABLE|INDEX|VIEW)|PRAGMA|WHERE \w+ ?=)")

# SQL that is not about our tables, and cannot stand in queries.sql because apr_dbd cannot prepare it.
DRIVER_SQL = {"mod_devupdate/lib/du_db.c": re.compile(r"PRAGMA (busy_timeout|cache_size|integrity_check|journal_mode|synchronous|temp_store|wal_autocheckpoint)\b")}


@rule("SQL stands in mod_devupdate/sql only")
def rule_sql_texts():
    for path in files(*LIBRARY, *GLUE, *ADMIN):
        for line, text in texts(path):
            allowed = DRIVER_SQL.get(show(path))
            if SQL.search(text) and not (allowed and allowed.match(text)):
                yield f"{show(path)}:{line}: {text[:60]}"


@rule("every statement of queries.sql is used")
def rule_sql_used():
    queries = files("mod_devupdate/sql/queries.sql")[0].read_text()
    names = need(re.findall(r"^-- name: (\w+)$", queries, re.M), "statements")
    used = set(re.findall(r"\bDU_SQL_(\w+)", "".join(code(path) for path in files("mod_devupdate/lib/*.c"))))
    for name in names:
        if name.upper() not in used:
            yield f"{name} is not used"
    for name in {name for name in names if names.count(name) > 1}:
        yield f"{name} is there twice"


@rule("the record of changes is only ever added to")
def rule_append_only():
    """One statement may change it: a migration gives rows of the time before the chain their digests."""
    queries = files("mod_devupdate/sql/queries.sql")[0].read_text()
    changing = [name for name, text in re.findall(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", queries, re.M | re.S)
                if re.search(r"\b(UPDATE|DELETE FROM|INTO|REPLACE INTO) activity\b", re.sub(r"^--.*", "", text, flags=re.M))]
    yield from (f"{name} changes table activity" for name in changing if name != "activity_seal")
    need("activity_seal" in changing, "the statement of the migration")
    users = {show(path) for path in files("mod_devupdate/lib/*.c") if re.search(r"\bDU_SQL_ACTIVITY_SEAL\b|\bdu_store_seal\(", code(path))}
    yield from (f"{user} may change it" for user in
                sorted(users - {"mod_devupdate/lib/du_store_activity.c", "mod_devupdate/lib/du_store_migrate.c"}))
