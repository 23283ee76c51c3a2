"""What to do about a module that an evaluation did not find."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from shinka_core.config import InProcessJobConfig, LocalJobConfig
from shinka_core.config.job import Kind

# Packages that are called otherwise than what is imported of them.
_PACKAGES = {
    "cv2": "opencv-python-headless",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "Bio": "biopython",
    "OpenSSL": "pyopenssl",
    "git": "gitpython",
    "serial": "pyserial",
    "jwt": "pyjwt",
}
_NO_MODULE = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'", re.MULTILINE)


def about_missing_module(error: str, job: Kind) -> str:
    """A sentence that names the interpreter which has no such module; "" when an error is about something else.

    Args:
        error: In the evaluator's words.
    """
    found = _NO_MODULE.findall(error)
    if not found or Path(job.eval_program_path).suffix not in ("", ".py", ".py3"):
        return ""
    module, here = found[-1].partition(".")[0], isinstance(job, LocalJobConfig | InProcessJobConfig)
    python = job.python or (sys.executable if here else "python")
    other = "" if isinstance(job, InProcessJobConfig) else ", or name another interpreter (job: {python: ...})"
    return (
        f"{module!r} cannot be imported by {python}, which runs the evaluations: install what has it there "
        f"({python} -m pip install {_PACKAGES.get(module, module)}){other}"
    )
