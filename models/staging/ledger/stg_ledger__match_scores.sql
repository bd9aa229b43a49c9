-- One row per pair of records that may be one person, with how far their fields agree, as of the last published build.
{{ ledger_rows('match_scores') }}
