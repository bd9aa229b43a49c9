-- One row per experiment and customer, treated or held out, for ever, from earlier builds.
{{ ledger_rows('experiment_assignments') }}
