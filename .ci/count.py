"""Adds up what several test runs reported: `python .ci/count.py run.xml ...` (JUnit XML)."""

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

# As `tests/conftest.py` says it.
LATE = "SHINKA_TEST_UNTIL"

total: Counter[str] = Counter()
for name in sys.argv[1:]:
    for suite in ET.parse(name).getroot().iter("testsuite"):
        kept = {key: float(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped", "time")}
        passed = kept["tests"] - kept["failures"] - kept["errors"] - kept["skipped"]
        late = sum(LATE in (each.get("message") or "") for each in suite.iter("skipped"))
        left = f", {late} of them NOT BEGUN IN TIME" if late else ""
        print(f"{Path(name).stem}: {passed:.0f} passed, {kept['skipped']:.0f} skipped{left} in {kept['time']:.0f}s")
        total.update(kept | {"passed": passed})
failed = total["failures"] + total["errors"]
print(
    f"== {total['passed']:.0f} passed, {failed:.0f} failed, {total['skipped']:.0f} skipped in {total['time']:.2f}s =="
)
sys.exit(failed > 0 or not total["passed"])
