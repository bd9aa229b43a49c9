"""The card of a classifier: other versions, back-tests, calibration, groups and weights."""

from pathlib import Path

import altair as alt
import duckdb
import pandas as pd

from audiencekit.publish.model_cards.markdown import table

METRICS = ["auc", "pr_auc", "brier", "ece", "lift_10pc"]
FEWEST_OF_AN_OUTCOME = 10
FEWEST_IN_A_GROUP = 50  # below that a measure of a group is noise, and might reveal a person
MARK, GREY = "#1f5fa8", "#8a8a8a"
CALIBRATION = "Predicted and observed share, by tenth of customers"


def classifier_card(con: duckdb.DuckDBPyConnection, trial: dict, chart: Path) -> str:
    """The body of the card. Draws the calibration chart into `chart`, unless nothing was tested."""
    version = [trial["model_code"], trial["version"]]
    tests = _backtests(con, trial)
    parts = [
        "## Compared with simpler and richer versions\n",
        "Means of their back-tests.\n",
        table(_versions(con, trial)),
        "## Back-tests\n",
        "This version learned from the newest outcomes, which leaves nothing to test it on. Its recipe was fitted and "
        "tested at these moments:\n",
        table(tests.drop(columns=["version", "moment"])),
    ]
    if len(tests):
        newest = [trial["model_code"], tests["version"].iloc[0], tests["moment"].iloc[0]]
        tenths = con.execute(
            "select tenth, mean_probability, share_positive from measurement.rpt_model_deciles "
            "where model_code = ? and version = ? and tested_at = ? order by tenth",
            newest,
        ).df()
        _draw_calibration(tenths, chart)
        parts += [
            "## Calibration, in the newest back-test\n",
            f"![{CALIBRATION}]({chart.name})\n",
            "## By group, in the newest back-test\n",
            f"Groups of fewer than {FEWEST_IN_A_GROUP} customers, or {FEWEST_OF_AN_OUTCOME} of either "
            "outcome, are left out.\n",
            table(_groups(con, newest)),
        ]
    weights = con.execute(
        "select item as feature, value as weight from predictions.model_params "
        "where model_code = ? and version = ? and part = 'weight' and value <> 0 "
        "order by abs(value) desc, item limit 10",
        version,
    ).df()
    if len(weights):
        weights["more of it makes the outcome"] = weights["weight"].map(
            lambda weight: "likelier" if weight > 0 else "less likely"
        )
        parts += [
            "## Largest weights\n",
            "Weight per standard deviation, other features held constant.\n",
            table(weights),
        ]
    return "\n".join(parts)


def _versions(con: duckdb.DuckDBPyConnection, trial: dict) -> pd.DataFrame:
    """One row per version of the model that could score."""
    return con.execute(
        f"select coalesce(variant, method) as variant, status, {', '.join(METRICS)} "
        "from predictions.model_trials where model_code = ? and place = 0 and auc is not null "
        "order by brier",
        [trial["model_code"]],
    ).df()


def _backtests(con: duckdb.DuckDBPyConnection, trial: dict) -> pd.DataFrame:
    """One row per back-test of the same method and variant, the newest first."""
    variant = None if pd.isna(trial["variant"]) else str(trial["variant"])
    return con.execute(
        "select version, tested_at as moment, strftime(tested_at, '%Y-%m-%d') as tested_at, "
        f"{', '.join(METRICS)} from predictions.model_trials where model_code = ? and method = ? "
        "and variant is not distinct from ? and place > 0 and auc is not null order by place",
        [trial["model_code"], trial["method"], variant],
    ).df()


def _groups(con: duckdb.DuckDBPyConnection, test: list) -> pd.DataFrame:
    """One row per group of customers that is large enough to show. `test` is a model, version and moment."""
    return con.execute(
        "select people, customers, auc, brier, mean_probability as predicted, "
        "positives / customers as observed from predictions.int_classifier_metrics "
        "where model_code = ? and version = ? and tested_at = ? and customers >= ? "
        "and least(positives, customers - positives) >= ? order by people",
        [*test, FEWEST_IN_A_GROUP, FEWEST_OF_AN_OUTCOME],
    ).df()


def _draw_calibration(tenths: pd.DataFrame, chart: Path) -> None:
    shares = tenths[["mean_probability", "share_positive"]].to_numpy()
    low, high = max(0.0, float(shares.min()) - 0.02), min(1.0, float(shares.max()) + 0.02)
    diagonal = alt.Chart(pd.DataFrame({"at": [low, high]})).mark_line(color=GREY, strokeDash=[4, 4])
    points = alt.Chart(tenths).mark_line(color=MARK, point=alt.OverlayMarkDef(color=MARK, size=60))
    scale = alt.Scale(domain=[low, high])
    drawn = diagonal.encode(x="at:Q", y="at:Q") + points.encode(
        x=alt.X("mean_probability:Q", title="predicted", scale=scale),
        y=alt.Y("share_positive:Q", title="observed", scale=scale),
    )
    drawn.properties(width=340, height=340, title=CALIBRATION).save(str(chart))
