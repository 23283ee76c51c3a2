"""Asking a model for a proposal, with a prompt that it can read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from shinka_core.config import REPAIR
from shinka_core.costs import both
from shinka_core.errors import PromptTooLongError
from shinka_core.generation.feedback import IMAGES, pictures_of
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.llm.pictures import TOKENS as PICTURE_TOKENS
from shinka_core.llm.question import CallKey, Material, Message, Picture, Question
from shinka_core.operators import asks
from shinka_core.program import Answer, Purpose, Sampling
from shinka_core.prompts import Prompt, PromptContext
from shinka_core.run import Run
from shinka_core.seeds import BOOTSTRAP

logger = logging.getLogger("shinka.asking")

# Times that a prompt which the endpoint finds too long is asked again in fewer words.
SHORTENINGS = 8

# Tokens of the prompt for a built-in operator, which reads the programs themselves: it is only kept to be looked at.
FOR_THE_RECORD = 32_000

# Characters of all programs shown up to which a prompt is made on the event loop.
SMALL = 50_000


async def query(generation: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...] = ()) -> Answer:
    """Asks the sampled model; an answer that ever arrived is read back instead.

    Args:
        turn: Question within this sampling, from 0.
        history: The earlier answers of this sampling, each followed by what was wrong with it.

    Raises:
        PromptTooLongError: It cannot be made shorter.
        ModelError: The class tells whether asking again may help.
    """
    purpose = Purpose.BOOTSTRAP if sampling.patch_type == BOOTSTRAP else Purpose.PROPOSAL
    answer = await _answered(generation, sampling, turn, history, purpose)
    generation.answered[sampling.attempt] = answer.model
    return answer


async def repair(generation: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...]) -> Answer:
    """Asks a model to mend a candidate; an answer that ever arrived is read back instead.

    It is one with the role `repair`, otherwise the one that made it.

    Args:
        turn: The one after that of the candidate.
        history: All that was asked and answered, with what is wrong with the candidate at the end.

    Raises:
        PromptTooLongError: It cannot be made shorter.
        ModelError: The class tells whether asking again may help.
    """
    run = generation.run
    model = generation.model if run.client.has(generation.model) else sampling.model
    if own := run.settings.evolve.llm_roles.get(REPAIR):
        able = list(run.client.weighted(own))
        model = able[sampling.seed % len(able)]
    return await _answered(generation, replace(sampling, model=model), turn, history, Purpose.REPAIR)


async def _answered(
    generation: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...], purpose: Purpose
) -> Answer:
    key = CallKey(generation.context.number, purpose, sampling.attempt, turn)
    answer = await ask(generation.run, key, sampling, history)
    generation.cost = both(generation.cost, answer.cost)
    generation.model = answer.model
    await generation.see_written()
    return answer


async def ask(run: Run, key: CallKey, sampling: Sampling, history: tuple[Message, ...]) -> Answer:
    """Asks; a prompt that the model's endpoint finds too long is made shorter and asked again."""
    models = {sampling.model}
    refusal: PromptTooLongError | None = None
    pictures = await _pictures(run, sampling)
    for _ in range(SHORTENINGS):
        prompt = await _prompt(run, sampling, history, models, [picture.name for picture in pictures])
        if not prompt.fits and refusal is not None:
            break
        try:
            question = _question(key, sampling, prompt, history)
            seers = frozenset(run.settings.evolve.llm_vision_models)
            return await run.client.query(replace(question, pictures=pictures, seers=seers))
        except PromptTooLongError as error:
            refusal = error
            # Congestion may have led the question to another model, which reads less.
            models.add(error.model or sampling.model)
            run.contexts.refused(error.model or sampling.model, prompt.tokens, error)
            logger.info("%s: a prompt of about %d tokens was too long: asking in fewer", error.model, prompt.tokens)
    assert refusal is not None
    raise refusal


async def _pictures(run: Run, sampling: Sampling) -> tuple[Picture, ...]:
    """The images of the parent, if the sampled model sees."""
    evolve, images = run.settings.evolve, sampling.parent.feedback.images
    if not images or "images" not in evolve.shown_feedback or sampling.model not in evolve.llm_vision_models:
        return ()
    return await asyncio.to_thread(pictures_of, run.settings.results_dir / IMAGES, images)


async def _prompt(
    run: Run, sampling: Sampling, history: Sequence[Message], models: set[str], images: Sequence[str]
) -> Prompt:
    """The prompt for all of these models."""
    evolve = run.settings.evolve
    rooms = [room for model in models if (room := run.contexts.room(model)) is not None]
    texts = [message.content for message in history]

    ways = run.ways_on(sampling.island)
    operator = ways.operators.of(sampling.patch_type)
    assert asks(operator), "others are not asked for"
    advice, approach = await run.guide.words(sampling, run.database)
    if sampling.patch_type == BOOTSTRAP:
        advice = run.library
    context = PromptContext(
        sampling,
        ways.prompt_builder,
        task=ways.task,
        use_text_feedback=evolve.use_text_feedback,
        history=texts,
        room=max(min(rooms, default=FOR_THE_RECORD) - PICTURE_TOKENS * len(images), 1),
        new_files=evolve.allow_new_files,
        approach=approach,
        advice=advice,
        idea=await _idea(run, sampling),
        direction="" if run.directions is None else run.directions.words(sampling),
        pieces=evolve.shown_feedback,
        images=images,
    )

    def make() -> Prompt:
        prompt = operator.prompt(context)
        if prompt.fits or not (advice or approach or context.direction):
            return prompt
        # What may be shown never keeps a program from being asked about.
        bare = operator.prompt(replace(context, advice="", approach="", direction=""))
        return replace(bare, left_out=(*bare.left_out, "advice"))

    programs = (sampling.parent, *sampling.inspirations)
    length = sum(program.source.length for program in programs) + sum(map(len, texts))
    return make() if length <= SMALL else await asyncio.to_thread(make)


async def _idea(run: Run, sampling: Sampling) -> str:
    """What the sampled idea says."""
    if sampling.idea_id is None:
        return ""
    return (await run.database.guidance.ideas.get(sampling.idea_id)).text


def _question(key: CallKey, sampling: Sampling, prompt: Prompt, history: Sequence[Message]) -> Question:
    parent, inspirations = sampling.parent, sampling.inspirations
    kept = history[len(history) - len(prompt.history) :]
    return Question(
        key=key,
        model=sampling.model,
        system=prompt.system,
        user=prompt.user,
        seed=sampling.seed,
        history=tuple(Message(old.role, text) for old, text in zip(kept, prompt.history, strict=True)),
        material=Material(
            parent=parent.source,
            inspirations=tuple(program.source for program in inspirations),
            patch_type=sampling.patch_type,
        ),
    )
