"""Requests that schemathesis makes up from /openapi.json: the service answers all of them as its description says.

AUDIENCEKIT_FUZZ_EXAMPLES=500 for the long run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from live_service import OPEN, READ_KEY, WRITE_KEY, Client, running
from test_live_service import clock, workspace

from audiencekit.live.limits import Limits
from audiencekit.live.lookup import some_logins

__all__ = ["clock", "workspace"]

EXAMPLES = os.environ.get("AUDIENCEKIT_FUZZ_EXAMPLES", "8")
SUPPORT = Path(__file__).parents[1] / "support"
# No description of parameters can say that one of two is required.
ONE_OF_TWO = """
[[operations]]
include-path-regex = "^/v1/(personalize|preferences/link)$"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "400", "401", "404", "429"]
"""


def fuzz(client: Client, key: str, folder: Path, config: str, *options: str) -> int:
    """The number of requests, all of which were answered as described."""
    folder.mkdir()
    (folder / "schemathesis.toml").write_text(config)
    command = [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("run", f"{client.url}/openapi.json", "--header", f"Authorization: Bearer {key}"),
        *("--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES),
        *("--seed", "11", "--generation-database", "none", "--no-color", "--no-shrink"),
        *("--continue-on-failure", "--output-sanitize", "false", "--warnings", "off"),
    ]
    ran = subprocess.run(
        [*command, *options],
        cwd=folder,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "fuzzed_moments", "PYTHONPATH": str(SUPPORT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return sum(map(int, re.findall(r"(\d+) generated", ran.stdout)))


@pytest.mark.slow
def test_every_answer_to_made_up_requests_is_as_described(workspace, tmp_path, clock):
    with running(workspace, tmp_path / "live", clock, limits=Limits(OPEN)) as client:
        login = some_logins(workspace.current, number=1)[0]
        known = f'[parameters]\nid = "{login}"\nby = "user_id"\nuser_id = "{login}"\n'
        people = ("--include-path-regex", "people|personalize")
        requests = {
            "read key": fuzz(client, READ_KEY, tmp_path / "read", ONE_OF_TWO),
            "write key": fuzz(client, WRITE_KEY, tmp_path / "write", ONE_OF_TWO),
            "a known login": fuzz(client, READ_KEY, tmp_path / "known", known, *people),
        }
        client.clock.forward(seconds=1)
        client.wait_until_evaluated()
        counts = client.service.engine.counts
        print(f"\n  {requests}, {client.service.collector.counts}, {counts}")
        assert all(requests.values()) and client.service.collector.counts["taken"] > 100
        # What was taken in was evaluated, too.
        assert (counts.failed, client.service.engine.loaded.members.failed) == (0, 0)
        assert client.get("/readyz").json()["problem"] is None
