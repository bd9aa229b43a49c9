-- One row per customer key whose identifiers moved to another customer, and build that found it; two customers are one
-- person, or one is two people, from earlier builds.
{{ ledger_rows('identity_changes') }}
