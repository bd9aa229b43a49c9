"""What the project declares of its own rules: facts that hold in its features, and the types of columns."""

import yaml

from audiencekit.workspace import PROJECT


def own_facts() -> dict[str, str]:
    """Facts that the audit of rules may take as given."""
    return _yaml_of("int_rule_findings")["config"]["facts"]


def own_types() -> dict[str, str]:
    """The type of each column of customer_360, as DuckDB names it."""
    columns = _yaml_of("customer_360")["columns"]
    return {c["name"]: c["data_type"].upper() for c in columns}


def _yaml_of(name: str) -> dict:
    raw = yaml.safe_load((PROJECT / "models" / "segments" / f"{name}.yml").read_text())
    return raw["models"][0]
