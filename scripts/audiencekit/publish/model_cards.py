"""A model card for each version a build tried for scoring: what it learnt from, how it did, its limits."""

from pathlib import Path

import altair as alt
import duckdb
import pandas as pd

METRICS = ["auc", "pr_auc", "brier", "ece", "lift_10pc"]
FEWEST_OF_AN_OUTCOME = 10
FEWEST_IN_A_GROUP = 50  # below that a measure of a group is noise, and might tell on somebody
MARK, LINE, GREY = "#1f5fa8", "#1f5fa8", "#8a8a8a"
LIMITS = {
    "classifier": """- It knows customers by what they did in this shop; a reason that leaves no trace there is unseen.
- It was tested on one window. If people buy otherwise by season, another window may go otherwise: the back-tests say
  by how much.
- Weights are associations. To push what a weight names need not move the outcome; only an experiment tells.
- Age and income are no features. Where the table of groups shows a gap, weigh it before money follows the score.""",
    "lifetime": """- It takes buying as steady until a customer stops: no season, no trend, no price.
- Expected spend is net of returns, without margin or cost, and not discounted.
- It orders customers better than it foretells each: single customers are often far off.""",
    "clusters": """- Nothing says that such groups exist in nature: they are a map of customers; whether they come back when
  customers are drawn again, the status says.
- Borders are sharp where customers are not. Who is near one may change group over a single basket.
- Names come from the means of a group. Not everybody in it is like that.""",
}


