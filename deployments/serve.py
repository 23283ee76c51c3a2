"""Serves the evolve flow from this process, without a work pool: `python deployments/serve.py`.

Then, from anywhere that reaches the same Prefect server:

    prefect deployment run 'evolve/local' --param task_dir=examples/circle_packing

Relative paths, those of results among them, are taken from the folder that this was started in.
"""

from __future__ import annotations

from pathlib import Path

from prefect import serve
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from flows.evolve import evolve
from shinka_core.config import EvolutionConfig

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "circle_packing"


def main() -> None:
    """Waits for runs of the deployment `evolve/local` until it is stopped."""
    parameters = {"task_dir": str(EXAMPLE), "evo_config": EvolutionConfig(num_generations=100).model_dump(mode="json")}
    # By the module's name, and not with `evolve.serve`: that hands each run a copy of the flow, in a process that does
    # not know that it belongs to one run.
    deployment = RunnerDeployment.from_flow(
        evolve, "local", parameters=parameters, entrypoint_type=EntrypointType.MODULE_PATH
    )
    serve(deployment, limit=1)


if __name__ == "__main__":
    main()
