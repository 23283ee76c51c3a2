"""Scores a matrix multiplication in C++: how many times faster than the seed program it is, on this machine.

Both are processes of their own, on one core, that are sent two matrices and send their product back, in turn, with new
numbers each time, so that nothing that a program kept from before counts. What is measured is the time for which the kernel had the
process on the core, receiving and sending included: a program cannot change that, and other work on the machine adds little to
it. A program that begins threads or processes, which would escape it, is refused. Every product is compared with numpy's.
"""

import argparse
import math
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from shinka.core import run_judge

N, ODD, ROUNDS = 192, 67, 15
STEP = 1.05
SEED = Path(__file__).with_name("initial.cpp")
COMPILER = os.environ.get("CXX", "g++")
FLAGS = ("-O3", "-march=native", "-std=c++17")
# What would work elsewhere than in the process that is measured, or find what does by its name.
ELSEWHERE = re.compile(
    r"\b(v?fork|clone3?|pthread_create|syscall|system|popen|posix_spawnp?|exec[lv]p?e?|dl(m?open|v?sym)|\S*thread\S*)(@|$)",
    re.M,
)

DRIVER = """
#include <cstdio>
#include <cstdlib>
extern "C" void multiply(const float* a, const float* b, float* c, int n);
int main() {
    int n;
    while (std::fread(&n, sizeof n, 1, stdin) == 1) {
        const std::size_t count = std::size_t(n) * n;
        float* a = static_cast<float*>(std::malloc(12 * count));
        float *b = a + count, *c = b + count;
        if (std::fread(a, 4, 2 * count, stdin) != 2 * count) return 1;
        for (std::size_t k = 0; k < count; k++) c[k] = -1.0f;
        multiply(a, b, c, n);
        std::fwrite(c, 4, count, stdout);
        std::fflush(stdout);
        std::free(a);
    }
}
"""


def compiled(sources, folder):
    """The programs of these sources, compiled at the same time.

    Raises:
        ValueError: There is no compiler, or it refuses one.
    """
    if shutil.which(COMPILER) is None:
        raise ValueError(f"there is no {COMPILER} on this machine; install it, or name another one in CXX")
    driver = Path(folder, "driver.cpp")
    driver.write_text(DRIVER)
    programs = [Path(folder, name) for name in sources]
    commands = [
        [COMPILER, *FLAGS, "-x", "c++", str(driver), str(source), "-o", str(program)]
        for source, program in zip(sources.values(), programs, strict=True)
    ]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    said = [process.communicate()[1] for process in running]
    for process, errors in zip(running, said, strict=True):
        if process.returncode:
            raise ValueError(f"it does not compile:\n{errors[-2000:]}")
    for program in programs:
        used = subprocess.run(["nm", "-u", "-D", str(program)], capture_output=True, text=True).stdout
        if (found := ELSEWHERE.search(used)) is not None:
            raise ValueError(f"it calls {found[1]}; only work of the process itself is measured")
        if re.search(
            r"\bsyscall\b|\bint\s+(\$)?0x80\b|\basm\b|__asm", sources[program.name].read_text(errors="replace")
        ):
            raise ValueError("it holds assembler or a system call; only C++ is measured")
    return programs


def worked(pid):
    """Seconds for which the kernel had a process on a core until it waited; the clock on the wall where it does not say so."""
    try:
        until = time.perf_counter() + 0.05
        while (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R" and time.perf_counter() < until
        ):
            pass
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return time.perf_counter()


class Multiplier:
    """A compiled program at work, on one core."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self.process.pid, {min(os.sched_getaffinity(0))})

    def product(self, a, b):
        """The product and the seconds until it was there.

        Raises:
            ValueError: It ends before, or the product is another one than numpy's.
        """
        n = len(a)
        sent = np.int32(n).tobytes() + a.tobytes() + b.tobytes()
        begun = worked(self.process.pid)
        try:
            self.process.stdin.write(sent)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        data = self.process.stdout.read(4 * n * n)
        seconds = worked(self.process.pid) - begun
        if len(data) != 4 * n * n:
            raise ValueError(f"the program ended with code {self.process.wait()} in a product of {n} rows")
        found = np.frombuffer(data, np.float32).reshape(n, n)
        off = np.abs(found - a.astype(float) @ b.astype(float))
        if not (off <= 1e-5 * n).all():
            raise ValueError(f"the product of {n} rows is off by {np.nanmax(off):.3g}, or no number")
        return found, seconds

    def close(self):
        self.process.kill()
        self.process.communicate()


def raced(programs, rounds=ROUNDS):
    """Seconds of each program in each round, (programs, rounds); they take turns, so that a busy machine is so for all."""
    rng = np.random.default_rng(0)
    running = [Multiplier(program) for program in programs]
    try:
        for n in (1, ODD):  # sizes that no block divides; they are not timed
            a, b = rng.uniform(-1, 1, (2, n, n)).astype(np.float32)
            for each in running:
                each.product(a, b)
        times = []
        for _ in range(rounds):
            a, b = rng.uniform(-1, 1, (2, N, N)).astype(np.float32)
            times.append([each.product(a, b)[1] for each in running])
        return np.array(times).T
    finally:
        for each in running:
            each.close()


def speed(times):
    """The seed's shortest time over the program's: what else the machine does makes times longer, never shorter."""
    seed, program = np.min(times, axis=1)
    return float(seed / program)


def stepped(ratio):
    """A speed in steps of 5 %: less than that is as likely noise, and is not to look like a gain."""
    return STEP ** round(math.log(ratio, STEP))


def judge(program):
    """The metrics of a program."""
    with tempfile.TemporaryDirectory() as folder:
        times = raced(compiled({"seed": SEED, "candidate": Path(program)}, folder))
    ratios = times[0] / times[1]
    return {
        "combined_score": stepped(speed(times)),
        "public": {
            "speed": speed(times),
            "milliseconds": 1000 * times[1].min(),
            "gigaflops": 2e-9 * N**3 / times[1].min(),
            "spread_of_rounds": float(np.std(ratios) / np.mean(ratios)),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_judge(judge, arguments.program_path, arguments.results_dir)
