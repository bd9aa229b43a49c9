"""The card of a lifetime value model: tests compared with the rate of spend, and its parameters."""

from pathlib import Path

import altair as alt
import duckdb

from audiencekit.publish.model_cards.markdown import table

COLOURS = ["#1f5fa8", "#8a8a8a", "#c2571a", "#3a8a5f"]


def lifetime_card(con: duckdb.DuckDBPyConnection, trial: dict, chart: Path) -> str:
    """The body of the card. Draws the rank correlation by cut-off into `chart`."""
    tests = con.execute(
        "select strftime(tested_at, '%Y-%m-%d') as tested_at, method, "
        "spearman, mae, capture_10pc, ratio_of_totals "
        "from predictions.model_trials where model_code = ? and place > 0 and spearman is not null "
        "order by place, method",
        [trial["model_code"]],
    ).df()
    parameters = con.execute(
        "select item as parameter, value from predictions.model_params "
        "where model_code = ? and version = ? and part = 'parameter' order by item",
        [trial["model_code"], trial["version"]],
    ).df()
    lines = (
        alt.Chart(tests)
        .mark_line(point=True)
        .encode(
            x=alt.X("tested_at:O", title="tested on data up to"),
            y=alt.Y("spearman:Q", scale=alt.Scale(zero=False), title="Spearman's rank correlation"),
            color=alt.Color("method:N", title=None, scale=alt.Scale(range=COLOURS)),
        )
    )
    title = "Does it put the right customers first?"
    lines.properties(width=480, height=260, title=title).save(str(chart))
    return "\n".join(
        [
            "## Compared with the rate of spend, in back-tests\n",
            table(tests),
            f"![Rank correlation by cut-off]({chart.name})\n",
            "## Parameters\n",
            "Time is in weeks.\n",
            table(parameters),
        ]
    )
