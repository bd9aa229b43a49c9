"""What the audit of rules claims of the demo."""

from own_rules import own_facts, own_types

from audiencekit.rules.facts import facts_from_names


def test_no_customer_contradicts_a_fact(published):
    """Of the demo: every fact, as DuckDB reads it."""
    facts = facts_from_names(own_types()) | own_facts()
    assert len(facts) > 60
    broken = ", ".join(
        f"count(*) filter (where not ({sql})) as f{i}" for i, sql in enumerate(facts.values())
    )
    counts = published.warehouse(f"select {broken} from segments.customer_360").iloc[0]
    assert [words for words, n in zip(facts, counts, strict=True) if n] == []


def test_a_build_reports_what_is_proved_and_what_is_seen(published):
    report = published.report("rpt_segment_findings")
    proved = report[report["evidence"] == "proved"]
    assert ("frequent_and_recent", "recent_buyers") in set(
        zip(proved["segment_code"], proved["other_segment_code"], strict=True)
    )
    seen = report[report["evidence"] == "seen"]
    assert len(seen)
    assert not set(zip(proved["segment_code"], proved["other_segment_code"], strict=True)) & set(
        zip(seen["segment_code"], seen["other_segment_code"], strict=True)
    )
    assert not any(
        report["finding"].eq("never_matched") & report["segment_code"].str.startswith("micro")
    )
