"""ShinkaEvolve with its defaults, but for what needs a model that reads: its recommendations are off."""

import json
import os
import random
import sys

options = json.loads(sys.argv[1])
os.environ |= {"OPENAI_API_KEY": "none", "SHINKA_PRICING_MODE": "offline"}
# It takes no more slots than there are cores; all systems are to be given the same number.
os.cpu_count = lambda: 64

import numpy as np  # noqa: E402

from shinka.core import EvolutionConfig, ShinkaEvolveRunner  # noqa: E402
from shinka.database import DatabaseConfig  # noqa: E402
from shinka.launch import LocalJobConfig  # noqa: E402

random.seed(options["seed"])
np.random.seed(options["seed"])
settings = options["settings"]
runner = ShinkaEvolveRunner(
    evo_config=EvolutionConfig(
        task_sys_msg=options["request"],
        num_generations=options["proposals"] + 1,
        llm_models=[f"local/scripted@{options['url']}"],
        llm_dynamic_selection=None,
        llm_dynamic_selection_kwargs={},
        llm_kwargs={"temperatures": [0.7], "max_tokens": 4096},
        meta_rec_interval=None,
        evolve_prompts=False,
        embedding_model=f"local/scripted@{options['url']}" if settings.get("novelty") else None,
        novelty_llm_models=None,
        init_program_path=f"{options['task']}/initial.py",
        results_dir=options["results"],
    ),
    job_config=LocalJobConfig(eval_program_path=f"{options['task']}/evaluate.py"),
    db_config=DatabaseConfig(),
    max_evaluation_jobs=options["width"],
    max_proposal_jobs=options["width"],
    verbose=False,
)
runner.run()
