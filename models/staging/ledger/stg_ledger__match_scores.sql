-- One row per pair of records that may be one person, with how far their fields agree: as the last published build left it.
{{ ledger_rows('match_scores') }}
