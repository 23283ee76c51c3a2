"""The settings of a run: pydantic models, so that they validate, serialise and render as a form.

Field names are the ones ShinkaEvolve users know. Secrets are never settings: provider keys are
read from the environment by the model client alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from shinka_core.config import elsewhere
from shinka_core.config.assigning import Assigned
from shinka_core.config.base import check_weights
from shinka_core.config.base import parse_duration as parse_duration
from shinka_core.config.clusters import DaskJobConfig as DaskJobConfig
from shinka_core.config.clusters import ElsewhereSettings as ElsewhereSettings
from shinka_core.config.clusters import PrefectJobConfig as PrefectJobConfig
from shinka_core.config.clusters import RayJobConfig as RayJobConfig
from shinka_core.config.clusters import SlurmJobConfig as SlurmJobConfig
from shinka_core.config.database import DatabaseConfig as DatabaseConfig
from shinka_core.config.ending import Ending
from shinka_core.config.evaluation import Stage as Stage
from shinka_core.config.evaluations import JobSettings as JobSettings
from shinka_core.config.evaluations import ProcessSettings as ProcessSettings
from shinka_core.config.guidance import SystemPromptConfig as SystemPromptConfig
from shinka_core.config.ideas import IdeaSettings as IdeaSettings
from shinka_core.config.islands import IslandConfig as IslandConfig
from shinka_core.config.job import CustomJobConfig as CustomJobConfig
from shinka_core.config.job import InProcessJobConfig as InProcessJobConfig
from shinka_core.config.job import JobConfig as JobConfig
from shinka_core.config.job import LocalJobConfig as LocalJobConfig
from shinka_core.config.job import job_of as job_of
from shinka_core.config.job import kind_of as kind_of
from shinka_core.config.models import META_ROLES as META_ROLES
from shinka_core.config.models import REPAIR as REPAIR
from shinka_core.config.models import EndpointOptions as EndpointOptions
from shinka_core.config.models import ModelPrice as ModelPrice
from shinka_core.config.models import check_roles
from shinka_core.config.options import ModelOptions as ModelOptions
from shinka_core.config.options import names_model
from shinka_core.config.shinkaevolve import evolution_taken
from shinka_core.config.starting import BootstrapConfig as BootstrapConfig
from shinka_core.config.starting import WarmStartConfig as WarmStartConfig
from shinka_core.config.starting import spread_programs
from shinka_core.config.taking import TakeOver
from shinka_core.config.tuning import TuningSettings as TuningSettings
from shinka_core.registry import Spec
from shinka_core.secrets import NAMES_OF_NO_SECRETS, URL_WITHOUT_PASSWORD

BUILTIN_MUTATE = "builtin/mutate"
# The reviewer where settings say what is reviewed, and not by whom.
A_PERSON = "prefect"
BUILTIN_EMBEDDING = "builtin/hashed-ngrams"


class EvolutionConfig(Assigned, Ending, ModelOptions):
    """What to evolve, with which models, for how long.

    Relative paths are taken from the working directory of the process that runs the evolution.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {**elsewhere.EVOLUTION, **elsewhere.RUNNER}
    takes_over: ClassVar[TakeOver] = evolution_taken

    # The task
    init_program_path: str = Field(default="initial.py", description="The seed program: a file, or a folder of files.")
    more_init_programs: list[str] = Field(
        default=[], description="More programs to begin with; `init_program_path: [a, b]` says the same."
    )
    bootstrap: BootstrapConfig = Field(default=BootstrapConfig(), description="Seed programs that a model writes.")
    warm_start: WarmStartConfig = Field(
        default=WarmStartConfig(), description="Seed programs from earlier runs of the same task."
    )
    task_sys_msg: str | None = Field(default=None, description="What the program is for, told to every model.")
    language: str | None = Field(
        default=None,
        description="Of the program, as people call it (py, c++, golang); None reads it from the extension.",
    )
    incorrect_seed: Literal["stop", "repair"] = Field(
        default="stop",
        description="When no program that the run is given is correct: stop ends it before a model is asked; repair goes on, "
        "for a task that is to be repaired.",
    )
    results_dir: str | None = Field(default=None, description="Where results go; None makes results/<task>/<time>.")
    use_text_feedback: bool = Field(default=True, description="Show the evaluator's text feedback to the models.")

    shown_feedback: list[Literal["instances", "artifacts", "stderr", "images"]] = Field(
        default=["instances", "artifacts", "images"],
        description="What else of an evaluator is shown: texts and scores by instance, its artifacts, the end of what "
        "it prints to stderr, and images (to llm_vision_models).",
    )
    directions_after: int | None = Field(
        default=None,
        ge=1,
        description="Has two short texts written once for the task, on how to refine and how to diverge; the second is "
        "shown after so many programs without a better best, the first before with the best program. None: neither.",
    )
    shown_attempts: int = Field(
        default=5,
        ge=0,
        le=20,
        description="Earlier proposals from the same parent that are shown, with what came of them.",
    )

    # Length and money
    num_generations: int = Field(
        default=10, ge=1, le=1_000_000_000, description="Proposals to make after the seed program."
    )
    max_parallel_jobs: int = Field(default=2, ge=1, description="Evaluations at once.")
    max_oversubscription: float = Field(
        default=1.0, ge=1, description="Up to how many times max_proposal_jobs, when evaluation slots would stay empty."
    )
    max_api_costs: float | None = Field(default=None, gt=0, description="US dollars after which no call is made.")
    seed: int = Field(default=0, ge=0, lt=2**63, description="Seeds every random choice of the run.")
    report: bool = Field(
        default=True, description="Write report.html into the results folder, renewed from time to time and at the end."
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port where Prometheus reads figures of the run (`/metrics`); runs of one process share it; None: nowhere.",
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address of this machine for metrics_port; `0.0.0.0` for all of them.",
    )
    stop_grace: float = Field(default=20.0, ge=0, description="Seconds for what is in flight when the run is stopped.")

    # Models
    llm_models: list[Annotated[str, Field(json_schema_extra=URL_WITHOUT_PASSWORD)]] = Field(
        default=[BUILTIN_MUTATE],
        min_length=1,
        description="Sampled by weight; `name@https://host/v1` has its own endpoint.",
    )
    llm_weights: list[float] | None = Field(default=None, description="One per model; None weighs them equally.")
    bandit: Spec = Field(
        default="fixed",
        description="Which model and operator are pulled: fixed (by weights), ucb1, thompson or asymmetric_ucb.",
    )
    llm_roles: dict[str, list[Annotated[str, Field(json_schema_extra=URL_WITHOUT_PASSWORD)]]] = Field(
        default={},
        description="Models by operator, such as a cheap one for fix, instead of llm_models; `repair` mends what fails, and "
        "`ideas`, `advice`, `system_prompts`, `bootstrap` and `directions` are asked about the search itself: strong ones.",
    )
    llm_vision_models: list[Annotated[str, Field(json_schema_extra=URL_WITHOUT_PASSWORD)]] = Field(
        default=[], description="Those of the models that see: they are sent the images that an evaluator names."
    )
    llm_base_url: str | None = Field(
        default=None,
        description="OpenAI-compatible endpoint, without a key; None: the provider's own.",
        json_schema_extra=URL_WITHOUT_PASSWORD,
    )
    llm_api: Literal["chat", "responses"] = Field(
        default="chat", description="Which OpenAI interface to speak, where a provider has both."
    )
    llm_context_tokens: dict[str, int] = Field(
        default={},
        description="Tokens that a model reads and writes at once, where it is not the built-in table's number "
        "(128,000 for a model that is not in it).",
    )
    llm_endpoints: dict[str, EndpointOptions] = Field(
        default={}, description="Options by address or host: which variable holds the key, ..."
    )
    llm_timeout: float = Field(default=600.0, gt=0, description="Seconds to wait for one answer.")
    llm_retries: int = Field(default=6, ge=0, description="Times a call is repeated after a retryable error.")
    llm_prices: dict[str, ModelPrice] = Field(default={}, description="Prices that the built-in table lacks.")
    unknown_prices: Literal["auto", "warn", "refuse"] | list[str] = Field(
        default="auto",
        description="A model without a price: ask it all the same, at an unknown cost that no budget bounds (warn, or the names of such "
        "models), refuse it, or refuse it under max_api_costs alone (auto).",
    )

    provider_limits: dict[str, int] = Field(
        default={},
        description="Calls at once by provider, over all runs on a server: the host of its endpoint, as "
        "`api.openai.com`, or `host:port`.",
    )
    model_limits: dict[str, int] = Field(default={}, description="Calls at once by model, over all runs on a server.")
    model_rates: dict[str, float] = Field(default={}, description="Calls per second by model, over all runs.")

    # Proposals
    max_program_size: int = Field(
        default=1_000_000, ge=1, description="Characters of a program; a larger seed or candidate is refused."
    )
    max_data_size: int = Field(
        default=10_000_000,
        ge=0,
        description="Bytes of the files of a seed program that are no texts; they are stored once and carried along.",
    )
    allow_new_files: bool = Field(
        default=False, description="Models may add source files to a seed program that is a folder."
    )
    patch_types: list[Spec] = Field(
        default=["diff", "full", "cross"], min_length=1, description="Operators: how proposals are made."
    )
    patch_type_probs: list[float] = Field(default=[0.6, 0.3, 0.1], min_length=1, description="One per operator.")
    prompt_builder: Spec = Field(
        default="standard",
        description="Who makes a proposal's prompt: `standard` shows other versions whole, `changes` what made them.",
    )
    max_patch_resamples: int = Field(default=3, ge=1, description="Samplings (new parent) per generation.")
    max_patch_attempts: int = Field(default=2, ge=1, description="Answers per sampling; the error is fed back.")
    max_trials: int = Field(
        default=20, ge=0, description="Evaluations that an operator may make on the way to one candidate."
    )
    max_trial_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of the run's evaluations that may be made on the way to candidates, as `tune` makes them.",
    )
    max_repairs: int = Field(
        default=0,
        ge=0,
        le=1,
        description="Answers that may mend a candidate which does not run; the error is fed back.",
    )
    repair_after: list[Literal["crash", "timeout", "incorrect"]] = Field(
        default=["crash"], min_length=1, description="What max_repairs is for."
    )

    # Novelty
    exact_duplicates: Literal["auto", "refuse", "reuse", "evaluate"] = Field(
        default="auto",
        description="A candidate with the text of a recorded program: refuse it where that one lives on its island, "
        "reuse that one's result, or evaluate it again; auto: refuse where the novelty check is on.",
    )
    max_novelty_attempts: int = Field(default=3, ge=1, description="Rejections as not novel before giving up.")
    code_embed_sim_threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Similarity above which a candidate is a near duplicate; None: the embedding's own.",
    )
    embedding_model: str | None = Field(default=BUILTIN_EMBEDDING, description="None turns the novelty check off.")
    novelty_llm_models: list[str] = Field(
        default=[], description="Asked once about near duplicates; none: reject them."
    )

    # People and things beside the loop
    review: Literal["none", "best", "all"] | None = Field(
        default=None,
        description="What waits for a person: every novel candidate before it is run (all), or a program that would be the "
        "new best before it is recorded (best); None: all where there is a reviewer, else none.",
    )
    reviewer: Spec | None = Field(
        default=None,
        description="Who is asked: `prefect` has a person answer in the Prefect UI, `file` through files; None: `prefect`, "
        "where review says what is reviewed.",
        json_schema_extra=NAMES_OF_NO_SECRETS,
    )
    max_review_attempts: int = Field(
        default=3, ge=1, description="Rejections and hints of the reviewer before a generation is given up."
    )
    ideas: IdeaSettings | None = Field(
        default=IdeaSettings(),
        description="When the best score stands still, a model is asked for directions (llm_roles: ideas, or the "
        "heaviest of llm_models), and each is followed from the best program; None: never.",
    )
    tuning: TuningSettings | None = Field(
        default=TuningSettings(),
        description="The literals of the best program are moved beside the proposals of models, as far as that gains more "
        "for its evaluations, which come to those of num_generations; None: never, and so where patch_types has `tune`.",
    )
    stagnation_event: int | None = Field(
        default=50,
        ge=1,
        description="Generations without a better score after which the event `shinka.stagnation` is emitted; None: never.",
    )
    periodic: list[Annotated[Spec, Field(json_schema_extra=NAMES_OF_NO_SECRETS)]] = Field(
        default=[], description="What is done now and then beside the generations: `digest` writes progress.jsonl."
    )
    trackers: list[Annotated[Spec, Field(json_schema_extra=NAMES_OF_NO_SECRETS)]] = Field(
        default=[], description="What else keeps scores and costs: `mlflow`, `wandb`, `tensorboard`."
    )

    advice: Spec | None = Field(
        default=None,
        description="What was learned so far, written now and then by a model and shown to those that propose: `advice` "
        "(lessons in one question) or `recommendations` (three questions, several points); None: nothing.",
        json_schema_extra=NAMES_OF_NO_SECRETS,
    )
    system_prompts: SystemPromptConfig | None = Field(
        default=None, description="The opening of the system prompt evolves beside the programs; {} for the usual way."
    )

    @model_validator(mode="before")
    @classmethod
    def _take_several_programs(cls, values: Any) -> Any:
        return spread_programs(values) if isinstance(values, dict) else values  # pyright: ignore[reportUnknownArgumentType]

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if len(self.patch_types) != len(self.patch_type_probs):
            raise ValueError(
                f"patch_type_probs has {len(self.patch_type_probs)} values for {len(self.patch_types)} patch_types; give one each"
            )
        check_weights("patch_type_probs", self.patch_type_probs)
        operators = self.operator_names
        if len(set(operators)) != len(operators):
            raise ValueError(f"patch_types names an operator twice: {operators}; use patch_type_probs instead")
        if "bootstrap" in operators:
            raise ValueError(
                "patch_types holds 'bootstrap', which writes seed programs alone; set bootstrap.count instead"
            )
        if "fix" in operators:
            raise ValueError("patch_types holds 'fix', which is used by itself when no program is correct; remove it")
        if "tune" in operators and self.tuning is not None:
            if "tuning" in self.model_fields_set:
                raise ValueError(
                    "patch_types holds 'tune' and tuning does the same beside them; take it out of patch_types, or set "
                    "tuning to null"
                )
            object.__setattr__(self, "tuning", None)
        if self.llm_weights is not None:
            if len(self.llm_weights) != len(self.llm_models):
                raise ValueError(
                    f"llm_weights has {len(self.llm_weights)} values for {len(self.llm_models)} llm_models; give one each"
                )
            check_weights("llm_weights", self.llm_weights)
        if len(set(self.llm_models)) != len(self.llm_models):
            raise ValueError(f"llm_models names a model twice: {self.llm_models}; use llm_weights instead")
        check_roles(self.llm_roles, [*operators, "fix"])
        known = [*self.proposal_models, *self.meta_models, *self.novelty_llm_models]
        asked = [*known, *([self.embedding_model] if self.embedding_model else [])]
        for field, limits in (("model_limits", self.model_limits), ("model_rates", self.model_rates)):
            for model, limit in limits.items():
                if model not in asked:
                    raise ValueError(f"{field} names {model!r}, which is not in llm_models; known: {asked}")
                if not limit > 0:
                    raise ValueError(f"{field} gives {model!r} {limit}; it must be more than 0")
        for provider, limit in self.provider_limits.items():
            if not limit > 0 or not provider or "/" in provider:
                raise ValueError(f"provider_limits gives {provider!r} {limit}; name a host, and a number above 0")
        for model, tokens in self.llm_context_tokens.items():
            if model not in known:
                raise ValueError(f"llm_context_tokens names {model!r}, which is none of llm_models: {self.llm_models}")
            if tokens < 1:
                raise ValueError(f"llm_context_tokens gives {model!r} {tokens}; it must be more than 0")
        for model in self.llm_model_kwargs:
            if not names_model(model, known):
                raise ValueError(f"llm_model_kwargs names {model!r}, which is none of the models; known: {known}")
        allowed = self.unknown_prices if isinstance(self.unknown_prices, list) else []
        for model in allowed:
            if not names_model(model, asked):
                raise ValueError(f"unknown_prices names {model!r}, which is none of the models; known: {asked}")
        for model in self.llm_vision_models:
            if model not in known:
                raise ValueError(f"llm_vision_models names {model!r}, which is none of the models; known: {known}")
        if self.embedding_model is None and self.novelty_llm_models:
            raise ValueError("novelty_llm_models needs embedding_model; set one or leave both empty")
        return self

    @property
    def reviewed(self) -> Literal["none", "best", "all"]:
        """What is reviewed, with the default filled in."""
        return self.review or ("none" if self.reviewer is None else "all")

    @property
    def asked_reviewer(self) -> Spec | None:
        """Who is asked, with the default filled in; None where nothing is reviewed."""
        return None if self.reviewed == "none" else self.reviewer or A_PERSON

    @property
    def operator_names(self) -> list[str]:
        """The names that programs have for the operators of `patch_types`."""
        return [spec if isinstance(spec, str) else str(spec.get("name", "")) for spec in self.patch_types]

    @property
    def proposal_models(self) -> list[str]:
        """The models that are asked for proposals: `llm_models`, then those that have a role alone."""
        roles = [models for role, models in self.llm_roles.items() if role not in META_ROLES]
        return list(dict.fromkeys([*self.llm_models, *(model for models in roles for model in models)]))

    @property
    def meta_models(self) -> list[str]:
        """The models that have a role in what is asked about the search itself."""
        return list(dict.fromkeys(model for role in META_ROLES for model in self.llm_roles.get(role, [])))

    @property
    def models(self) -> list[str]:
        """All models of the run, those that judge included."""
        return list(dict.fromkeys([*self.proposal_models, *self.meta_models, *self.novelty_llm_models]))

    def _models(self) -> list[str]:
        return self.models
