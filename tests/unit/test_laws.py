"""The laws of the house, held against the files and dbt's manifest."""

import ast
import csv
import re
from collections import Counter
from graphlib import CycleError

import pytest
import yaml
from python_rooms import arrows_of, floors_of, functions_of
from workspaces import CHANNELS

from audiencekit.intake.contract import load_contract
from audiencekit.workspace import PROJECT

ROOMS = [
    "staging",
    "identity",
    "profiles",
    "features",
    "predictions",
    "segments",
    "activation",
    "measurement",
]
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
SQL = (
    MODELS
    + sorted((PROJECT / "tests").rglob("*.sql"))
    + sorted((PROJECT / "analyses").rglob("*.sql"))
)
# What one engine reads differently from the other, or not at all; macros/xdb/ holds what differs.
BANNED = {
    "arg_max / arg_min": r"\barg_(max|min)\b",
    "quantile_cont": r"\bquantile_cont\b",
    "list or struct literal": r"(?<![\w\]{'\"])\[[^\]\n]*\](?!['\"])|(?<!\{)\{(?![{%#])",
    "* exclude / * replace": r"\*\s*(exclude|replace)\b",
    "asof": r"\basof\b",
    "->>": r"->>",
    "strftime": r"\bstrftime\b",
    "varchar in a cast": r"\b(as|::)\s*varchar\b",
    "len()": r"\blen\(",
    "generate_series": r"\bgenerate_series\b",
    "regexp_replace": r"\bregexp_replace\b",
    r"\d in a pattern": r"\\d",
    "concat()": r"\bconcat\(",
    "log()": r"\blog\(",
    "dayofweek": r"\bdayofweek\b",
    "hash()": r"\bhash\(",
    "interval arithmetic": r"\binterval\s*['\"(0-9]",
}
CLOCKS = r"\b(current_timestamp|current_date|now\(|getdate|localtimestamp|today\()"
DATES = r"'(19|20)\d\d-\d\d"


