"""A model card for each version that a build tried for scoring: training data, quality and limits."""

from pathlib import Path

import duckdb
import pandas as pd

from audiencekit.dbt_project import seed_file
from audiencekit.publish.model_cards.classifier import classifier_card
from audiencekit.publish.model_cards.clusters import clusters_card
from audiencekit.publish.model_cards.lifetime import lifetime_card
from audiencekit.sql import literal

CARDS = {"classifier": classifier_card, "lifetime": lifetime_card, "clusters": clusters_card}
LIMITS = {
    "classifier": """- It knows customers by what they did in this shop. It cannot see a reason that leaves no trace there.
- Its recipe was tested on windows that end by now. If purchases depend on the season, the next window may differ: the
  back-tests show by how much.
- Weights are associations. Changing what a weight names need not change the outcome; only an experiment can show that.
- Age and income are no features. Where the table of groups shows a gap, weigh it before you spend money by the score.""",
    "lifetime": """- It assumes that customers buy at a steady rate until they stop: no season, no trend, no price.
- Expected spend is in the reporting currency, net of returns, without margin or cost, and not discounted.
- It ranks customers better than it predicts each of them: for a single customer it is often far off.""",
    "clusters": """- The groups are a map of customers. They need not exist as distinct kinds; the status says whether they come back when
  customers are drawn again.
- Borders are sharp where customers are not. A single basket may move a customer near a border to another group.
- Names come from the means of a group. Not every member is like that.""",
}


def write_model_cards(con: duckdb.DuckDBPyConnection, folder: Path, note: str = "") -> list[Path]:
    """Write `<model>-<version>.md` and its chart for every version that this build tried for scoring.

    `con` is open on the warehouse. `note` tells readers about the data. Returns the cards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trials = con.execute(
        "select trials.*, models.label, models.method as kind from predictions.model_trials as trials "
        f"join read_csv({literal(str(seed_file('prediction_models')))}) as models using (model_code) "
        "where place = 0 and status in ('champion', 'rejected') and version <> 'spend_rate' "
        "order by model_code, version"
    ).df()
    cards = []
    for trial in trials.to_dict("records"):
        name = f"{trial['model_code']}-{trial['version']}"
        card, chart = folder / f"{name}.md", folder / f"{name}.svg"
        # Other generations may link to an older card: remove it here, and do not write into it.
        for path in (card, chart):
            path.unlink(missing_ok=True)
        body = CARDS[trial["kind"]](con, trial, chart)
        parts = [_head(trial, note), body, f"## Limits\n\n{LIMITS[trial['kind']]}\n"]
        card.write_text("\n".join(parts))
        cards.append(card)
    return cards


def _head(trial: dict, note: str) -> str:
    facts = {
        "status": f"{trial['status']}: {trial['why']}",
        "trained because": trial["why_due"],
        "method": trial["method"],
        "trained on data up to": f"{trial['cutoff_at']:%Y-%m-%d}",
        "customers in training": _count(trial["training_rows"]),
        "customers in the largest back-test": _count(trial["tested_customers"]),
        "fit for": _uses(trial),
        "data (sha256)": str(trial["data_hash"])[:16],
        "seed, library": f"{_count(trial['seed'])}, {trial['library']}",
        "decided by build": f"{trial['build_id']} as of {trial['decided_at']:%Y-%m-%d %H:%M}",
    }
    lines = [f"| {key} | {value} |" for key, value in facts.items()]
    note_line = f"\n{note}\n" if note else ""
    title = f"# {trial['label']}: {trial['version']}\n{note_line}"
    return "\n".join([title, "| | |", "|---|---|", *lines, ""])


def _uses(trial: dict) -> str:
    """What the back-tests say the scores may be used for."""
    gates = {"ranks": trial["ranks_well"], "probabilities and amounts": trial["predicts_well"]}
    return ", ".join(use for use, passed in gates.items() if passed is True) or "neither use"


def _count(value: float | None) -> str:
    return "" if value is None or pd.isna(value) else f"{int(value):,}"
