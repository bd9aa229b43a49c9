"""Boards: dbt-charts draws charts/*.yml from the published generation, one HTML file each, without a network.

Their titles are sentences from `rpt_headlines`, so a chart states what it shows today. Pages link to each other and to
the playbooks; pictures, which cannot be clicked, do not.
"""

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from audiencekit.errors import UserError
from audiencekit.publish.generations import published_manifest
from audiencekit.workspace import PROJECT, Workspace

CHARTS = PROJECT / "charts"


def board_names() -> list[str]:
    """The names of all boards, the overview first."""
    names = sorted(path.stem for path in CHARTS.glob("*.yml") if path.stem != "meta")
    return sorted(names, key=lambda name: name != "overview")


def draw_boards(
    workspace: Workspace,
    kind: str = "html",
    segment: str | None = None,
    boards: tuple[str, ...] = (),
) -> list[Path]:
    """Draw `boards` (all if empty) into `workspace.boards`. One of them shows `segment`.

    Raises UserError when nothing is published, for an unknown segment, or when a board cannot be drawn.
    """
    manifest = published_manifest(workspace)
    variables = _variables(workspace, segment) | {
        "moment": f", as of {manifest.as_of[:10]}",
        "currency": manifest.currency,
    }
    variables |= _links(variables["segment"]) if kind == "html" else {"note": "", "playbook": ""}
    variables["note"] += manifest.note
    workspace.boards.mkdir(parents=True, exist_ok=True)
    names = list(boards) or board_names()
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("dct"), "--no-send-anonymous-usage-stats", "render"),
            *(CHARTS / f"{name}.yml" for name in names),
            *("--project-dir", PROJECT, "--format", kind, "--no-cache", "--no-warnings"),
            *("--output", workspace.boards / f"{{stem}}.{kind}"),
            *(part for name, text in variables.items() for part in ("--var", f"{name}={text}")),
        ],
        env=os.environ | workspace.as_environment() | {"DO_NOT_TRACK": "1"},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERR-")]
        raise UserError(f"A board cannot be drawn: {lines[0] if lines else done.stderr[-300:]}")
    return [workspace.boards / f"{name}.{kind}" for name in names]


def _variables(workspace: Workspace, segment: str | None) -> dict[str, str]:
    """The variables of the boards: every headline, and the segment that one board shows."""
    path = str(workspace.current / "reporting.duckdb")
    with duckdb.connect(path, read_only=True) as con:
        headlines = dict(
            con.execute("select picture, coalesce(headline, '') from rpt_headlines").fetchall()
        )
        # The largest segment with a holdout, because it has the most to show; otherwise the largest.
        ranked = con.execute(
            "select segment_code, segments.label from dim_segments as segments "
            "join rpt_segments as sizes using (segment_code) "
            "order by sizes.status = 'ready' and holdout_experiment <> '' desc, sizes.members desc"
        ).fetchall()
    labels = dict(ranked)
    if segment and segment not in labels:
        raise UserError(f"There is no segment {segment}. There are: {', '.join(sorted(labels))}.")
    chosen = segment or ranked[0][0]
    return headlines | {"segment": chosen, "segment_label": labels[chosen]}


def _links(segment: str) -> dict[str, str]:
    """Links to every board and to the playbooks, and to the playbook of `segment`, in Markdown."""
    boards = " · ".join(f"[{name.capitalize()}]({name}.html)" for name in board_names())
    return {
        "note": f"{boards} · [Playbooks](../playbooks/index.html)\n\n",
        "playbook": f"[Playbook of this segment](../playbooks/{segment}.html)\n\n",
    }