def write_model_cards(con: duckdb.DuckDBPyConnection, folder: Path, note: str = "") -> list[Path]:
    """Write `<model>-<version>.md` and its picture for every version this build tried for scoring.

    `con` is open on the warehouse; `note` says what a reader must know of the data. Returns the cards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tried = con.execute(
        "select trials.*, models.label, models.method as kind from predictions.model_trials as trials "
        "join seeds.prediction_models as models using (model_code) "
        "where place = 0 and status in ('champion', 'rejected') and version <> 'spend_rate' "
        "order by model_code, version"
    ).df()
    cards = []
    for trial in tried.to_dict("records"):
        name = f"{trial['model_code']}-{trial['version']}"
        (folder / f"{name}.svg").unlink(missing_ok=True)
        write = {"classifier": _classifier, "lifetime": _lifetime, "clusters": _clusters}
        body = write[trial["kind"]](con, trial, folder / f"{name}.svg")
        parts = [_head(trial, note), body, f"## Limits\n\n{LIMITS[trial['kind']]}\n"]
        (folder / f"{name}.md").unlink(
            missing_ok=True
        )  # an older card of it may be linked elsewhere
        (folder / f"{name}.md").write_text("\n".join(parts))
        cards.append(folder / f"{name}.md")
    return cards


def _head(trial: dict, note: str) -> str:
    facts = {
        "status": f"{trial['status']}: {trial['why']}",
        "trained because": trial["why_due"],
        "method": trial["method"],
        "learnt what was known at": f"{trial['cutoff_at']:%Y-%m-%d}",
        "tested on what was known at": f"{trial['tested_at']:%Y-%m-%d}",
        "customers it learnt from": _count(trial["training_rows"]),
        "customers it was tested on": _count(trial["tested_customers"]),
        "data (sha256)": str(trial["data_hash"])[:16],
        "seed, library": f"{_count(trial['seed'])}, {trial['library']}",
        "decided by build": f"{trial['build_id']} as of {trial['decided_at']:%Y-%m-%d %H:%M}",
    }
    lines = [f"| {key} | {value} |" for key, value in facts.items()]
    said = f"\n{note}\n" if note else ""
    title = f"# {trial['label']}: {trial['version']}\n{said}"
    return "\n".join([title, "| | |", "|---|---|", *lines, ""])


def _classifier(con: duckdb.DuckDBPyConnection, trial: dict, picture: Path) -> str:
    here = [trial["model_code"], trial["version"]]
    rivals = con.execute(
        f"select coalesce(variant, method) as knows, status, {', '.join(METRICS)} "
        "from predictions.model_trials where model_code = ? and place = 0 and auc is not null "
        "order by brier",
        here[:1],
    ).df()
    backtests = con.execute(
        f"select strftime(tested_at, '%Y-%m-%d') as tested_at, {', '.join(METRICS)} "
        "from predictions.model_trials where model_code = ? and method = ? "
        "and variant is not distinct from ? and auc is not null order by place",
        [trial["model_code"], trial["method"], _text(trial["variant"])],
    ).df()
    groups = con.execute(
        "select people, customers, auc, brier, mean_probability as foretold, "
        "positives / customers as came from predictions.int_classifier_metrics "
        "where model_code = ? and version = ? and tested_at = ? and customers >= ? "
        "and least(positives, customers - positives) >= ? order by people",
        [*here, trial["tested_at"], FEWEST_IN_A_GROUP, FEWEST_OF_AN_OUTCOME],
    ).df()
    tenths = con.execute(
        "select tenth, mean_probability, share_positive from measurement.rpt_model_deciles "
        "where model_code = ? and version = ? and tested_at = ? order by tenth",
        [*here, trial["tested_at"]],
    ).df()
    _calibration_plot(tenths, picture)
    parts = [
        "## Beside simpler and richer versions, on the same test\n",
        _table(rivals),
        "## Fitted anew at each cut-off\n",
        "The first row is this version.\n",
        _table(backtests),
        "## Calibration\n",
        f"![What was foretold and what came, by tenth of customers]({picture.name})\n",
        "## By group\n",
        f"Groups of fewer than {FEWEST_IN_A_GROUP} customers, or {FEWEST_OF_AN_OUTCOME} of either "
        "outcome, are left out.\n",
        _table(groups),
    ]
    weights = con.execute(
        "select item as feature, value as weight from predictions.model_params "
        "where model_code = ? and version = ? and part = 'weight' and value <> 0 "
        "order by abs(value) desc, item limit 10",
        here,
    ).df()
    if len(weights):
        weights["more of it makes the outcome"] = weights["weight"].map(
            lambda weight: "likelier" if weight > 0 else "less likely"
        )
        parts += [
            "## What moves it\n",
            "Weight per standard deviation, other features held.\n",
            _table(weights),
        ]
    return "\n".join(parts)


def _lifetime(con: duckdb.DuckDBPyConnection, trial: dict, picture: Path) -> str:
    measures = "spearman, mae_usd, capture_10pc, ratio_of_totals"
    tests = con.execute(
        f"select strftime(tested_at, '%Y-%m-%d') as tested_at, method, {measures} "
        "from predictions.model_trials where model_code = ? and spearman is not null "
        "order by place, method",
        [trial["model_code"]],
    ).df()
    parameters = con.execute(
        "select item as parameter, value from predictions.model_params "
        "where model_code = ? and version = ? and part = 'parameter' order by item",
        [trial["model_code"], trial["version"]],
    ).df()
    text = alt.Chart(tests).mark_line(point=True)
    text = text.encode(
        x=alt.X("tested_at:O", title="tested on what was known at"),
        y=alt.Y("spearman:Q", scale=alt.Scale(zero=False), title="Spearman's rank correlation"),
        color=alt.Color("method:N", title=None, scale=alt.Scale(range=[MARK, "#c2571a"])),
    )
    text.properties(width=480, height=260, title="Does it put the right customers first?").save(
        str(picture)
    )
    return "\n".join(
        [
            "## Beside the rate of spend, at six cut-offs\n",
            _table(tests),
            f"![Rank correlation by cut-off]({picture.name})\n",
            "## Parameters\n",
            "Time is in weeks.\n",
            _table(parameters),
        ]
    )


def _clusters(con: duckdb.DuckDBPyConnection, trial: dict, picture: Path) -> str:
    rows = con.execute(
        "select part, item, group_id, value, label from predictions.model_params "
        "where model_code = ? and version = ?",
        [trial["model_code"], trial["version"]],
    ).df()
    name = rows[rows["part"] == "name"].set_index("group_id")["label"]
    groups = pd.DataFrame({"id": name.index, "name": name.to_numpy()}).sort_values("id")
    for part, source in (("share", "value"), ("rule", "label")):
        groups[part] = groups["id"].map(rows[rows["part"] == part].set_index("group_id")[source])
    compared = rows[rows["part"].str.startswith("comparison:")].assign(
        measure=lambda f: f["part"].str.removeprefix("comparison:")
    )
    compared = compared.pivot(index="item", columns="measure", values="value").reset_index()
    centres = rows[rows["part"] == "centroid"].assign(
        group=lambda f: f["group_id"].astype(str) + " " + f["group_id"].map(name),
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
    written = base.mark_text().encode(text=alt.Text("value:Q", format="+.1f"))
    title = "How each group differs from the average customer, in standard deviations"
    chart = (base.mark_rect().encode(color=colour) + written).properties(title=title)
    chart.properties(width=170 * len(groups), height=34 * centres["words"].nunique()).save(
        str(picture)
    )
    return "\n".join(
        [
            "## Groups\n",
            _table(groups),
            f"![{title}]({picture.name})\n",
            "## Algorithms side by side\n",
            _table(compared.rename(columns={"item": "algorithm"})),
        ]
    )


def _calibration_plot(tenths: pd.DataFrame, picture: Path) -> None:
    top = float(tenths[["mean_probability", "share_positive"]].to_numpy().max())
    low = float(tenths[["mean_probability", "share_positive"]].to_numpy().min())
    low, top = max(0.0, low - 0.02), min(1.0, top + 0.02)
    diagonal = alt.Chart(pd.DataFrame({"at": [low, top]})).mark_line(color=GREY, strokeDash=[4, 4])
    points = alt.Chart(tenths).mark_line(color=LINE, point=alt.OverlayMarkDef(color=MARK, size=60))
    whole = alt.Scale(domain=[low, top])
    chart = diagonal.encode(x="at:Q", y="at:Q") + points.encode(
        x=alt.X("mean_probability:Q", title="foretold", scale=whole),
        y=alt.Y("share_positive:Q", title="came", scale=whole),
    )
    title = "What was foretold and what came, by tenth of customers"
    chart.properties(width=340, height=340, title=title).save(str(picture))


def _table(frame: pd.DataFrame) -> str:
    rows = [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    head = [str(name).replace("_", " ") for name in frame.columns]
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if pd.isna(value):
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _count(value: object) -> str:
    return "" if pd.isna(value) else f"{int(value):,}"


def _text(value: object) -> str | None:
    return None if pd.isna(value) else str(value)