def code_of(path) -> str:
    """A file's SQL: no comments, and no jinja, so that only what an engine reads is left."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
    text = re.sub(r"--[^\n]*", "", text)
    text = re.sub(r"\{%.*?%\}", "", text, flags=re.S)
    return re.sub(r"\{\{.*?\}\}", "x", text, flags=re.S)


def room_of(node: dict) -> str:
    return node["original_file_path"].split("/")[1]


def models_in(manifest: dict) -> dict[str, dict]:
    return {k: n for k, n in manifest["nodes"].items() if n["resource_type"] == "model"}


def against_the_flow(models: dict[str, dict]) -> list[str]:
    """Edges that point left: from a model to one of a later room."""
    wrong = []
    for node in models.values():
        for parent in node["depends_on"]["nodes"]:
            if parent in models and ROOMS.index(room_of(models[parent])) > ROOMS.index(
                room_of(node)
            ):
                wrong.append(f"{node['name']} ({room_of(node)}) reads {models[parent]['name']}")
    return wrong


def test_data_flows_one_way(manifest):
    assert against_the_flow(models_in(manifest)) == []


def test_a_model_that_reads_a_later_room_would_be_noticed(manifest):
    models = models_in(manifest)
    backward = dict(models["model.audiencekit.feat_orders"])
    backward["depends_on"] = {"nodes": ["model.audiencekit.aud_email"]}
    models["model.audiencekit.feat_orders"] = backward
    assert against_the_flow(models) == ["feat_orders (features) reads aud_email"]


def test_only_staging_reads_sources(manifest):
    readers = {"landing": set(), "intake": set(), "ledger": set()}
    for node in models_in(manifest).values():
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("source."):
                readers[parent.split(".")[2]].add(room_of(node))
    assert readers == {"landing": {"staging"}, "intake": {"staging"}, "ledger": {"staging"}}


def test_consent_can_be_about_every_channel_and_no_other():
    """A refusal for a channel nobody knows would refuse nothing."""
    channel = next(c for c in load_contract()["consent_events"].columns if c.name == "channel")
    assert sorted(channel.one_of) == sorted(CHANNELS)


def test_names_say_the_room(manifest):
    prefixes = {
        "staging": ("stg_",),
        "identity": ("int_",),
        "profiles": ("dim_", "fct_", "int_"),
        "features": ("feat_", "customer_features", "int_"),
        "predictions": (
            "ml_",
            "pred_",
            "model_",
            "fitted_params",
            "score_reasons",
            "customer_",
            "int_",
        ),
        "segments": (
            "seg_",
            "segment_",
            "dim_segments",
            "customer_360",
            "customer_segments",
            "int_",
        ),
        "activation": (
            "aud_",
            "audience_changes",
            "dim_channels",
            "dim_messages",
            "email_",
            "crm_",
            "consent_",
            "erasure_",
            "experiment_",
            "bandit_",
            "channel_",
            "int_",
        ),
        "measurement": ("rpt_", "int_"),
    }
    for node in models_in(manifest).values():
        assert node["name"].startswith(prefixes[room_of(node)]), node["name"]


@pytest.mark.parametrize("path", SQL, ids=lambda p: p.stem)
def test_no_sql_reads_a_clock(path):
    assert not re.search(CLOCKS, code_of(path), flags=re.I)


def test_python_reads_the_clock_at_the_command_line_only():
    readers = []
    for path in (PROJECT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
                readers.append(path.relative_to(PROJECT / "scripts" / "audiencekit").as_posix())
    assert readers == ["cli/options.py"]


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_sql_is_what_both_engines_read_the_same_way(path):
    code = code_of(path)
    found = [name for name, pattern in BANNED.items() if re.search(pattern, code, flags=re.I)]
    assert found == []


def test_the_banned_idioms_would_be_noticed():
    offenders = {
        "arg_max / arg_min": "select arg_max(a, b)",
        "list or struct literal": "select [1, 2]",
        "* exclude / * replace": "select * exclude (a)",
        "interval arithmetic": "select a + interval 3 day",
        r"\d in a pattern": r"where a like '\d'",
        "varchar in a cast": "select cast(a as varchar)",
    }
    for name, sql in offenders.items():
        assert re.search(BANNED[name], sql, flags=re.I), name


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "models/segments/rules").glob("*.sql")), ids=lambda p: p.stem
)
def test_a_segment_is_one_sentence_of_sql(path):
    """One select of customer_key, from customer_360 or another segment; literal, without clock or date."""
    raw = path.read_text()
    sql = re.sub(r"--[^\n]*\n", "", raw).strip()
    assert re.match(
        r"select customer_key\nfrom \{\{ ref\('(customer_360|seg_\w+)'\) \}\}\nwhere\b", sql
    )
    assert sql.count("{{") == sql.count("ref('"), "a predicate is literal, not assembled"
    assert "{%" not in sql and "join" not in sql
    assert not re.search(DATES, sql)
    assert path.with_suffix(".yml").exists()


def test_every_segment_has_an_owner_and_a_whole_strategy(manifest):
    segments = [n for n in models_in(manifest).values() if n["name"].startswith("seg_")]
    assert len(segments) >= 39
    for node in segments:
        segment = node["config"]["meta"]["segment"]
        assert set(segment["strategy"]) == {
            "objective",
            "messaging_themes",
            "offer",
            "success_metric",
        }
        assert set(segment["needs"]) <= set(load_contract()), node["name"]
        assert segment["kind"] in ("dynamic", "static")


def test_a_segment_that_asks_for_a_score_names_its_model(manifest):
    models = [
        row["model_code"]
        for row in csv.DictReader((PROJECT / "seeds/prediction_models.csv").open())
    ]
    segments = [n for n in models_in(manifest).values() if n["name"].startswith("seg_")]
    asked = {}
    for node in segments:
        rule = re.sub(r"--[^\n]*", "", node["raw_code"]).replace(
            "micro_segment_id", "micro_segments"
        )
        asked[node["name"]] = "".join(m for m in models if re.search(rf"\b{m}", rule))
    named = {n["name"]: n["config"]["meta"]["segment"].get("needs_model", "") for n in segments}
    assert named == asked
    assert set(models) == set(named.values()) - {""}


def test_every_audience_has_one_exposure_that_publishes_it(manifest):
    published = {}
    for exposure in manifest["exposures"].values():
        for parent in exposure["depends_on"]["nodes"]:
            published.setdefault(parent.split(".")[-1], []).append(exposure["name"])
    for node in models_in(manifest).values():
        if node["name"].startswith("aud_"):
            assert published.get(node["name"]) == [node["name"].removeprefix("aud_")]
            assert node["contract"]["enforced"], node["name"]


def test_every_channel_has_limits_with_a_source_and_a_day(manifest):
    rows = list(csv.DictReader((PROJECT / "seeds/channel_limits.csv").open()))
    audiences = {
        n["name"].removeprefix("aud_")
        for n in models_in(manifest).values()
        if n["name"].startswith("aud_")
    }
    assert {row["channel"] for row in rows} == audiences
    assert all(row["source"] and row["read_on"] for row in rows)


def test_every_channel_says_what_people_must_allow_and_only_the_crm_asks_nothing(manifest):
    asked = {
        n["name"].removeprefix("aud_"): n["config"]["meta"]["channel"]["purposes"]
        for n in models_in(manifest).values()
        if n["name"].startswith("aud_")
    }
    known = {
        row["purpose"] for row in csv.DictReader((PROJECT / "seeds/consent_defaults.csv").open())
    }
    assert {channel for channel, purposes in asked.items() if not purposes} == {"crm"}
    assert {purpose for purposes in asked.values() for purpose in purposes} <= known
    ads = {channel for channel, purposes in asked.items() if "ad_user_data" in purposes}
    hashed = {
        n["name"].removeprefix("aud_")
        for n in models_in(manifest).values()
        if "model.audiencekit.int_hashed_identifiers" in n["depends_on"]["nodes"]
    }
    assert ads == hashed and len(ads) >= 6
    assert all(set(asked[channel]) == {"ad_user_data", "ad_personalization"} for channel in ads)


def test_public_tables_are_under_contract(manifest):
    for node in models_in(manifest).values():
        if (
            node["name"].startswith(("dim_", "fct_", "aud_", "rpt_", "segment_m", "customer_"))
            # Joins of tables and rules: what they hold is under contract in customer_360 and segment_membership.
            and node["name"] not in ("customer_features", "segment_matches")
        ):
            assert node["contract"]["enforced"], node["name"]


def test_every_report_is_published(manifest):
    exposure = manifest["exposures"]["exposure.audiencekit.reporting"]
    shown = {name.split(".")[2] for name in exposure["depends_on"]["nodes"]}
    reports = {n["name"] for n in models_in(manifest).values() if n["name"].startswith("rpt_")}
    # The calendar is the metrics' own.
    assert reports - shown == {"rpt_days"}


def test_every_model_states_its_grain_first(manifest):
    for node in models_in(manifest).values():
        assert node["description"].strip().startswith("One row"), node["name"]


def test_staging_reads_keys_and_clocks_as_the_contract_says():
    calls = {}
    for path in (PROJECT / "models/staging").rglob("*.sql"):
        for call in re.findall(r"latest_version\([^()]*\)", path.read_text()):
            node = ast.parse(call, mode="eval").body
            table, key = (ast.literal_eval(a) for a in node.args)
            calls[table] = {"key": tuple(key)} | {
                k.arg: ast.literal_eval(k.value) for k in node.keywords if k.arg != "decisions"
            }
    contract = {
        name: {"key": t.key}
        | {k: getattr(t, k) for k in ("event_at", "latest_by") if getattr(t, k)}
        for name, t in load_contract().items()
    }
    assert calls == contract


def test_columns_with_personal_data_are_marked(manifest):
    personal = {
        "email",
        "phone",
        "first_name",
        "last_name",
        "birth_date",
        "id_value",
        "raw_value",
        "contact_point",
    }
    hashed_or_blind = {"aud_meta", "aud_website"}
    for node in models_in(manifest).values():
        for name, column in node["columns"].items():
            if name in personal and node["name"] not in hashed_or_blind:
                assert column["config"]["meta"].get("pii"), f"{node['name']}.{name}"


def test_readme_lists_every_generic_test():
    readme = (PROJECT / "tests/generic/README.md").read_text()
    for path in (PROJECT / "tests/generic").glob("*.sql"):
        assert f"`{path.stem}" in readme


def test_seed_of_purposes_matches_the_contract():
    allowed = next(
        c for c in load_contract()["consent_events"].columns if c.name == "purpose"
    ).one_of
    rows = (PROJECT / "seeds/consent_defaults.csv").read_text().splitlines()[1:]
    assert {row.split(",")[1] for row in rows} == set(allowed)


def test_descriptions_are_no_placeholders():
    for path in (PROJECT / "models").rglob("*.yml"):
        for block in yaml.safe_load(path.read_text()).get("models", []):
            for column in block.get("columns", []):
                assert len(column["description"]) > 2, (path.name, column["name"])


# --- Grain and keys -----------------------------------------------------------------------------------


def data_tests_on(manifest: dict) -> dict[str, list[dict]]:
    """Data tests by the model that they are about."""
    found: dict[str, list[dict]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node"):
            found.setdefault(node["attached_node"], []).append(node["test_metadata"])
    return found


def without_a_grain_test(manifest: dict) -> list[str]:
    """Models of which no test says that some columns identify a row.

    None is needed for a segment's rule, whose membership is tested as a whole, for a table of one row, and where
    the model's YAML says why there can be none (meta.no_grain_test).
    """
    tests = data_tests_on(manifest)
    return sorted(
        node["name"]
        for key, node in models_in(manifest).items()
        if not node["name"].startswith("seg_")
        and not node["description"].strip().startswith("One row:")
        and not node["config"]["meta"].get("no_grain_test")
        and not any(t["name"] in ("unique", "unique_combination") for t in tests.get(key, []))
    )


def test_every_model_has_a_grain_test(manifest):
    assert without_a_grain_test(manifest) == []


def test_a_model_without_a_grain_test_would_be_noticed(manifest):
    key = "model.audiencekit.dim_customers"
    without = {k: n for k, n in manifest["nodes"].items() if n.get("attached_node") != key}
    assert "dim_customers" in without_a_grain_test(manifest | {"nodes": without})


# Tables that outlive a customer: history, which keeps rows of customers who were erased or merged since, and tables
# that are about such customers.
HISTORY = ("_changes", "_receipts", "_assignments", "_exposures", "_decisions", "_history")
ABOUT_THE_ERASED = ("erasure_", "int_erased_", "int_merged_keys")


def published_models(manifest: dict) -> set[str]:
    return {
        parent
        for exposure in manifest["exposures"].values()
        for parent in exposure["depends_on"]["nodes"]
        if parent in manifest["nodes"]
    }


def without_relationships(manifest: dict) -> list[str]:
    """Tables of facts, dimensions and published tables whose customer_key nothing compares with dim_customers, and whose
    YAML does not say why (meta.no_relationship)."""
    tests, published = data_tests_on(manifest), published_models(manifest)
    return sorted(
        node["name"]
        for key, node in models_in(manifest).items()
        if "customer_key" in node["columns"]
        and (key in published or node["name"].startswith(("fct_", "dim_")))
        and node["name"] != "dim_customers"
        and not node["name"].endswith(HISTORY)
        and not node["name"].startswith(ABOUT_THE_ERASED)
        and not node["config"]["meta"].get("no_relationship")
        and not any(
            t["name"] == "relationships" and t["kwargs"].get("column_name") == "customer_key"
            for t in tests.get(key, [])
        )
    )


def test_customer_keys_are_compared_with_the_customers(manifest):
    assert without_relationships(manifest) == []


def test_a_customer_key_that_nothing_compares_would_be_noticed(manifest):
    key = "model.audiencekit.fct_orders"
    without = {k: n for k, n in manifest["nodes"].items() if n.get("attached_node") != key}
    assert "fct_orders" in without_relationships(manifest | {"nodes": without})


# --- Files --------------------------------------------------------------------------------------------


def yaml_elsewhere(models: dict[str, dict]) -> list[str]:
    """Models whose YAML is not the file of the same name next to them."""
    wrong = []
    for node in models.values():
        patch = (node["patch_path"] or "").split("://")[-1]
        if patch != re.sub(r"\.(sql|py)$", ".yml", node["original_file_path"]):
            wrong.append(f"{node['name']}: {patch or 'no YAML'}")
    return sorted(wrong)


def test_every_model_has_a_yaml_of_its_own_next_to_it(manifest):
    assert yaml_elsewhere(models_in(manifest)) == []
    for path in (PROJECT / "models").rglob("*.yml"):
        models = yaml.safe_load(path.read_text()).get("models", [])
        assert [m["name"] for m in models] in ([path.stem], []), path.name


def test_a_yaml_elsewhere_would_be_noticed(manifest):
    node = dict(models_in(manifest)["model.audiencekit.dim_customers"])
    node["patch_path"] = "audiencekit://models/profiles/_all.yml"
    assert yaml_elsewhere({"one": node}) == ["dim_customers: models/profiles/_all.yml"]


LONGEST_MODEL = 120


def long_models(lines: dict[str, int]) -> list[str]:
    return sorted(f"{name}: {count}" for name, count in lines.items() if count > LONGEST_MODEL)


def test_no_model_is_long():
    assert long_models({p.stem: len(p.read_text().splitlines()) for p in MODELS}) == []


def test_a_long_model_would_be_noticed():
    assert long_models({"short": 120, "long": 121}) == ["long: 121"]


def is_one_call(sql: str) -> bool:
    """A file of nothing but one macro's call: the model is then written in the macro."""
    text = re.sub(r"\{#.*?#\}|--[^\n]*|\{\{\s*config\(.*?\)\s*\}\}", "", sql, flags=re.S).strip()
    return re.fullmatch(r"\{\{[^{}]*\}\}", text, flags=re.S) is not None


