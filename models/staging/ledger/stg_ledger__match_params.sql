-- One row per relation between two records, field and level of agreement, with how often it is so: as the last published build left it.
{{ ledger_rows('match_params') }}
