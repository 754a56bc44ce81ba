"""Where things are, and what no file may say."""
import re
import subprocess

from house import SRC, Skip, files, need, rule, show

TOP = {"mod_devupdate", "admin", "conf", "t", "Makefile.am", "configure.ac", "README", ".ci", ".gitignore", ".clang-format",
       "LICENSE"}


def tracked():
    """What git has or would take, below the top of this tree."""
    def git(*args):
        return subprocess.run(["git", "-C", str(SRC), *args], capture_output=True, text=True)

    try:
        top = git("rev-parse", "--show-toplevel")
    except FileNotFoundError:
        raise Skip("no git here") from None
    if top.returncode or top.stdout.strip() != str(SRC):
        raise Skip("not a git checkout (a source package?)")
    listed = git("ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout.split("\0")
    return need([name for name in listed if name and (SRC / name).exists()], "files in git")


@rule("the top level is as house.md section 4 has it")
def rule_top():
    top = {name.split("/")[0] for name in tracked()}
    yield from (f"{name} does not belong there" for name in sorted(top - TOP))
    yield from (f"{name} is missing" for name in sorted(TOP - top))


@rule("nothing generated is in git")
def rule_generated():
    for name in tracked():
        if re.search(r"\.(o|lo|la|a|so|log|trs|pyc)$|(^|/)(Makefile|Makefile\.in|configure|config\.(log|status))$|__pycache__", name):
            yield name


TEXT_FILES = ["README", "Makefile.am", "configure.ac", "mod_devupdate/**/*", "admin/**/*", "conf/**/*", "t/**/*"]
ELSEWHERE = re.compile("|".join([r"\.\./" + "shared", r"(?<![\w.])/" + r"(home|root|Users|work)/\w", r"file:///" + r"home"]))


@rule("no file points outside of the tree")
def rule_elsewhere():
    for path in files(*TEXT_FILES):
        if not path.is_file() or "conf/build" in show(path) or "__pycache__" in show(path) or "t/fuzz/corpus" in show(path):
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue  # a cabinet, an image
        for number, line in enumerate(lines, 1):
            if ELSEWHERE.search(line):
                yield f"{show(path)}:{number}: {line.strip()[:80]}"
