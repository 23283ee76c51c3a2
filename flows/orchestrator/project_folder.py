"""A step for `prefect.yaml`: where the project is, found when the deployment is made.

Prefect deploys from the working directory by default, so that a deployment made elsewhere would find
neither the examples nor its results folder again.
"""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SIGN = Path("deployments") / "prefect.yaml"


def project_folder() -> dict[str, str]:
    """The project's folder in a checkout; the working directory when the project is installed as a wheel.

    Returns:
        The absolute path as `directory`, for the steps and settings that come after.
    """
    folder = PROJECT if (PROJECT / SIGN).is_file() else Path.cwd()
    return {"directory": str(folder)}
