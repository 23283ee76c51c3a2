"""Scores a sorting network for twelve channels: 39, the least number of comparators that can do, over its number.

The program, in Rust, is compiled and prints its network. Whether that sorts is decided here, on all 4096 inputs of
noughts and ones: a network that sorts those sorts everything (Knuth, The Art of Computer Programming 3, 5.3.4).
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from shinka.core import run_judge

N, LEAST, MOST = 12, 39, 400
LONGEST = 100_000  # bytes that it may print
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
        errors = Path(folder, "errors")
        with errors.open("wb") as file, subprocess.Popen([binary], stdout=subprocess.PIPE, stderr=file) as ran:
            text = ran.stdout.read(LONGEST + 1)
            if len(text) > LONGEST:
                ran.kill()
                raise ValueError(f"the program prints more than {LONGEST} bytes")
        if ran.returncode:
            told = errors.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise ValueError(f"the program ended with code {ran.returncode}:\n{told}")
    return text.decode(errors="replace")


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


def judge_program(path):
    """The metrics of a program."""
    return judge(printed(path))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_judge(judge_program, arguments.program_path, arguments.results_dir)
