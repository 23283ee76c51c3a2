"""The environment of an evaluation: everything but secrets.

Evaluated code is written by a model. It has no business with provider keys, database passwords
or the orchestrator's address, so variables that look like secrets are left out; what an evaluator
really needs is named in `LocalJobConfig.env`.
"""

from __future__ import annotations

from collections.abc import Mapping

from shinka_core.secrets import SECRET_NAME


def evaluation_environment(environment: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The variables an evaluation sees.

    Args:
        environment: Of this process.
        extra: Added as they are, also when they look like secrets.
    """
    kept = {name: value for name, value in environment.items() if not SECRET_NAME.search(name)}
    return kept | dict(extra)
