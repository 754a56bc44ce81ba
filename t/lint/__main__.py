"""Runs every rule of the modules beside it and prints TAP.

A rule is a function marked with @rule that yields one sentence per fault. It raises Skip where it cannot be judged, for a
reason that is not a fault. A rule that cannot find what it judges fails: use need() for that.
"""
import importlib
import pathlib
import sys
import traceback

from house import Missing, Skip, rules

for module in sorted(pathlib.Path(__file__).parent.glob("rules_*.py")):
    importlib.import_module(module.stem)


def judge(number, rule):
    name = f"{number} - lint: {rule.sentence}"
    try:
        faults = list(rule())
    except Skip as skip:
        print(f"ok {name} # SKIP {skip}")
        return True
    except Missing as missing:
        faults = [str(missing)]
    except Exception:  # a rule that breaks is a rule that failed
        faults = traceback.format_exc().splitlines()
    print(f"{'not ok' if faults else 'ok'} {name}")
    for fault in faults:
        print(f"#   {fault}")
    return not faults


print(f"1..{len(rules)}")
results = [judge(number, rule) for number, rule in enumerate(rules, 1)]
sys.exit(not (results and all(results)))
