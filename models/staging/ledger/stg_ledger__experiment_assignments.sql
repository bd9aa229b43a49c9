-- One row per experiment and customer, with the arm they are assigned to, from earlier builds.
{{ ledger_rows('experiment_assignments') }}
