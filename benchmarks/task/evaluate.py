"""Sleeps, then scores at random: an evaluation that costs time and no CPU."""

import argparse
import json
import os
import time

parser = argparse.ArgumentParser()
parser.add_argument("--program_path")
parser.add_argument("--results_dir")
parser.add_argument("--sleep", type=float, default=0.0)
arguments = parser.parse_args()
time.sleep(arguments.sleep)
score = int.from_bytes(os.urandom(2), "big") / 65536
with open(os.path.join(arguments.results_dir, "metrics.json"), "w") as file:
    json.dump({"combined_score": score, "public": {"score": score}}, file)
with open(os.path.join(arguments.results_dir, "correct.json"), "w") as file:
    json.dump({"correct": True, "error": None}, file)
