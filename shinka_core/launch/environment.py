"""The environment of an evaluation: everything but secrets.

Evaluated code is written by a model. It has no business with provider keys, database passwords
or the orchestrator's address, so variables that look like secrets are left out; what an evaluator
really needs is named in `LocalJobConfig.env`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SECRET = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH)(S|_|$)"
    r"|^(AWS|AZURE|GOOGLE|GCP|OPENAI|ANTHROPIC|GEMINI|DEEPSEEK|OPENROUTER|HF|HUGGING|WANDB|PREFECT|PG|DATABASE|DB)_"
    r"|^(PGPASSWORD|DATABASE_URL|DB_URL|NETRC|SSH_AUTH_SOCK)$",
    re.IGNORECASE,
)


def evaluation_environment(environment: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The variables an evaluation sees.

    Args:
        environment: Of this process.
        extra: Added as they are, also when they look like secrets.
    """
    kept = {name: value for name, value in environment.items() if not _SECRET.search(name)}
    return kept | dict(extra)
