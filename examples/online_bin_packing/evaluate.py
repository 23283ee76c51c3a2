"""Scores a rule for online bin packing: bins that no packing could do without, over bins used; 1 at most.

The rule is a process of its own that is told one item, answers, and is then told the next one: it knows of no item
that is yet to come. Where the items are is kept here.
"""

import argparse
import contextlib
import json
import math
import subprocess
import sys

import numpy as np

from shinka.core import run_judge

CAPACITY, ITEMS = 100, 500
SEEN, UNSEEN = 4, 2  # lists that make the score, and lists that only tell whether it holds elsewhere

CHILD = """
import importlib.util, json, sys
answers, sys.stdout = sys.stdout, sys.stderr
found = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(found)
sys.modules["program"] = program
found.loader.exec_module(program)
for line in sys.stdin:
    print(json.dumps(program.priority(*json.loads(line))), file=answers, flush=True)
"""


def lists(count, seed):
    """Whole numbers from 1 to 100, (count, 500): Weibull with shape 3 and scale 45."""
    rng = np.random.default_rng(seed)
    return np.clip(np.rint(45.0 * rng.weibull(3.0, (count, ITEMS))), 1, CAPACITY).astype(int).tolist()


def bound(items):
    """Bins that no packing can do without."""
    return math.ceil(sum(items) / CAPACITY)


def pack(items, ask):
    """The bins of a list, each with its items, when `ask(item, rooms)` says how much each room is wanted.

    Raises:
        ValueError: What is said is not one number for each room.
    """
    bins, rooms = [], {}  # rooms: what is left -> bins that have it, the oldest first
    for item in items:
        fitting = sorted([room for room in rooms if room >= item])
        offered = [*fitting, CAPACITY] if CAPACITY not in rooms else fitting
        said = ask(item, offered)
        if not isinstance(said, list) or len(said) != len(offered):
            raise ValueError(f"priority() answered {str(said)[:60]} for {len(offered)} bins")
        if not all(isinstance(value, int | float) and not math.isnan(value) for value in said):
            raise ValueError(f"priority() answered with something that is no number: {str(said)[:60]}")
        room = offered[max(range(len(said)), key=said.__getitem__)]  # of equal ones the fullest
        if room in rooms:
            number = rooms[room].pop(0)
            if not rooms[room]:
                del rooms[room]
        else:
            number = len(bins)
            bins.append([])
        bins[number].append(item)
        if room > item:
            rooms.setdefault(room - item, []).append(number)
    return bins


class Rule:
    """The program, in a process of its own."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, item, rooms):
        with contextlib.suppress(BrokenPipeError):  # that it has ended shows in what it answers
            print(json.dumps([item, rooms]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise ValueError(f"the program ended with code {self.process.wait()}; its error is above")
        return json.loads(line)

    def close(self):
        self.process.kill()
        self.process.communicate()


def packed(program):
    """The packed lists that count, and those that do not."""
    rule = Rule(program)
    try:
        return tuple(
            [pack(items, rule) for items in lists(count, seed)] for count, seed in ((SEEN, 2024), (UNSEEN, 4202))
        )
    finally:
        rule.close()


def score_of(all_bins):
    """Bins needed over bins used, of all lists."""
    needed = sum(bound([item for each in bins for item in each]) for bins in all_bins)
    return needed / sum(len(bins) for bins in all_bins)


def judge(program):
    """The metrics of a program."""
    seen, unseen = packed(program)
    each = {f"list {number}": score_of([bins]) for number, bins in enumerate(seen)}
    gaps = np.bincount([CAPACITY - sum(one) for bins in seen for one in bins], minlength=CAPACITY)
    total = score_of(seen)
    return {
        "combined_score": total,
        "public": {"excess_percent": 100 * (1 / total - 1), "unseen_lists": score_of(unseen)},
        "instance_scores": each,
        "text_feedback": f"Bins at the end with a gap of 0: {gaps[0]}, 1 to 5: {gaps[1:6].sum()}, 6 to 20: "
        f"{gaps[6:21].sum()}, more: {gaps[21:].sum()}.",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_judge(judge, arguments.program_path, arguments.results_dir)
