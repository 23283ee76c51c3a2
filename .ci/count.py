"""Adds up what several test runs reported: `python .ci/count.py run.xml ...` (JUnit XML)."""

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

total: Counter[str] = Counter()
for name in sys.argv[1:]:
    for suite in ET.parse(name).getroot().iter("testsuite"):
        kept = {key: float(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped", "time")}
        passed = kept["tests"] - kept["failures"] - kept["errors"] - kept["skipped"]
        print(f"{Path(name).stem}: {passed:.0f} passed, {kept['skipped']:.0f} skipped in {kept['time']:.0f}s")
        total.update(kept | {"passed": passed})
failed = total["failures"] + total["errors"]
print(
    f"== {total['passed']:.0f} passed, {failed:.0f} failed, {total['skipped']:.0f} skipped in {total['time']:.2f}s =="
)
sys.exit(failed > 0 or not total["passed"])
