"""Recommendations of the last build compared with those of implicit: same customers, purchases, rules and day."""

import json
from pathlib import Path

import duckdb
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from audiencekit.bench.environments import python_with
from audiencekit.bench.measurement import measure_command
from audiencekit.errors import UserError
from audiencekit.workspace import Workspace

HERE = Path(__file__).parent
OURS = {
    "any": ("best_sellers", "bought_before", "bought_together"),
    "new": ("best_sellers", "bought_together"),
}
# All that the models do: three back-tests, and the recommendations of now.
MODELS = (
    "int_product_history", "int_best_sellers", "int_product_pairs", "int_repeat_rates",
    "int_recommendation_places", "int_recommendation_tests", "int_recommendation_verdicts", "pred_recommendations",
)  # fmt: skip
FIGURES = """
with later as (
    select customer_key, product_id, days_bought > 0 as is_repeat, list_name
    from history, (values ('any'), ('new')) as lists (list_name)
    where moment_at = ? and has_history and is_bought_after and (list_name = 'any' or days_bought = 0)
),
bought as (
    select list_name, customer_key, count(*) as products, count(*) filter (where is_repeat) as repeats
    from later group by all
),
hits as (
    select list_name, method, customer_key, count(*) as hits, count(*) filter (where is_repeat) as repeat_hits
    from recommended join later using (list_name, customer_key, product_id) group by all
)
select
    list_name, method, count(*) as customers, max(settings) as settings, max(seconds) as seconds,
    avg(coalesce(hits, 0) / least(products, 10)) as recall,
    avg(case when hits > 0 then 1 else 0 end) as hit_rate,
    avg(coalesce(repeat_hits, 0) / nullif(least(repeats, 10), 0)) as repeat_recall,
    avg(coalesce(hits - repeat_hits, 0) / nullif(least(products - repeats, 10), 0)) as new_recall
from bought
join (select distinct list_name, method, settings, seconds from recommended) as methods using (list_name)
left join hits using (list_name, method, customer_key)
group by all order by list_name, method
"""


def run_recommendations_bench(workspace: Workspace, folder: Path, console: Console) -> pd.DataFrame:
    """Print recall and hit rate of each method on the last back-test, and append them to `recommendations.jsonl`.

    Returns one row per list and method. Raises UserError if the last build has fewer than two back-tests.
    """
    folder.mkdir(parents=True, exist_ok=True)
    history, ours, last = _read(workspace)
    source, target = folder / "history.parquet", folder / "implicit.parquet"
    history.to_parquet(source)
    python = python_with(HERE / "other_tools.txt", folder / "other-tools", console)
    console.print("  implicit: settings are chosen on the back-test before the last")
    measure_command([python, HERE / "other_tools.py", source, target], folder / "implicit.log")
    recommended = pd.concat([ours, pd.read_parquet(target)])
    figures = figures_of(recommended, history, last)
    _print(figures, last, console)
    if seconds := _our_seconds(workspace):
        console.print(f"Our models took {seconds} s in the last build: all back-tests, and now.")
    with (folder / "recommendations.jsonl").open("a") as results:
        results.write(json.dumps(figures.to_dict("records")) + "\n")
    return figures


def figures_of(
    recommended: pd.DataFrame, history: pd.DataFrame, last: pd.Timestamp
) -> pd.DataFrame:
    """One row per list and method: recall and hit rate at ten, also of repeats and of new products alone.

    `recommended` has up to ten products of each customer, list and method, as of `last`; `history` what they bought.
    """
    with duckdb.connect() as con:
        con.register("recommended", recommended)
        con.register("history", history)
        return con.execute(FIGURES, [last]).df()


def _read(workspace: Workspace) -> tuple[pd.DataFrame, pd.DataFrame, pd.Timestamp]:
    if not workspace.warehouse.exists():
        raise UserError("There is no build to compare. Run audiencekit demo first.")
    with duckdb.connect(str(workspace.warehouse), read_only=True) as con:
        tests = con.execute(
            "select distinct tested_at from predictions.int_recommendation_tests order by 1"
        ).df()["tested_at"]
        if len(tests) < 2:
            raise UserError("The last build has fewer than two back-tests of recommendations.")
        history = con.execute(
            "select moment_at, customer_key, product_id, days_bought, has_history, is_bought_after "
            "from predictions.int_product_history where moment_at = any(?)",
            [list(tests[-2:])],
        ).df()
        lists = " union all ".join(
            f"select moment_at, customer_key, product_id, '{name}' as list_name, '{method}' as method "
            f"from predictions.int_recommendation_places where moment_at = $last and {name}_by_{method} <= 10"
            for name, methods in OURS.items()
            for method in methods
        )
        ours = con.execute(lists, {"last": tests.iloc[-1]}).df()
    return history, ours, tests.iloc[-1]


def _our_seconds(workspace: Workspace) -> float:
    results = json.loads((workspace.home / "target" / "run_results.json").read_text())["results"]
    spent = (r["execution_time"] for r in results if r["unique_id"].split(".")[-1] in MODELS)
    return round(sum(spent), 1)


def _print(figures: pd.DataFrame, last: pd.Timestamp, console: Console) -> None:
    table = Table(title=f"Ten products for each customer, {last:%Y-%m-%d}", box=box.SIMPLE)
    for title in ("list", "method", "customers", "recall@10", "hit@10", "repeats", "new", "s"):
        table.add_column(title, justify="left" if title in ("list", "method") else "right")
    for row in figures.to_dict("records"):
        numbers = (row[name] for name in ("recall", "hit_rate", "repeat_recall", "new_recall"))
        cells = ["" if pd.isna(number) else f"{number:.4f}" for number in numbers]
        seconds = "" if pd.isna(row["seconds"]) else f"{row['seconds']:.1f}"
        table.add_row(row["list_name"], row["method"], f"{row['customers']:,}", *cells, seconds)
    console.print(table)
    for row in figures.dropna(subset="settings").to_dict("records"):
        console.print(f"  {row['list_name']}, {row['method']}: {row['settings']}")