def test_no_macro_writes_a_whole_model():
    """But for the ledger, whose tables are described once, in YAML, and read by one macro; and for agreement, which
    two models compare records by."""
    ledger = PROJECT / "models" / "staging" / "ledger"
    models = [p for p in MODELS if p.parent != ledger]
    assert [p.stem for p in models if is_one_call(p.read_text())] == ["int_match_levels"]


def test_a_macro_that_writes_a_whole_model_would_be_noticed():
    assert is_one_call(
        "-- One row per customer.\n{{ config(materialized='table') }}\n{{ all(1) }}\n"
    )
    assert not is_one_call("select * from {{ ref('a') }}\n")


MOST_REPEATS = 2


def repeated_descriptions(columns: list[tuple[str, str]]) -> list[str]:
    """Columns that are described in the same words more often than twice: a doc block says it once."""
    counts = Counter(pair for pair in columns if not pair[1].startswith("{{"))
    return sorted(f"{name}: {text}" for (name, text), n in counts.items() if n > MOST_REPEATS)


def described_columns() -> list[tuple[str, str]]:
    return [
        (column["name"], column["description"].strip())
        for path in sorted((PROJECT / "models").rglob("*.yml"))
        for block in yaml.safe_load(path.read_text()).get("models", [])
        for column in block.get("columns", [])
    ]


