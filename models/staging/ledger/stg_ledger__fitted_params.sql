-- One row per number or text of a version that scored or might, from earlier builds.
{{ ledger_rows('fitted_params') }}
