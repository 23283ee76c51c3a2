"""What Prometheus does: asks an endpoint and reads the answer."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support import local_http


class Scrape:
    """The figures of one moment."""

    def __init__(self, port: int) -> None:
        """Asks; raises `httpx.HTTPError` while nobody answers."""
        answer = local_http.get(f"http://127.0.0.1:{port}/metrics", timeout=10)
        answer.raise_for_status()
        self._samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]

    def one(self, name: str, **labels: str) -> float:
        """The only sample of that name with these labels."""
        (found,) = self.all(name, **labels).values()
        return found

    def sum(self, name: str, **labels: str) -> float:
        """All of them together."""
        return sum(self.all(name, **labels).values())

    def all(self, name: str, **labels: str) -> dict[tuple[tuple[str, str], ...], float]:
        """By their labels."""
        return {
            tuple(sorted(sample.labels.items())): sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        }

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """Sums by one of their labels."""
        sums: dict[str, float] = {}
        for found, value in self.all(name, **labels).items():
            key = dict(found)[label]
            sums[key] = sums.get(key, 0.0) + value
        return sums


def scraped(port: int) -> Scrape | None:
    """The figures, or None while nobody answers."""
    try:
        return Scrape(port)
    except httpx.HTTPError:
        return None
