"""One Prefect task per step of a generation: names, retries, timeouts; no science inside."""

from tasks.evaluate import evaluate
from tasks.novelty import novelty
from tasks.patch import patch
from tasks.propose import propose
from tasks.query import query
from tasks.record import record
from tasks.repair import repair
from tasks.review import review
from tasks.sample import sample
from tasks.submit import submit

__all__ = ["evaluate", "novelty", "patch", "propose", "query", "record", "repair", "review", "sample", "submit"]
