"""OpenEvolve on a case; runs in its environment, with the options of `Case.options` as its argument."""

import asyncio
import json
import os
import sys
from pathlib import Path

options = json.loads(sys.argv[1])
os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": options["url"]}  # its embeddings know no other way

from openevolve.config import Config  # noqa: E402
from openevolve.controller import OpenEvolve  # noqa: E402

task = Path(options.get("task") or Path(__file__).parents[1] / "task")
config = Config.from_dict(
    {
        "max_iterations": options["generations"],
        "checkpoint_interval": options["generations"],
        "log_level": "WARNING",
        "llm": {"primary_model": "scripted", "api_base": options["url"], "api_key": "none", "retries": 6},
        "database": {"embedding_model": "text-embedding-3-small" if options["novelty"] else None},
        "evaluator": {"parallel_evaluations": options["width"], "cascade_evaluation": False, "timeout": 60},
    }
)
if options.get("told"):
    config.prompt.system_message = options["told"]
config.llm.update_model_params({"system_message": config.prompt.system_message})
controller = OpenEvolve(
    str(task / "initial.py"), options.get("evaluator") or str(task / "evaluate.py"), config, options["results"]
)
asyncio.run(controller.run(iterations=options["generations"]))
