"""Boards: dbt-charts draws charts/*.yml from the published generation, one HTML file each, without a network.

Their titles are sentences from `rpt_headlines`, so a chart states what it shows today. Pages link to each other and to
the playbooks; pictures, which cannot be clicked, do not.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from audiencekit.dbt_project import OWN_PROJECT, PROJECT, PROJECT_IN_USE
from audiencekit.errors import UserError
from audiencekit.publish.generations import published_manifest
from audiencekit.workspace import Workspace

CHARTS, SOURCES = "charts", "dbt_charts.yml"
_DCT = Path(sys.executable).with_name("dct")


def board_names() -> list[str]:
    """The names of all boards, the overview first."""
    folders = (PROJECT / CHARTS, PROJECT_IN_USE / CHARTS)
    paths = (path for folder in folders for path in folder.glob("*.yml"))
    names = sorted({path.stem for path in paths} - {"meta"})
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
    with _charts_project() as project:
        done = subprocess.run(
            [
                *(_DCT, "--no-send-anonymous-usage-stats", "render"),
                *(project / CHARTS / f"{name}.yml" for name in names),
                *("--project-dir", project, "--format", kind, "--no-cache", "--no-warnings"),
                *("--output", workspace.boards / f"{{stem}}.{kind}"),
                *(part for name, text in variables.items() for part in ("--var", f"{name}={text}")),
            ],
            env=os.environ | workspace.as_environment() | {"DO_NOT_TRACK": "1"},
            cwd=project,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERR-")]
        raise UserError(f"A board cannot be drawn: {lines[0] if lines else done.stderr[-300:]}")
    return [workspace.boards / f"{name}.{kind}" for name in names]


@contextmanager
def _charts_project() -> Iterator[Path]:
    """The folder that dbt-charts draws from: audiencekit's, or for a project of one's own both its boards and ours.

    A board of one's own takes the place of ours of the same name.
    """
    if not OWN_PROJECT:
        yield PROJECT
        return
    with TemporaryDirectory() as folder:
        shutil.copy(PROJECT / SOURCES, folder)
        for charts in (PROJECT / CHARTS, OWN_PROJECT / CHARTS):
            if charts.is_dir():
                shutil.copytree(charts, Path(folder) / CHARTS, dirs_exist_ok=True)
        yield Path(folder)


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
