"""ShinkaEvolve on a case; runs in its environment, with the options of `Case.options` as its argument."""

import json
import os
import sys
from pathlib import Path

options = json.loads(sys.argv[1])
os.environ |= {"OPENAI_API_KEY": "none", "SHINKA_PRICING_MODE": "offline"}
# It takes no more slots than there are cores; all systems are to be given the same number.
os.cpu_count = lambda: 64

from shinka.core import EvolutionConfig, ShinkaEvolveRunner  # noqa: E402
from shinka.database import DatabaseConfig  # noqa: E402
from shinka.launch import LocalJobConfig  # noqa: E402

task = Path(options.get("task") or Path(__file__).parents[1] / "task")
operators = options.get("operators") or {"diff": 1.0}
runner = ShinkaEvolveRunner(
    evo_config=EvolutionConfig(
        task_sys_msg=options.get("told") or "Improve the program to maximise combined_score.",
        num_generations=options["generations"] + 1,
        patch_types=list(operators),
        patch_type_probs=list(operators.values()),
        llm_models=[f"local/scripted@{options['url']}"],
        llm_dynamic_selection=None,
        llm_dynamic_selection_kwargs={},
        llm_kwargs={"temperatures": [0.7], "max_tokens": 4096},
        meta_rec_interval=None,
        evolve_prompts=False,
        embedding_model=f"local/scripted@{options['url']}" if options["novelty"] else None,
        novelty_llm_models=None,
        init_program_path=str(task / "initial.py"),
        results_dir=options["results"],
    ),
    job_config=LocalJobConfig(
        eval_program_path=str(task / "evaluate.py"),
        extra_cmd_args={} if "task" in options else {"sleep": options["evaluation"]},
    ),
    db_config=DatabaseConfig(),
    max_evaluation_jobs=options["width"],
    max_proposal_jobs=options["width"],
    verbose=False,
)
runner.run()
