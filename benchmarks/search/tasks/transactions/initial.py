"""An order for transactions that conflict, so that all are done as early as possible.

A transaction is a list of (key, writes) pairs, one operation per unit of time. It starts as soon as none of
its operations meets an earlier transaction's on the same key, unless both only read.
"""

LIMIT = 25  # of the steps of a search: an evaluation takes milliseconds


class Schedule:
    """The transactions that were given a place so far."""

    def __init__(self):
        self.written, self.touched, self.end = {}, {}, 0

    def start(self, transaction):
        """When the transaction could start."""
        found = 0
        for offset, (key, writes) in enumerate(transaction):
            found = max(found, (self.touched if writes else self.written).get(key, 0) - offset)
        return found

    def add(self, transaction):
        """Gives it the earliest place; the time when all are done."""
        start = self.start(transaction)
        for offset, (key, writes) in enumerate(transaction):
            done = start + offset + 1
            self.touched[key] = max(self.touched.get(key, 0), done)
            if writes:
                self.written[key] = max(self.written.get(key, 0), done)
        self.end = max(self.end, start + len(transaction))
        return self.end


def makespan(transactions, order):
    """When all are done that are started in this order."""
    schedule = Schedule()
    for k in order:
        schedule.add(transactions[k])
    return schedule.end


# EVOLVE-BLOCK-START
def urgency(transaction, popularity):
    """All are alike. popularity: how many transactions write to a key."""
    return 0.0


def build(transactions, urgencies):
    """The most urgent first."""
    return sorted(range(len(transactions)), key=lambda k: -urgencies[k])


def improve(transactions, order):
    """Left as it is."""
    return order


# EVOLVE-BLOCK-END


def run_schedule(transactions):
    """Returns the places of the transactions in the list, each once."""
    popularity = {}
    for transaction in transactions:
        for key in {key for key, writes in transaction if writes}:
            popularity[key] = popularity.get(key, 0) + 1
    order = build(transactions, [urgency(each, popularity) for each in transactions])
    return improve(transactions, order)
