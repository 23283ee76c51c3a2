"""Names of ShinkaEvolve's functions around Hydra, each with what to use here."""

from __future__ import annotations

from shinka_core.shinkaevolve.absent import WITHOUT_HYDRA, lazily

__all__: list[str] = []

__getattr__ = lazily(
    "shinka.utils.utils_hydra",
    {},
    dict.fromkeys(
        (
            "build_cfgs_from_python",
            "add_evolve_markers",
            "chdir_to_function_dir",
            "load_hydra_config",
            "wrap_object",
        ),
        WITHOUT_HYDRA,
    ),
)
