"""Identity compared with Splink and recordlinkage on the same records, one after another on one machine."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from audiencekit.bench.environments import python_with
from audiencekit.bench.measurement import Measured, measure, measure_command
from audiencekit.errors import UserError

HERE = Path(__file__).parent
FEBRL = ("febrl1", "febrl2", "febrl3", "febrl4")
DEMO = "demo"
SIMULATED = 50_000
NEW_SHARE = 0.01


def run_identity_bench(size: int, folder: Path, console: Console, sets: Path | None = None) -> None:
    """Print the quality and the cost of each tool on every data set, and append them to `identity.jsonl`.

    With `size` above 0, also on that many simulated records and on a quarter of them, and the cost of a day with 1 %
    new records. With `sets`, only on the public sets of which that folder has the files.
    """
    names: Sequence[str] = (
        _public_names(sets) if sets else (*FEBRL, DEMO, f"simulated {SIMULATED:,}")
    )
    folder.mkdir(parents=True, exist_ok=True)
    python = python_with(HERE / "other_tools.txt", folder / "other-tools", console)
    rows = []
    for name in names:
        console.print(f"  {name}")
        source = _records(name, folder, python, sets)
        rows.append(_ours(name, source, folder))
        for tool in ("splink",) if sets else ("splink", "recordlinkage"):
            rows.append(_other(tool, name, source, folder, python))
    _print_quality(rows, console)
    if size and not sets:
        for count in (size // 4, size):
            name = f"simulated {count:,}"
            console.print(f"  {name}")
            source = _records(name, folder, python)
            rows.append(_ours(name, source, folder))
            rows.append(_other("splink", name, source, folder, python))
        _print_quality(rows[-4:], console)
        _print_growth(rows[-4:], size, console)
        rows.append(_day_two(f"simulated {size:,}", folder, console))
    with (folder / "identity.jsonl").open("a") as results:
        results.write(json.dumps(rows) + "\n")


def _public_names(sets: Path) -> Sequence[str]:
    from audiencekit.bench.identity.public_sets import SETS

    names = [name for name, each in SETS.items() if each.is_in(sets / name)]
    if not names:
        wanted = "; ".join(f"{name}: {', '.join(each.paths)}" for name, each in SETS.items())
        raise UserError(f"{sets} has the files of no public set. A folder each: {wanted}")
    return names


def _records(name: str, folder: Path, python: Path, sets: Path | None = None) -> Path:
    target = folder / f"{name.replace(' ', '-').replace(',', '')}.parquet"
    if not target.exists():
        log = folder / f"{name}.log"
        if sets:
            measure("public_records", log, name=name, folder=str(sets / name), target=str(target))
        elif name in FEBRL:
            command = [python, HERE / "other_tools.py", name, "-", target]
            measure_command(command, log)
        elif name == DEMO:
            measure("demo_records", log, folder=str(folder / DEMO), target=str(target))
        else:
            size = int(name.split()[1].replace(",", ""))
            measure("records", folder / "records.log", size=size, target=str(target))
    return target


def _ours(name: str, source: Path, folder: Path, share: float = 1.0) -> dict:
    home = folder / f"home-{source.stem}"
    shutil.rmtree(home, ignore_errors=True)
    log = folder / f"audiencekit-{source.stem}.log"
    if name == DEMO:
        landing = str(folder / DEMO / "landing")
    else:
        landing = str(folder / f"landing-{source.stem}")
        measure("write_landing", log, source=str(source), target=landing, share=share)
    cost = measure(
        "identify", log, home=str(home), landing=landing, build_id="bench-000001", goes_on=False
    )
    quality = measure("score", folder / "score.log", home=str(home), source=str(source)).answer
    return _row(name, "audiencekit", cost, quality) | {"nodes": cost.answer["nodes"]}


def _other(tool: str, name: str, source: Path, folder: Path, python: Path) -> dict:
    pairs = folder / f"{tool}-{source.stem}.parquet"
    command = [python, HERE / "other_tools.py", tool, source, pairs]
    cost = measure_command(command, folder / f"{tool}-{source.stem}.log")
    quality = measure(
        "score", folder / "score.log", home=str(folder), source=str(source), pairs=str(pairs)
    ).answer
    best = {f"best {key}": value for key, value in quality["at best"].items()}
    return _row(name, tool, cost, quality["at 0.5"]) | best | {"best": quality["best"]}


def _row(name: str, tool: str, cost: Measured, quality: dict) -> dict:
    spent = {"wall": cost.wall, "cpu": cost.cpu, "peak_gib": cost.peak_gib}
    return {"records": name, "tool": tool} | spent | quality


def _day_two(name: str, folder: Path, console: Console) -> dict:
    """Build the records without the last 1 %, then add these a day later."""
    source = folder / f"{name.replace(' ', '-').replace(',', '')}.parquet"
    first = _ours(name, source, folder, share=1 - NEW_SHARE)
    home, people = str(folder / f"home-{source.stem}"), str(folder / "people-of-day-one.parquet")
    measure("remember_people", folder / "remember.log", home=home, target=people)
    landing = str(folder / f"landing-{source.stem}")
    log = folder / "day-two.log"
    measure("write_landing", log, source=str(source), target=landing)
    cost = measure(
        "identify", log, home=home, landing=landing, build_id="bench-000002", goes_on=True
    )
    quality = measure("score", folder / "score.log", home=home, source=str(source)).answer
    keys = measure("kept_keys", folder / "keys.log", before=people, after=home).answer
    row = _row(name, "audiencekit, 1 % new", cost, quality) | keys
    row["nodes"] = cost.answer["nodes"]
    row["full_nodes"] = first["nodes"]

    def matching(nodes: dict) -> float:
        return sum(seconds for node, seconds in nodes.items() if node.startswith("int_match"))

    console.print(
        f"Day two, 1 % new records: {cost.wall:.0f} s against {first['wall']:.0f} s "
        f"({cost.wall / first['wall']:.2f}); matching alone {matching(cost.answer['nodes']):.1f} s against "
        f"{matching(first['nodes']):.1f} s ({matching(cost.answer['nodes']) / matching(first['nodes']):.2f}). "
        f"{keys['with another key']:,} of {keys['customers']:,} customers have another key: "
        f"{keys['merged']:,} merged, {keys['split']:,} split.",
        highlight=False,
    )
    return row


def _print_quality(rows: list[dict], console: Console) -> None:
    table = Table(
        title="People found: pairs, records and whole people; other tools at p = 0.5 and at the p that is best by the truth",
        box=box.SIMPLE,
    )
    for head in (
        "records",
        "tool",
        "precision",
        "recall",
        "F1",
        "best F1",
        "B-cubed",
        "whole",
        "wall s",
        "CPU s",
        "GiB",
    ):
        table.add_column(head, justify="left" if head in ("records", "tool") else "right")
    for row in rows:
        best = f"{row['best f1']:.4f}" if "best f1" in row else ""
        quality = (f"{row[key]:.4f}" for key in ("precision", "recall", "f1"))
        table.add_row(
            row["records"], row["tool"], *quality, best, f"{row['b_cubed']:.4f}", f"{row['whole']:.4f}",
            f"{row['wall']:.1f}", f"{row['cpu']:.1f}", f"{row['peak_gib']:.2f}",
        )  # fmt: skip
    console.print(table)


def _print_growth(rows: list[dict], size: int, console: Console) -> None:
    small, small_splink, large, large_splink = rows
    console.print(
        f"From {size // 4:,} to {size:,} records: audiencekit {large['wall'] / small['wall']:.1f} times the time, "
        f"Splink {large_splink['wall'] / small_splink['wall']:.1f}. At {size:,}, audiencekit takes "
        f"{large['wall'] / large_splink['wall']:.2f} of Splink's time and {large['peak_gib'] / large_splink['peak_gib']:.2f} of its memory.",
        highlight=False,
    )
