"""Urgencies of transactions, ways to build an order from them, and searches from an order."""

from __future__ import annotations

from random import Random

from benchmarks.search.edits.slots import Slot, rewritten

URGENCIES = (
    (
        1.0,
        '''
    """The longest first."""
    return <1.0> * len(transaction)
''',
    ),
    (
        1.0,
        '''
    """The shortest first."""
    return -<1.0> * len(transaction)
''',
    ),
    (
        0.7,
        '''
    """Those that use what others write."""
    writes_weigh = <2.0>
    return sum(popularity.get(key, 0) * (writes_weigh if writes else 1.0) for key, writes in transaction)
''',
    ),
    (
        0.6,
        '''
    """By length, by writes and by the most popular key."""
    per_step = <0.5>
    per_write = <1.0>
    per_rival = <0.3>
    writes = sum(writes for _, writes in transaction)
    return per_step * len(transaction) + per_write * writes + per_rival * max(popularity.get(k, 0) for k, _ in transaction)
''',
    ),
    (
        0.6,
        '''
    """Early uses of popular keys."""
    fade = <0.8>
    return sum(popularity.get(key, 0) * fade ** at for at, (key, writes) in enumerate(transaction) if writes)
''',
    ),
    (
        0.6,
        '''
    """Late uses of popular keys."""
    slope = <0.2>
    return sum(popularity.get(key, 0) * slope * at for at, (key, writes) in enumerate(transaction) if writes)
''',
    ),
    (
        1.0,
        '''
    """Readers first."""
    weight = <1.0>
    return -weight * sum(writes for _, writes in transaction)
''',
    ),
    (
        1.0,
        '''
    """By the first key."""
    return <1.0> * (transaction[0][0] % 7)
''',
    ),
)

BUILDS = (
    (
        0.5,
        '''
    """Always the one that could start first."""
    weight = <0.1>
    schedule, order, rest = Schedule(), [], list(range(len(transactions)))
    while rest:
        k = min(rest, key=lambda j: schedule.start(transactions[j]) - weight * urgencies[j])
        rest.remove(k)
        order.append(k)
        schedule.add(transactions[k])
    return order
''',
    ),
    (
        0.5,
        '''
    """Always the one that would be done first, and a longer one rather than a shorter."""
    length_weighs = <0.5>
    weight = <0.1>
    schedule, order, rest = Schedule(), [], list(range(len(transactions)))
    while rest:
        k = min(
            rest,
            key=lambda j: schedule.start(transactions[j])
            + length_weighs * len(transactions[j])
            - weight * urgencies[j],
        )
        rest.remove(k)
        order.append(k)
        schedule.add(transactions[k])
    return order
''',
    ),
    (
        0.7,
        '''
    """The best of a few drawn at random, by when it could start."""
    import random

    few = <4>
    weight = <0.1>
    rng = random.Random(<draw>)
    schedule, order, rest = Schedule(), [], list(range(len(transactions)))
    while rest:
        some = rng.sample(rest, min(max(few, 1), len(rest)))
        k = min(some, key=lambda j: schedule.start(transactions[j]) - weight * urgencies[j])
        rest.remove(k)
        order.append(k)
        schedule.add(transactions[k])
    return order
''',
    ),
    (
        1.0,
        '''
    """The least urgent first."""
    return sorted(range(len(transactions)), key=lambda k: urgencies[k])
''',
    ),
    (
        1.0,
        '''
    """In any order."""
    import random

    order = list(range(len(transactions)))
    random.Random(<draw>).shuffle(order)
    return order
''',
    ),
    (
        1.0,
        '''
    """The most urgent and the least urgent in turn."""
    order = sorted(range(len(transactions)), key=lambda k: -urgencies[k])
    return [order[k // 2] if k % 2 == 0 else order[-1 - k // 2] for k in range(len(order))]
''',
    ),
    (
        0.8,
        '''
    """The most urgent first."""
    return sorted(range(len(transactions)), key=lambda k: -urgencies[k])
''',
    ),
)

IMPROVEMENTS = (
    (
        0.6,
        '''
    """Swaps two and keeps what is not worse."""
    import random

    tries = <15>
    rng = random.Random(<draw>)
    best = makespan(transactions, order)
    for _ in range(min(tries, LIMIT)):
        a, b = rng.sample(range(len(order)), 2)
        other = list(order)
        other[a], other[b] = other[b], other[a]
        end = makespan(transactions, other)
        if end <= best:
            order, best = other, end
    return order
''',
    ),
    (
        0.6,
        '''
    """Puts one elsewhere and keeps what is not worse."""
    import random

    tries = <15>
    reach = <10>
    rng = random.Random(<draw>)
    best = makespan(transactions, order)
    for _ in range(min(tries, LIMIT)):
        other = list(order)
        k = rng.randrange(len(order))
        one = other.pop(k)
        other.insert(max(0, k + rng.randint(-reach, reach)), one)
        end = makespan(transactions, other)
        if end <= best:
            order, best = other, end
    return order
''',
    ),
    (
        0.8,
        '''
    """The better of the order and its reverse."""
    return min(order, order[::-1], key=lambda each: makespan(transactions, each))
''',
    ),
    (
        1.0,
        '''
    """Backwards."""
    return order[::-1]
''',
    ),
    (
        1.0,
        '''
    """The second half first."""
    share = <0.5>
    cut = int(share * len(order))
    return order[cut:] + order[:cut]
''',
    ),
    (
        1.0,
        '''
    """Some swapped at random."""
    import random

    times = <3>
    rng = random.Random(<draw>)
    order = list(order)
    for _ in range(min(times, LIMIT)):
        a, b = rng.sample(range(len(order)), 2)
        order[a], order[b] = order[b], order[a]
    return order
''',
    ),
    (
        0.8,
        '''
    """Left as it is."""
    return order
''',
    ),
)

SLOTS = (
    Slot("def urgency(transaction, popularity):", 0.35, URGENCIES),
    Slot("def build(transactions, urgencies):", 0.35, BUILDS),
    Slot("def improve(transactions, order):", 0.3, IMPROVEMENTS),
)


def edit(rng: Random, block: str) -> str:
    """An urgency, a way to build or a search anew."""
    return rewritten(rng, block, SLOTS)
