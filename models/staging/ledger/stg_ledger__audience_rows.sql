-- One row per row of every audience table of the last published build: as the last published build left it.
{{ ledger_rows('audience_rows') }}