def test_no_column_is_described_three_times_in_the_same_words():
    assert repeated_descriptions(described_columns()) == []


def test_a_repeated_description_would_be_noticed():
    columns = [("a", "The key."), ("a", "The key."), ("b", "The key."), ("c", "{{ doc('c') }}")]
    assert repeated_descriptions(columns + columns[3:] * 3) == []
    assert repeated_descriptions([*columns, ("a", "The key.")]) == ["a: The key."]


def build_variables_in_yaml(texts: dict[str, str]) -> list[str]:
    return [
        name
        for name, text in texts.items()
        if re.search(
            r"var\(\s*['\"](as_of|built_at|build_id|commit_id|retrain|last_change_seq)", text
        )
    ]


def test_variables_of_a_build_are_used_in_sql_only():
    """Tests parse the project once for all their builds (tests/support/workspaces.py), and dbt reads YAML then only."""
    yaml_files = [*(PROJECT / "models").rglob("*.yml"), PROJECT / "dbt_project.yml"]
    assert build_variables_in_yaml({p.name: p.read_text() for p in yaml_files}) == []
    assert build_variables_in_yaml({"one": "enabled: \"{{ var('retrain') }}\""}) == ["one"]


# --- The Python package -------------------------------------------------------------------------------

PACKAGE = PROJECT / "scripts" / "audiencekit"
LONGEST_FUNCTION, MOST_PARAMETERS = 60, 5


