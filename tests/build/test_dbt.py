"""dbt's own unit tests, over the small demo's warehouse; and plain dbt, as its users call it."""

from audiencekit.run.dbt import run_dbt


def test_every_dbt_unit_test_passes(published):
    result = run_dbt(published.workspace, "test", "--select", "test_type:unit")
    failed = [
        f"{r.node.name}: {r.message}"
        for r in result.result.results
        if r.status != "pass" and r.status != "success"
    ]
    assert failed == []
    assert len(result.result.results) > 45


def test_docs_generate_and_source_freshness_is_declared(published):
    assert run_dbt(published.workspace, "docs", "generate").success
    manifest = published.manifest()
    fresh = {
        s["name"]
        for s in manifest["sources"].values()
        if (s.get("freshness") or {}).get("warn_after", {}).get("count")
    }
    assert {
        "orders",
        "contacts",
        "accounts",
        "web_events",
        "email_events",
        "consent_events",
        "campaign_touches",
    } <= fresh
