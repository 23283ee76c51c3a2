"""Serves the evolve flow from this process, without a work pool: `python deployments/serve.py`.

Then, from anywhere that reaches the same Prefect server:

    prefect deployment run 'evolve/local' --param task_dir=examples/circle_packing
"""

from __future__ import annotations

from pathlib import Path

from flows.evolve import evolve
from shinka_core.config import EvolutionConfig

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "circle_packing"


def main() -> None:
    """Waits for runs of the deployment `evolve/local` until it is stopped."""
    parameters = {"task_dir": str(EXAMPLE), "evo_config": EvolutionConfig(num_generations=100).model_dump(mode="json")}
    evolve.serve(name="local", parameters=parameters, limit=1)


if __name__ == "__main__":
    main()
