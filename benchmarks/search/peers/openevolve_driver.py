"""OpenEvolve with its defaults, but for the cascade, which these evaluators do not have."""

import asyncio
import json
import os
import sys

options = json.loads(sys.argv[1])
os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": options["url"]}  # its embeddings know no other way

from openevolve.config import Config  # noqa: E402
from openevolve.controller import OpenEvolve  # noqa: E402

config = Config.from_dict(
    {
        "max_iterations": options["proposals"],
        "checkpoint_interval": options["proposals"],
        "random_seed": options["seed"],
        "language": "python",
        "log_level": "WARNING",
        "llm": {"primary_model": "scripted", "api_base": options["url"], "api_key": "none", "retries": 3},
        "database": {"embedding_model": None, **options["settings"].get("database", {})},
        "evaluator": {"parallel_evaluations": options["width"], "cascade_evaluation": False, "timeout": 60},
    }
)
config.llm.update_model_params({"system_message": config.prompt.system_message})
controller = OpenEvolve(f"{options['task']}/initial.py", f"{options['task']}/evaluate.py", config, options["results"])
asyncio.run(controller.run(iterations=options["proposals"]))
