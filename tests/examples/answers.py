"""One edit for each example that makes its seed program better, as a model would answer: lines to find, lines in their place."""

from __future__ import annotations

Edit = tuple[str, str, str]  # file of a folder or "", what is searched for, what is to stand there

FILTER = "        quickness = 0.8  # share of the surprise that the level takes"
LOOPS = """\
            for (int i = top; i < std::min(top + rows, n); i++) {
                for (int j = left; j < std::min(left + columns, n); j++) {
                    c[i * n + j] = 0.0f;
                }
            }
            for (int k = 0; k < n; k++) {
                for (int i = top; i < std::min(top + rows, n); i++) {
                    for (int j = left; j < std::min(left + columns, n); j++) {
                        c[i * n + j] += a[i * n + k] * b[k * n + j];
                    }
                }
            }
"""
ROWS = """\
            if (left > 0) continue;
            for (int i = top; i < std::min(top + rows, n); i++) {
                float* into = c + i * n;
                std::fill(into, into + n, 0.0f);
                for (int k = 0; k < n; k++) {
                    const float factor = a[i * n + k];
                    const float* row = b + k * n;
                    for (int j = 0; j < n; j++) into[j] += factor * row[j];
                }
            }
"""
POINTS = """\
    return np.array(
        [
            [0.48, 0.49],
"""
SEARCHED = """\
    rng = np.random.default_rng(1)
    best, largest = None, -1.0
    first = np.array([(i, j, k) for i in range(N) for j in range(i) for k in range(j)]).T
    for _ in range(3000):
        points = rng.dirichlet(np.ones(3), N)[:, :2]
        a, b, c = points[first[0]], points[first[1]], points[first[2]]
        b, c = b - a, c - a
        smallest = np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]).min()
        if smallest > largest:
            best, largest = points, smallest
    return best
"""
FORMULA = """\
    offset = float(np.mean(y))
    slope = 0.1
    bend = 0.01
    size = 0.5
    pace = 1.0
    return f"{offset:.4f} + {slope:.4f} * x + {bend:.4f} * x**2 + {size:.4f} * sin({pace:.4f} * x)"
"""
FITTED = """\
    best = None
    for pace in np.linspace(0.5, 3.0, 126):
        for fading in (0.0, 0.05, 0.1, 0.15, 0.2):
            parts = [np.ones_like(x), x, x**2, np.sin(pace * x) * np.exp(-fading * x), np.cos(pace * x) * np.exp(-fading * x)]
            found, *_ = np.linalg.lstsq(np.stack(parts, 1), y, rcond=None)
            error = np.sum((np.stack(parts, 1) @ found - y) ** 2)
            if best is None or error < best[0]:
                best = error, pace, fading, found
    _, pace, fading, (a, b, c, d, e) = best
    wave = f"({d:.4f} * sin({pace:.4f} * x) + {e:.4f} * cos({pace:.4f} * x))"
    return f"{a:.4f} + {b:.4f} * x + {c:.4f} * x ** 2 + exp({-fading:.4f} * x) * {wave}"
"""
GROUPS = """\
- billing (1.0): order, invoice, money, pay
- delivery (1.0): order, parcel, shipping, send
- account (1.0): password, change, send, email
- defect (1.0): broken, charge, change, missing
"""
WORDS = """\
- billing (1.0): charged, invoice, refund, discount, price, pay, card, money, receipt, amount
- delivery (1.0): parcel, tracking, courier, address, shipping, arrive, late, package, order
- account (1.1): password, reset, profile, log, email, newsletter, name, data
- defect (1.0): brake, broken, crack, lamp, chain, gears, battery, screw, loose, missing
"""

ANSWERS: dict[str, Edit] = {
    "circle_packing": ("", "    turn = 2.0  # radians from one circle to the next", "    turn = 2.4"),
    "heilbronn_triangle": ("", POINTS, SEARCHED + POINTS),
    "matmul_cpp": ("", LOOPS, ROWS),
    "online_bin_packing": (
        "",
        "    middling = 0.0  # how little one is wanted that would keep a gap hard to fill",
        "    middling = 0.8",
    ),
    "prompt": ("", GROUPS, WORDS),
    "signal_processing": ("", FILTER, FILTER.replace("0.8", "0.3")),
    "sorting_network_rust": ("", "vec![9, 7, 5, 3, 2]", "vec![11, 9, 6, 4, 3, 3, 2]"),
    "symbolic_regression": ("", FORMULA, FITTED),
    "transaction_scheduling": ("", "    writing = 0.0  # what it counts more when it is written", "    writing = 1.0"),
    "two_modules": ("improve.py", "    rounds = 1\n    longest = 4\n", "    rounds = 30\n    longest = 60\n"),
    "sensor_calibration": ("smoothing.py", "    weight = 0.9\n", "    weight = 0.3\n"),
}


def answer_for(example: str) -> str:
    """The text of an answer in the form that is asked for."""
    path, search, replace = ANSWERS[example]
    named = f"### FILE {path}\n" if path else ""
    edit = f"<<<<<<< SEARCH\n{search.rstrip(chr(10))}\n=======\n{replace.rstrip(chr(10))}\n>>>>>>> REPLACE\n"
    return f"<NAME>better</NAME>\n<DESCRIPTION>What helps here.</DESCRIPTION>\n{named}{edit}"
