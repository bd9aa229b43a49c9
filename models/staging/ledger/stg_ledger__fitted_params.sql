-- One row per parameter of a model version that scores or may score, from earlier builds.
{{ ledger_rows('fitted_params') }}
