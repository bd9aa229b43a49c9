-- One row per audience row of the last published build.
{{ ledger_rows('audience_rows') }}
