"""How large a program may be: by a setting, and by what the models of the run can read.

A seed program that is too large is refused before anything is spent, and a candidate when it is made: whatever is in
the population can be shown to every model as a parent.
"""

from __future__ import annotations

from collections.abc import Sequence

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError
from shinka_core.llm.context import Contexts
from shinka_core.operators import asks
from shinka_core.program import Program, Sampling
from shinka_core.prompts import PromptContext
from shinka_core.prompts.bounding import GAP, without_surroundings
from shinka_core.prompts.programs import shown
from shinka_core.prompts.proposal import GAPS
from shinka_core.prompts.token_estimate import tokens_at_most
from shinka_core.source import Source, SourceFile
from shinka_core.ways import Ways, ways_of


def contexts_of(config: EvolutionConfig) -> Contexts:
    """What the models of a run read, but those that judge.

    Raises:
        ConfigError: The answer alone would fill a model's context.
    """
    return _contexts([*config.proposal_models, *config.meta_models], config)


def _contexts(models: Sequence[str], config: EvolutionConfig) -> Contexts:
    return Contexts(models, config.llm_context_tokens, {model: config.options_for(model) for model in models})


def _tokens_around(config: EvolutionConfig, ways: Sequence[Ways], language: str, *, folder: bool) -> int:
    """About how many tokens the shortest prompt for a program has besides those of the program."""
    source = Source.folder([SourceFile("a", "", language)]) if folder else Source.of("", language)
    nothing = Program("", 0, source, 0, None, False)
    sampling = Sampling(nothing, (), 0, "", "", 0, 0)
    sizes: list[int] = []
    for way in ways:
        context = PromptContext(
            sampling,
            way.prompt_builder,
            task=way.task,
            use_text_feedback=False,
            new_files=config.allow_new_files,
        )
        sizes += [operator.prompt(context).tokens for operator in way.operators if asks(operator)]
    return max(sizes, default=0) + tokens_at_most(GAPS)


class SizeLimit:
    """What a program of a run must not exceed.

    Attributes:
        characters: At most.
    """

    def __init__(
        self, config: EvolutionConfig, language: str, *, folder: bool = False, ways: Sequence[Ways] = ()
    ) -> None:
        """Works the limits out.

        Args:
            ways: How proposals are made on the islands; the way of the run, if not given.

        Raises:
            ConfigError: The answer alone would fill a model's context.
        """
        self.characters = config.max_program_size
        self._around = _tokens_around(config, ways or ways_of(config), language, folder=folder)
        self._smallest = _contexts(config.proposal_models, config).smallest()

    def problem(self, source: Source) -> str | None:
        """Why a program is too large, or None; takes time in proportion to its length."""
        if source.length > self.characters:
            return (
                f"the program has {source.length} characters; at most {self.characters} are accepted (max_program_size)"
            )
        if self._smallest is None:
            return None
        model, room = self._smallest
        least = without_surroundings(source, 0)
        tokens = self._around + tokens_at_most(least.text if least.single else shown(least))
        if tokens <= room:
            return None
        return (
            f"the shortest prompt for the program has about {tokens} tokens, and {model} takes {room} beside an answer: "
            "the text of the EVOLVE-BLOCKs (without markers that of the whole program) and the task are always shown"
        )

    def check_seed(self, path: str, source: Source) -> None:
        """Refuses a seed program that is too large.

        Raises:
            ConfigError: With its size, the limit and the remedy.
        """
        problem = self.problem(source)
        if problem is None and any(GAP in file.text for file in source.files):
            problem = f"it holds the words {GAP!r}, which stand for lines that a prompt leaves out"
        if problem is not None:
            raise ConfigError(
                f"init_program_path={path!r}: {problem}; put EVOLVE-BLOCK markers around a smaller part, raise "
                "max_program_size, use models that read more, or say in llm_context_tokens what they read"
            )
