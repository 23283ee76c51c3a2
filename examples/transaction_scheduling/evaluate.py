"""Scores orders of transactions: how many times sooner all are done than one after the other, mean of four workloads.

An operation takes one unit of time. A key is locked from the operation that uses it until its transaction ends:
shared for reading, alone for writing (strict two-phase locking). A transaction starts at the earliest time at which it
runs through without meeting a lock of one that comes before it in the order.
"""

import argparse
import random

from shinka.core import run_shinka_eval

TRANSACTIONS = 50
# Keys, exponent of their popularity, share of operations that write.
KINDS = ((80, 0.9, 0.4), (40, 0.5, 0.3), (150, 1.2, 0.2), (60, 0.7, 0.6))


def workload(run):
    """The transactions of a run: lists of (key, writes), each key once in a transaction."""
    keys, exponent, writing = KINDS[run]
    rng = random.Random(7700 + run)
    weights = [(key + 1) ** -exponent for key in range(keys)]
    found = []
    for _ in range(TRANSACTIONS):
        chosen = dict.fromkeys(rng.choices(range(keys), weights, k=rng.randint(3, 10)))
        found.append([(key, rng.random() < writing) for key in chosen])
    return found


WORKLOADS = [workload(run) for run in range(len(KINDS))]  # made before there is a program that could meddle


def starts(transactions, order):
    """When each transaction starts, in the order given."""
    read, written, found = {}, {}, []  # until when a key is locked
    for number in order:
        transaction = transactions[number]
        start = 0
        for at, (key, writes) in enumerate(transaction):
            free = max(written.get(key, 0), read.get(key, 0)) if writes else written.get(key, 0)
            start = max(start, free - at)
        for key, writes in transaction:
            locks = written if writes else read
            locks[key] = max(locks.get(key, 0), start + len(transaction))
        found.append(start)
    return found


def speedup(transactions, order):
    """Time one after the other, over the time in this order."""
    ends = [at + len(transactions[number]) for at, number in zip(starts(transactions, order), order, strict=True)]
    return sum(map(len, transactions)) / max(ends)


def order_of(result):
    """What the program returned as an order.

    Raises:
        ValueError: A transaction is missing, or there twice.
    """
    order = [int(number) for number in result]
    if sorted(order) != list(range(TRANSACTIONS)):
        raise ValueError(f"the order must name the transactions 0 to {TRANSACTIONS - 1} once each")
    return order


def validate(result):
    """Whether it is an order of all transactions."""
    try:
        order_of(result)
    except (TypeError, ValueError) as error:
        return False, str(error)
    return True, None


def aggregate(results):
    """The mean over the workloads, as they were before the program: it may have changed those that it was given."""
    if not all(validate(result)[0] for result in results):
        return {"combined_score": 0.0}
    each = [speedup(WORKLOADS[run], order_of(result)) for run, result in enumerate(results)]
    return {
        "combined_score": sum(each) / len(each),
        "instance_scores": {f"workload {k}": x for k, x in enumerate(each)},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_shinka_eval(
        arguments.program_path,
        arguments.results_dir,
        "run_schedule",
        len(KINDS),
        get_experiment_kwargs=lambda run: {"transactions": workload(run)},
        validate_fn=validate,
        aggregate_metrics_fn=aggregate,
    )
