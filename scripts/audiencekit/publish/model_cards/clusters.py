"""The card of the micro-segments: the groups, how they differ, and the algorithms compared."""

from pathlib import Path

import altair as alt
import duckdb
import pandas as pd

from audiencekit.publish.model_cards.markdown import table

TITLE = "How each group differs from the average customer, in standard deviations"


def clusters_card(con: duckdb.DuckDBPyConnection, trial: dict, chart: Path) -> str:
    """The body of the card. Draws the centres of the groups as a heat map into `chart`."""
    params = con.execute(
        "select part, item, group_id, value, label from predictions.model_params "
        "where model_code = ? and version = ?",
        [trial["model_code"], trial["version"]],
    ).df()
    names = params[params["part"] == "name"].set_index("group_id")["label"]
    groups = pd.DataFrame({"id": names.index, "name": names.to_numpy()}).sort_values("id")
    for part, column in (("share", "value"), ("rule", "label")):
        by_group = params[params["part"] == part].set_index("group_id")[column]
        groups[part] = groups["id"].map(by_group)
    _draw_centres(params, names, chart)
    return "\n".join(
        [
            "## Groups\n",
            table(groups),
            f"![{TITLE}]({chart.name})\n",
            "## Algorithms compared\n",
            table(_algorithms(params)),
        ]
    )


def _algorithms(params: pd.DataFrame) -> pd.DataFrame:
    """One row per algorithm, a column per measure."""
    measures = params[params["part"].str.startswith("comparison:")].assign(
        measure=lambda f: f["part"].str.removeprefix("comparison:")
    )
    pivoted = measures.pivot(index="item", columns="measure", values="value").reset_index()
    return pivoted.rename(columns={"item": "algorithm"})


def _draw_centres(params: pd.DataFrame, names: pd.Series, chart: Path) -> None:
    centres = params[params["part"] == "centroid"].assign(
        group=lambda f: f["group_id"].astype(str) + " " + f["group_id"].map(names),
        words=lambda f: f["item"].str.removeprefix("log_").str.replace("_", " "),
    )
    base = alt.Chart(centres).encode(
        x=alt.X("group:N", title=None, axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("words:N", title=None),
    )
    colour = alt.Color(
        "value:Q",
        title=None,
        scale=alt.Scale(scheme="blueorange", domain=[-3, 3], clamp=True),
        legend=None,
    )
    numbers = base.mark_text().encode(text=alt.Text("value:Q", format="+.1f"))
    drawn = (base.mark_rect().encode(color=colour) + numbers).properties(title=TITLE)
    size = {"width": 170 * len(names), "height": 34 * centres["words"].nunique()}
    drawn.properties(**size).save(str(chart))
