"""Random lives of rules against a model: after every step every kind of phone is asked what it is offered."""
import os
import random
import subprocess

import pytest

from conftest import AASTRA, CX600

pytestmark = pytest.mark.patient

KEYS = [CX600, AASTRA]
VERSIONS = ["4.0.1", "4.0.2", "4.0.3", "4.0.4"]
TEST_MAC, OTHER_MAC = "00-04-F2-00-00-01", "00-04-F2-00-00-02"
STEPS = 250


class Model:
    """What administration.md 1.4 says."""

    def __init__(self):
        self.rules = {}                             # key -> [pending, approved, restore]
        self.stored = {key: set() for key in KEYS}  # versions that a rule has had and that were not cleared
        self.packages = set()

    def bring(self, version, *keys):
        if (version, *keys) in self.packages and all(version in self.stored[key] for key in keys):
            return   # already imported
        self.packages.add((version, *keys))
        for key in keys:
            rule = self.rules.setdefault(key, ["", "", ""])
            self.stored[key].add(version)
            if version not in rule[:2]:
                rule[0] = version

    def act(self, action, key):
        """True if something changes."""
        rule = self.rules[key]
        if action == "remove":
            del self.rules[key]
            self.stored[key] = set()
        elif action == "restore" and rule[1]:
            rule[1:] = [rule[2], ""]
        elif action == "approve" and rule[0]:
            rule[:] = ["", rule[0], rule[1]]
        elif action == "reset" and rule[0]:
            rule[0] = ""
        else:
            return False
        return True

    def restore_to(self, key, version):
        rule = self.rules[key]
        if version in self.stored[key] and version != rule[1]:
            rule[:] = ["" if rule[0] == version else rule[0], version, rule[1]]
        return version in self.stored[key]

    def clear(self):
        for key, rule in self.rules.items():
            self.stored[key] &= set(rule)

    def offered(self, key, installed, mac):
        pending, approved, _ = self.rules.get(key, ("", "", ""))
        wanted = pending if pending and mac == TEST_MAC else approved
        return wanted if wanted and wanted != installed else "-"


class Phones:
    """Asks the rules for every kind of phone: make, installed version, test device or not."""
    KINDS = [(key, installed, mac) for key in KEYS for installed in ["3.0", *VERSIONS] for mac in (TEST_MAC, OTHER_MAC)]

    def __init__(self, ctl):
        program = os.path.join(os.environ["builddir"], "t/tools/ask_rules")
        self.process = subprocess.Popen([program, ctl.where[1], str(ctl.directory / "rules")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self):
        for kind in self.KINDS:
            print(*kind, file=self.process.stdin)
        print(".", file=self.process.stdin, flush=True)
        return {kind: self.process.stdout.readline().strip() for kind in self.KINDS}

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(30) == 0


def numbers(ctl):
    return {"/".join(rule[part] for part in ("device_type", "brand", "model", "revision", "locale")): str(rule["id"])
            for rule in ctl.json("rule", "list")}


def step(dice, ctl, model, package):
    """One thing that an administrator does, here and in the model; answers it as text."""
    kind = dice.choices(["import", "approve", "reset", "restore", "remove", "to", "all", "clear"], [8, 6, 3, 4, 1, 3, 2, 2])[0]
    key, version = dice.choice(KEYS), dice.choice(VERSIONS)
    if kind == "import":
        keys = KEYS if dice.random() < 0.5 else [key]
        # The package may be one that came before, or have an image that is there: a warning, and a success.
        assert ctl("import", package(version, *keys)).code == 0
        model.bring(version, *keys)
        return f"import {version} for {keys}"
    if kind == "clear":
        ctl.text("file", "clear")
        model.clear()
        return "clear"
    if kind == "all":
        action = dice.choice(["approve", "reset", "restore"])
        ctl.text("rule", action, "--all")
        for each in list(model.rules):
            model.act(action, each)
        return f"{action} --all"
    if key not in model.rules:
        return "nothing"
    number = numbers(ctl)[key]
    if kind == "to":
        done = ctl("rule", "restore", number, "--to", version).code == 0
        assert done == model.restore_to(key, version)
        return f"restore {key} to {version}"
    done = ctl("rule", kind, number).code == 0
    assert model.act(kind, key) == done or (kind == "approve" and done)
    return f"{kind} {key}"


@pytest.fixture
def package_of(tmp_path, package):
    """The same package for the same arguments, made once."""
    made = {}

    def get(version, *keys):
        name = f"{version}-{len(keys)}-{keys[0].split('/')[2]}.cab"
        if name not in made:
            made[name] = package(*keys, name=name, version=version, size=2000)
        return made[name]
    return get


@pytest.mark.parametrize("seed", [1, 2])
def test_random_lives(ctl, package_of, seed):
    ctl.text("test-device", "add", "t", "--mac", TEST_MAC)
    dice, model, phones, history = random.Random(seed), Model(), Phones(ctl), []
    offers = set()
    for _ in range(STEPS):
        history.append(step(dice, ctl, model, package_of))
        expected = {kind: model.offered(*kind) for kind in Phones.KINDS}
        assert phones.ask() == expected, history[-20:]
        assert set(numbers(ctl)) == set(model.rules), history[-20:]
        offers.add(tuple(expected.values()))
    phones.close()
    assert len(offers) > 20, "the walk went somewhere"
    ctl.text("file", "clear")
    tree = ctl.files / "DeviceUpdateStore"
    model.clear()
    assert sorted(str(path.parent.parent.relative_to(tree)) for path in tree.rglob("CPE.nbt")) == \
           sorted(f"{key}/{version}" for key, stored in model.stored.items() for version in stored)
