"""A playbook page for each segment: its strategy, members, results, experiments and owner; and one of all messages.

It shows the published generation (`reporting.duckdb`, aggregates only) and the git history. One HTML file each,
without a network.
"""

import json
import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from audiencekit.errors import UserError
from audiencekit.git_history import Change, changes_by_segment, is_history_cut
from audiencekit.pages.message_matrix import CELLS, UNUSED, message_matrix, unused_messages
from audiencekit.publish.generations import published_manifest
from audiencekit.publish.live_state import daily_segments
from audiencekit.workspace import Workspace

TEMPLATES = Path(__file__).with_name("templates")
MARK, PALE = "#1f5fa8", "#c9d7e8"

SEGMENTS = (
    "select dim_segments.*, sizes.members, sizes.share, sizes.status, coalesce(health.findings, 0) as findings "
    "from dim_segments join rpt_segments as sizes using (segment_code) left join "
    "(select segment_code, count(*) as findings from rpt_segment_health group by 1) as health "
    "using (segment_code) order by dim_segments.priority, segment_code"
)
# The rows that a page shows of one segment ($segment), by the name they have in the template.
QUERIES = {
    "performance": "from rpt_segment_performance where segment_code = $segment and order_channel = 'all' "
    "order by window_days",
    "channels": "from rpt_audience_readiness where segment_code = $segment order by channel",
    "campaigns": "from rpt_segment_campaigns where segment_code = $segment order by window_days, channel = 'all' desc, channel",
    "neighbours": "select if(segment_code = $segment, other_segment_code, segment_code) as other, members_of_both, jaccard "
    "from segment_overlap where $segment in (segment_code, other_segment_code) and members_of_both > 0 "
    "order by jaccard desc, other limit 3",
    "definitions": "from rpt_segment_definitions where segment_code = $segment order by version desc",
    "experiments": "select experiments.* from rpt_experiments as experiments join dim_segments on "
    "experiment_code = holdout_experiment where segment_code = $segment",
    "incrementality": "select rows.* from rpt_incrementality as rows join dim_segments on "
    "experiment_code = holdout_experiment where segment_code = $segment order by outcome_name",
    "plans": "from rpt_experiment_plans where segment_code = $segment order by outcome_name",
    "bandits": "from rpt_bandits where segment_code = $segment order by variant",
    "challengers": "from rpt_parallel_definitions where segment_code = $segment order by challenger, who",
    "findings": "select finding, explanation from rpt_segment_health where segment_code = $segment order by severity",
    "rule_findings": "select finding, explanation from rpt_segment_findings where segment_code = $segment "
    "order by explanation",
    "sizes": "from (from rpt_segment_sizes where segment_code = $segment order by moment_at desc limit 1000) "
    "order by moment_at",
}


def write_playbooks(workspace: Workspace) -> list[Path]:
    """Write the index, the matrix of messages and a page for every segment into `workspace.playbooks`.

    They replace those before.

    Returns the pages, the index first. Raises UserError when nothing is published, or when an older version of
    audiencekit published it without all that a page shows.
    """
    manifest = published_manifest(workspace)
    common = {"manifest": manifest, "is_history_cut": is_history_cut()}
    changes, pages, texts = changes_by_segment(), _environment(), {}
    with duckdb.connect(str(workspace.current / "reporting.duckdb"), read_only=True) as con:
        try:
            daily = daily_segments(workspace.current)
            segments = _rows(con, SEGMENTS)
            texts["index"] = pages.get_template("index.html").render(common, segments=segments)
            texts["message_matrix"] = pages.get_template("message_matrix.html").render(
                common,
                channels=message_matrix(_rows(con, CELLS)),
                unused=unused_messages(_rows(con, UNUSED)),
            )
            for segment in segments:
                code = segment["segment_code"]
                rows = {
                    name: _rows(con, query, {"segment": code}) for name, query in QUERIES.items()
                }
                charts = {"reach": _reach(rows["channels"]), "growth": _growth(rows["sizes"])}
                texts[code] = pages.get_template("segment.html").render(
                    **common,
                    **rows,
                    **charts,
                    segment=segment,
                    daily_because=daily.get(code, ""),
                    changes=changes.get(code, []),
                )
        except (duckdb.CatalogException, duckdb.IOException) as problem:
            raise UserError(
                f"The published generation is of an older version ({str(problem).splitlines()[0]}). "
                "Run the job once more."
            ) from problem
    shutil.rmtree(workspace.playbooks, ignore_errors=True)
    workspace.playbooks.mkdir(parents=True)
    paths = [workspace.playbooks / f"{name}.html" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    return paths


def _rows(con: duckdb.DuckDBPyConnection, query: str, values: dict | None = None) -> list[dict]:
    cursor = con.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _environment() -> Environment:
    """Jinja with HTML escaped, undefined names refused, and filters for figures."""
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        "number": lambda value: _figure(value, ",.0f"),
        "share": lambda value: _figure(value, ".1%"),
        "money": lambda value: _figure(value, ",.2f"),
        "ratio": lambda value: _figure(value, ",.2f"),
        "day": lambda value: f"{value:%Y-%m-%d}" if isinstance(value, datetime | date) else "-",
        "listed": lambda value: ", ".join(json.loads(value)) or "none",
        "agreed": _agreed,
    }
    return pages


def _figure(value: Any, format_spec: str) -> str:
    return "-" if value is None else format(value, format_spec)


def _agreed(change: Change) -> str:
    if not change.commit:
        return ""
    return ", ".join(change.approved_by) or "no name given"


def _reach(channels: list[dict]) -> str:
    """Members and expected matches by channel, as an SVG; '' without a channel."""
    if not channels:
        return ""
    frame = pd.DataFrame(channels)[["channel", "members", "expected_matches"]].fillna(0)
    by_channel = alt.Y("channel:N", title=None, axis=alt.Axis(ticks=False, domain=False))
    base = alt.Chart(frame).encode(y=by_channel)
    members = base.mark_bar(color=PALE, height=14).encode(
        x=alt.X("members:Q", title=None, axis=None)
    )
    matches = base.mark_bar(color=MARK, height=8).encode(x="expected_matches:Q")
    text = base.mark_text(align="left", dx=6, color="#333").encode(
        x="members:Q", text=alt.Text("expected_matches:Q", format=",.0f")
    )
    return _svg(members + matches + text, 20 * len(frame))


def _growth(sizes: list[dict]) -> str:
    """Members by build, as an SVG; '' before there are three."""
    if len(sizes) < 3:
        return ""
    frame = pd.DataFrame(sizes)[["moment_at", "members", "is_anomaly"]]
    base = alt.Chart(frame).encode(
        x=alt.X("moment_at:T", title=None), y=alt.Y("members:Q", title=None)
    )
    anomalies = base.transform_filter("datum.is_anomaly").mark_point(
        color="#c2571a", size=90, filled=True
    )
    return _svg(base.mark_line(color=MARK) + anomalies, 120)


def _svg(chart: alt.LayerChart, height: int) -> str:
    import vl_convert

    drawn = chart.properties(width=420, height=height, background="transparent")
    return vl_convert.vegalite_to_svg(drawn.configure_view(stroke=None).to_json())
