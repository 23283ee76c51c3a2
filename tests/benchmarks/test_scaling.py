"""The load test measures what it says: all evaluations in flight at once, and what goes over the network."""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from benchmarks.scaling.proxy import counting
from tests.support.prefect import ROOT


@pytest.mark.slow
def test_all_evaluations_are_in_flight_before_the_first_one_ends(tmp_path: Path) -> None:
    options = {
        "generations": 30, "spread": 0.5, "proposals": 5, "database": "evolution.sqlite", "results": str(tmp_path / "r"),
        "flows": False,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling.driver", json.dumps(options)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["in_flight"], found["recorded"], found["failed"]) == (30, 30, 0)
    assert 0 < found["commits"] < 150
    assert found["drain"] > 0.2


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 1000)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_the_proxy_counts_requests_and_bytes() -> None:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    with counting("127.0.0.1", server.server_port) as proxy, httpx.Client(trust_env=False) as client:
        for _ in range(3):
            assert len(client.get(f"http://127.0.0.1:{proxy.port}/").content) == 1000
        counts = proxy.counts()
    server.shutdown()
    assert (counts["requests"], counts["connections"]) == (3, 1)
    assert 3000 < counts["received"] < 4500
    assert 150 < counts["sent"] < 1500
