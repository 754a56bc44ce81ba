"""Sizes of rooms, headers that stand alone, functions nobody should call."""
import concurrent.futures
import re
import shlex
import shutil
import statistics
import subprocess

from house import BUILD, PRODUCT, SRC, TESTS, code, files, functions, make_variables, need, rule, show

FUNCTION_LINES, FILE_LINES = 80, 800


@rule(f"no function is longer than {FUNCTION_LINES} lines")
def rule_functions():
    sizes = []
    for path in files(*PRODUCT, *TESTS):
        if path.suffix == ".c":
            sizes += [(length, name, path) for name, length in functions(path)]
    need(len(sizes) > 100, "functions")
    product = [length for length, _, path in sizes if not show(path).startswith("t/")]
    longest = max(size for size in sizes if not show(size[2]).startswith("t/"))
    print(f"# {len(product)} functions of the product: median {statistics.median(product):.0f} lines, "
          f"longest {longest[1]} with {longest[0]}")
    yield from (f"{show(path)}: {name} has {length} lines" for length, name, path in sizes if length > FUNCTION_LINES)


@rule(f"no file is longer than {FILE_LINES} lines")
def rule_files():
    for path in files(*PRODUCT, *TESTS, "t/*/*.py"):
        length = path.read_text().count("\n")
        if length > FILE_LINES:
            yield f"{show(path)} has {length} lines"


UNSAFE = r"\b(strcpy|stpcpy|strcat|sprintf|vsprintf|gets|strtok|tmpnam|tempnam|mktemp|alloca)\s*\("
SHELL = r"\b(system|popen)\s*\("  # a test may run a program


@rule("no function is called that cannot be called safely")
def rule_forbidden():
    for path in files(*PRODUCT, *TESTS):
        forbidden = UNSAFE if show(path).startswith("t/") else f"{UNSAFE}|{SHELL}"
        for number, line in enumerate(code(path).splitlines(), 1):
            for call in re.finditer(forbidden, line):
                yield f"{show(path)}:{number}: {call[0]}...)"


def compilers():
    found = [word for word in shlex.split(make_variables()["CC"]) if not word.endswith("ccache") and not word.startswith("-")][:1]
    found += [name for name in ("gcc", "clang", "clang-14") if shutil.which(name)][:2]
    return sorted({shutil.which(name) for name in found if shutil.which(name)})


@rule("every header compiles alone")
def rule_headers():
    headers = files("mod_devupdate/lib/*.h", "mod_devupdate/*.h", "admin/*.h", "admin/lib/*.h", "t/unit/*.h")
    make = make_variables()
    flags = shlex.split(" ".join(make[name] for name in ("HTTPD_CPPFLAGS", "APR_CFLAGS", "APU_CFLAGS", "XML_CFLAGS", "CRYPTO_CFLAGS",
                                                         "ARCHIVE_CFLAGS", "JANSSON_CFLAGS", "CURL_CFLAGS", "CHECK_CFLAGS")))
    places = [f"-I{place}" for place in (BUILD / "conf/build", BUILD / "mod_devupdate/sql", SRC / "mod_devupdate/lib",
                                         SRC / "mod_devupdate", SRC / "admin", SRC / "admin/lib", SRC / "t/unit")]

    def compiled(compiler, header):
        # once for itself, once more to see its include guard
        source = f'#include "{header}"\n#include "{header}"\n'
        run = subprocess.run([compiler, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-xc", "-D_GNU_SOURCE",
                              *places, *flags, "-"], input=source, capture_output=True, text=True)
        return None if run.returncode == 0 else f"{show(header)}: {(run.stderr.splitlines() or ['?'])[0]}"

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for fault in pool.map(lambda pair: compiled(*pair), [(c, h) for c in need(compilers(), "a compiler") for h in headers]):
            if fault:
                yield fault