def test_rooms_of_the_package_lie_on_floors_and_none_imports_from_above():
    arrows = arrows_of(PACKAGE)
    floors = floors_of(arrows)
    level = {room: number for number, floor in enumerate(floors) for room in floor}
    print(f"\n  {len(level)} rooms on {len(floors)} floors, {len(arrows)} arrows")
    for number, floor in reversed(list(enumerate(floors))):
        print(f"  {number}  {', '.join(sorted(floor))}")
    assert all(level[room] > level[other] for room, other in arrows)
    assert floors[-1] == {"cli"}, "the command line is the roof"


def test_a_cycle_of_rooms_would_be_noticed():
    with pytest.raises(CycleError):
        floors_of(arrows_of(PACKAGE) | {("workspace", "cli")})


def large_functions(sources: dict[str, str]) -> list[str]:
    """Functions that are too long or take too much. What a command of the command line takes are its options."""
    return sorted(
        f"{place}.{name}: {lines} lines, {parameters} parameters"
        for place, source in sources.items()
        for name, lines, parameters in functions_of(source)
        if lines > LONGEST_FUNCTION
        or (parameters > MOST_PARAMETERS and not place.startswith("cli/"))
    )


def test_no_function_is_long_or_takes_much():
    sources = {p.relative_to(PACKAGE).as_posix(): p.read_text() for p in PACKAGE.rglob("*.py")}
    assert large_functions(sources) == []


def test_a_large_function_would_be_noticed():
    long = "def f(a):\n" + "    a += 1\n" * 60
    much = (
        "class C:\n    def g(self, a, b, c, d, *, e, f): ...\n    def h(self, a, b, c, d, e): ...\n"
    )
    assert large_functions({"x": long, "y": much}) == [
        "x.f: 61 lines, 1 parameters",
        "y.g: 1 lines, 6 parameters",
    ]
