"""Scores a prompt that sorts messages of customers: the share of 24 messages that are answered with their group.

Who follows the prompt is a stand-in, so that it needs no key and no network, and the same prompt has the same score:
a reader of lists, and no language model. `answer_of_stand_in` says all that it does. With PROMPT_MODEL in the environment a
model answers in its place, over the interface of OpenAI (OPENAI_BASE_URL, OPENAI_API_KEY).
"""

import argparse
import json
import os
import re
from functools import partial
from pathlib import Path

from shinka.core import run_judge

GROUPS = ("billing", "delivery", "account", "defect")
READ = 150  # words of a prompt that the stand-in reads, however they are joined: messages cannot all be copied into it
LONGEST = 8000
LINE = re.compile(r"^\s*[-*] \**(\w+)\**(?: \(([0-9.]+)\))?\s*:\s*(.+)$", re.MULTILINE)
OTHERWISE = re.compile(r"^if none fits.*?(\w+)\W*$", re.MULTILINE | re.IGNORECASE)
EMPTY = frozenset(
    "a an and any are at but can do for from has have how i in is it me my not of on or please so that the to was when where with you your".split()  # noqa: SIM905
)


def stems(text):
    """The words that say something, by their first five letters."""
    return {word[:5] for word in re.findall(r"[a-z]+", text.lower()) if word not in EMPTY and len(word) > 2}


def first_words(prompt):
    """The prompt up to the last word that the stand-in reads; a word is letters, with whatever stands before it."""
    return "".join(re.findall(r"[^a-zA-Z]*[a-zA-Z]+", prompt)[:READ])


def answer_of_stand_in(prompt, message):
    """The group whose line in the prompt has most words of the message, each counted as often as its number says.

    A line is `- group (number): words`; of equal groups the first is taken, and if no word is common, what the prompt
    says after "If none fits". Words count by their first five letters, and only the first 150 of the prompt do.
    """
    read = first_words(prompt)
    found = {}
    for name, weight, words in LINE.findall(read):
        if name.lower() in GROUPS:
            strength = float(weight) if re.fullmatch(r"\d+\.?\d*", weight) else 1.0
            common = len(stems(words) & stems(message))
            found[name.lower()] = max(found.get(name.lower(), 0.0), strength * common)
    if any(found.values()):
        return max(found, key=found.__getitem__)
    otherwise = OTHERWISE.search(read)
    return otherwise[1].lower() if otherwise else ""


def answer_of_model(client, model, prompt, message):
    """What a model answers: the first of the groups that it names."""
    said = client.chat.completions.create(
        model=model, messages=[{"role": "system", "content": prompt}, {"role": "user", "content": message}]
    )
    named = re.search("|".join(GROUPS), (said.choices[0].message.content or "").lower())
    return named[0] if named else ""


def answering():
    """Who answers: a function of prompt and message."""
    model = os.environ.get("PROMPT_MODEL")
    if not model:
        return answer_of_stand_in
    from openai import OpenAI  # reads address and key from the environment

    return partial(answer_of_model, OpenAI(), model)


def prompt_of(text):
    """The prompt without its markers.

    Raises:
        ValueError: It is empty, or too long.
    """
    prompt = re.sub(r"<!-- EVOLVE-BLOCK-(START|END) -->\n?", "", text).strip()
    if not prompt or len(prompt) > LONGEST:
        raise ValueError(f"the prompt has {len(prompt)} characters; it must have 1 to {LONGEST}")
    return prompt


def judge(text, answer):
    """The metrics of a prompt."""
    prompt = prompt_of(text)
    messages = json.loads(Path(__file__).with_name("messages.json").read_text(encoding="utf-8"))
    said = {which: [answer(prompt, message) for _, message in messages[which]] for which in messages}
    right = {
        which: [float(group == given) for (group, _), given in zip(messages[which], said[which], strict=True)]
        for which in messages
    }
    wrong = {
        message: f"answered {given or 'no group'!r} in the place of {group!r}"
        for (group, message), given in zip(messages["seen"], said["seen"], strict=True)
        if group != given
    }
    return {
        "combined_score": sum(right["seen"]) / len(right["seen"]),
        "public": {"unseen_messages": sum(right["unseen"]) / len(right["unseen"])},
        "instance_scores": {
            message: value for (_, message), value in zip(messages["seen"], right["seen"], strict=True)
        },
        "instance_texts": wrong,
    }


def judge_program(path):
    """The metrics of a prompt in a file."""
    return judge(Path(path).read_text(encoding="utf-8"), answering())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_judge(judge_program, arguments.program_path, arguments.results_dir)
