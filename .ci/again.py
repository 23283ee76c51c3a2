"""Runs again what failed: `python .ci/again.py RESULTS.xml` after a run that wrote those results.

Hundreds of tests kill, wait and measure on two cores. One that fails beside the others and passes by itself is told
here, by name, and mended later; one that fails again, or more than a few at once, ends the run.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

MOST = 6

results = Path(sys.argv[1])
if not results.exists():
    sys.exit(1)  # it did not come to its end, which is no test's failure
tree = ET.parse(results)
failed: list[str] = []
for suite in tree.getroot().iter("testsuite"):
    for case in list(suite.iter("testcase")):
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(f"{case.get('classname')}::{case.get('name')}")
            suite.remove(case)
    suite.set("tests", str(len(list(suite.iter("testcase")))))
    suite.set("failures", "0")
    suite.set("errors", "0")
if not 0 < len(failed) <= MOST:
    sys.exit(1)
print(f"== again, by themselves: {', '.join(failed)}", flush=True)
again = results.with_name(f"{results.stem}-again.xml")
command = [
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "--last-failed",
    "--last-failed-no-failures=none",
    f"--junitxml={again}",
]
# However late it is.
code = subprocess.run(command, env={**os.environ, "SHINKA_TEST_UNTIL": "inf"}).returncode
if code == 0:
    tree.write(results)
    print(f"== UNSTEADY, failed once and passed by itself: {', '.join(failed)}")
sys.exit(code)
