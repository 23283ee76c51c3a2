"""Scores @NAME@, a prompt: the share of messages that are answered rightly with it.

`ask` stands for a model, so that this runs at once and costs nothing: it follows the rules that it finds in the prompt,
word by word. Put your own call there; it then needs `network: true` and its key in `env`, both in evolve.yaml.
"""

import argparse
import re
from pathlib import Path

from shinka.core import run_judge

MESSAGES = [
    ("The invoice of May has the wrong address", "billing"),
    ("I was charged twice, please send the money back", "billing"),
    ("When is my next payment due?", "billing"),
    ("There is an error when I open the page", "technical"),
    ("The app crashes since the update", "technical"),
    ("I cannot log in any more", "technical"),
    ("What is the price for 20 users?", "sales"),
    ("We would like a quote for a larger plan", "sales"),
    ("Do you have a discount for schools?", "sales"),
]
LONGEST = 4_000


def ask(prompt, message):
    """A stand-in for a model: the first rule of the prompt one of whose words is among the words it looks at."""
    found = re.search(r"first (\d+) words", prompt)
    words = re.findall(r"\w+", message.lower())[: int(found.group(1)) if found else None]
    for department, told in re.findall(r"Say `(\w+)` when [^:\n]*: *([^\n]*)", prompt):
        if set(re.findall(r"\w+", told.lower())) & set(words):
            return department
    return "unknown"


def judged(prompt):
    """The metrics of a prompt, with a score and a text for each message: what is wrong is shown to models."""
    answers = {message: ask(prompt, message) for message, _ in MESSAGES}
    right = {message: float(answers[message] == wanted) for message, wanted in MESSAGES}
    wrong = [f"{message!r} was answered {answers[message]!r}, not {wanted!r}" for message, wanted in MESSAGES if not right[message]]
    return {
        "combined_score": sum(right.values()) / len(MESSAGES),
        "public": {"right": sum(right.values()), "characters": len(prompt)},
        "instance_scores": right,
        "text_feedback": "; ".join(wrong),
    }


def judge(program_path):
    """The metrics of a prompt; a ValueError says what is wrong with it."""
    text = Path(program_path).read_text(encoding="utf-8")
    prompt = re.sub(r"<!--.*?-->\n?", "", text)  # models do not get to see the markers
    if len(prompt) > LONGEST:
        raise ValueError(f"the prompt is longer than {LONGEST} characters")
    return judged(prompt)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", default="initial.md")
    parser.add_argument("--results_dir", default="results")
    arguments = parser.parse_args()
    metrics, correct, error = run_judge(judge, arguments.program_path, arguments.results_dir)
    print(metrics["combined_score"] if correct else error)
