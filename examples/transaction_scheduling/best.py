"""An order for transactions that want the same keys, so that all are done as early as possible."""


# EVOLVE-BLOCK-START
def urgency(transaction, wanted):
    """Which transactions come first. wanted: how many transactions use each key."""
    length = -0.10449029  # what an operation counts
    heat = 0.0  # what a key counts that others want, too
    writing = -0.4185882  # what it counts more when it is written
    total = 0.0
    for key, writes in transaction:
        total += length + heat * wanted[key] ** 1.5
        if writes:
            total += writing * wanted[key]
    return total


def arrange(transactions, wanted):
    """The most urgent first; equals in the order in which they came."""
    return sorted(range(len(transactions)), key=lambda number: -urgency(transactions[number], wanted))


# EVOLVE-BLOCK-END


def run_schedule(transactions):
    """Transactions are lists of (key, writes); returns their numbers in the order in which they are to start."""
    wanted = {}
    for transaction in transactions:
        for key, _ in transaction:
            wanted[key] = wanted.get(key, 0) + 1
    return arrange(transactions, wanted)
