"""Scores a filter that works in real time: by how many decibels it lowers the error of noisy signals.

The filter is a process of its own that is told one sample, answers, and is then told the next one: it cannot look
ahead, and it never sees the signals without noise.
"""

import argparse
import math
import subprocess
import sys

import numpy as np

from shinka.core import run_judge

SAMPLES, START = 300, 20  # the first samples are left to the filter to find in
SEEN, UNSEEN = 6, 3  # signals that make the score, and signals that only tell whether it holds elsewhere

CHILD = """
import importlib.util, json, sys
answers, sys.stdout = sys.stdout, sys.stderr
found = importlib.util.spec_from_file_location("program", sys.argv[1])
program = importlib.util.module_from_spec(found)
sys.modules["program"] = program
found.loader.exec_module(program)
for line in sys.stdin:
    if (sample := json.loads(line)) is None:
        current = program.new_filter()
    else:
        print(float(current.update(sample)), file=answers, flush=True)
"""


def signals(count, seed):
    """Truth and noisy samples, both (count, 300): waves, chirps and stairs in turn, under noise with spikes."""
    rng = np.random.default_rng(seed)
    t = np.arange(SAMPLES) / SAMPLES
    truth = []
    for number in range(count):
        a, b, phase = rng.uniform(1.5, 3.5), rng.uniform(4.0, 7.0), rng.uniform(0.0, 6.0)
        stairs = np.repeat(np.cumsum(rng.normal(0.0, 0.8, 6)), SAMPLES // 6)
        waves = np.sin(2 * np.pi * a * t + phase) + 0.4 * np.sin(2 * np.pi * b * t)
        chirp = (0.5 + t) * np.sin(2 * np.pi * (1 + a * t) * t + phase)
        truth.append((waves, chirp, stairs)[number % 3])
    truth = np.stack(truth)
    spikes = (rng.random(truth.shape) < 0.03) * rng.choice([-2.0, 2.0], truth.shape)
    return truth, truth + rng.normal(0.0, 0.3, truth.shape) + spikes


def gain(truth, noisy, estimate):
    """Decibels by which the mean square error of one signal is lowered."""
    before, after = (np.mean((x - truth)[START:] ** 2) for x in (noisy, estimate))
    return float(10 * math.log10(before / max(after, 1e-12)))


class Program:
    """The program, in a process of its own."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def filtered(self, noisy):
        """The estimate for each sample, each made before the next one is told.

        Raises:
            ValueError: The program ends, or an estimate is no finite number.
        """
        estimates = []
        try:
            print("null", file=self.process.stdin)
            for sample in noisy.tolist():
                print(sample, file=self.process.stdin, flush=True)
                line = self.process.stdout.readline()
                if not line:
                    break
                estimates.append(float(line))
        except BrokenPipeError:
            pass
        if len(estimates) != len(noisy):
            raise ValueError(f"the program ended with code {self.process.wait()}; its error is above")
        if not all(map(math.isfinite, estimates)):
            raise ValueError("an estimate is not finite")
        return np.array(estimates)

    def close(self):
        self.process.kill()
        self.process.communicate()


def judge(path):
    """The metrics of a program."""
    program = Program(path)
    try:
        seen, unseen = (
            [gain(true, noisy, program.filtered(noisy)) for true, noisy in zip(*signals(*which), strict=True)]
            for which in ((SEEN, 11), (UNSEEN, 12))
        )
    finally:
        program.close()
    kinds = ("waves", "chirp", "stairs")
    return {
        "combined_score": sum(seen) / SEEN,
        "public": {"unseen_signals": sum(unseen) / UNSEEN},
        "instance_scores": {f"{kinds[number % 3]} {number}": value for number, value in enumerate(seen)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_judge(judge, arguments.program_path, arguments.results_dir)
