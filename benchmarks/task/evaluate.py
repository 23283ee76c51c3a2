"""Sleeps, then scores at random: an evaluation that costs time and no CPU.

Peers call `evaluate` in a process of theirs or run the file, as their users would.
"""

import argparse
import json
import os
import time
import uuid


def evaluate(program_path):  # noqa: ARG001
    """One evaluation without a folder of its own, by the settings in BENCH_TASK: `{"sleep": s, "folder": path}`."""
    settings = json.loads(os.environ["BENCH_TASK"])
    folder = os.path.join(settings["folder"], uuid.uuid4().hex)
    os.makedirs(folder)
    return measure(folder, settings["sleep"])


def main(program_path, results_dir, sleep=0.0):  # noqa: ARG001
    """One evaluation called in the driver's own process."""
    return measure(results_dir, sleep)


def measure(results_dir, sleep):
    time.sleep(sleep)
    score = int.from_bytes(os.urandom(2), "big") / 65536
    with open(os.path.join(results_dir, "metrics.json"), "w") as file:
        json.dump({"combined_score": score, "public": {"score": score}}, file)
    with open(os.path.join(results_dir, "correct.json"), "w") as file:
        json.dump({"correct": True, "error": None}, file)
    return {"combined_score": score}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path")
    parser.add_argument("--results_dir")
    parser.add_argument("--sleep", type=float, default=0.0)
    arguments = parser.parse_args()
    measure(arguments.results_dir, arguments.sleep)
