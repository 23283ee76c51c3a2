"""Scores a sorting network for twelve channels: 39, the least number of comparators that can do, over its number.

The program, in Rust, is compiled and prints its network. Whether that sorts is decided here, on all 4096 inputs of
noughts and ones: a network that sorts those sorts everything (Knuth, The Art of Computer Programming 3, 5.3.4).
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

N, LEAST, MOST = 12, 39, 400
COMPILER = os.environ.get("RUSTC", "rustc")


def printed(program):
    """What the program prints.

    Raises:
        ValueError: There is no compiler, it refuses the program, or the program fails.
    """
    if shutil.which(COMPILER) is None:
        raise ValueError(f"there is no {COMPILER} on this machine; install Rust, or name its compiler in RUSTC")
    with tempfile.TemporaryDirectory() as folder:
        binary = str(Path(folder, "network"))
        command = [COMPILER, "-C", "opt-level=1", "--edition", "2021", "--crate-name", "network", program, "-o", binary]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ValueError(f"it does not compile:\n{done.stderr[:3000]}")
        ran = subprocess.run([binary], capture_output=True, text=True)
    if ran.returncode:
        raise ValueError(f"the program ended with code {ran.returncode}:\n{ran.stderr[-2000:]}")
    return ran.stdout


def network_of(text):
    """The comparators that a text has line by line.

    Raises:
        ValueError: A line is no comparator, or there are too many.
    """
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) != 2 or not all(word.isdecimal() for word in words):
            raise ValueError(f"{line[:60]!r} is no comparator; a line must be two channels, as in '0 5'")
        i, j = map(int, words)
        if not 0 <= i < j < N:
            raise ValueError(f"comparator {i} {j} must lead from a channel to a higher one of 0 to {N - 1}")
        found.append((i, j))
    if len(found) > MOST:
        raise ValueError(f"{len(found)} comparators; more than {MOST} are not looked at")
    return found


def unsorted(network):
    """Inputs of noughts and ones that it leaves unsorted, (k, 12)."""
    inputs = (np.arange(1 << N)[:, None] >> np.arange(N)) & 1
    values = inputs.copy()
    for i, j in network:
        values[:, i], values[:, j] = np.minimum(values[:, i], values[:, j]), np.maximum(values[:, i], values[:, j])
    return inputs[(np.diff(values, axis=1) < 0).any(axis=1)]


def layers(network):
    """The layer of each comparator: those of one layer work at the same time."""
    depth, found = [0] * N, []
    for i, j in network:
        depth[i] = depth[j] = max(depth[i], depth[j]) + 1
        found.append(depth[i])
    return found


def judge(text):
    """The metrics of the network that was printed.

    Raises:
        ValueError: It is none, or does not sort.
    """
    network = network_of(text)
    wrong = unsorted(network)
    if len(wrong):
        raise ValueError(
            f"{len(wrong)} of {1 << N} inputs of noughts and ones stay unsorted, such as {wrong[0].tolist()}"
        )
    public = {"comparators": len(network), "layers": max(layers(network))}
    return {"combined_score": LEAST / len(network), "public": public}


def main(program, folder):
    """Writes metrics.json and correct.json."""
    metrics, error = {"combined_score": 0.0}, None
    try:
        metrics = judge(printed(program))
    except ValueError as problem:
        error = str(problem)
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, "metrics.json").write_text(json.dumps(metrics))
    Path(folder, "correct.json").write_text(json.dumps({"correct": error is None, "error": error}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    main(arguments.program_path, arguments.results_dir)
