-- One row per experiment, customer and channel where they were first addressed for it, from earlier builds.
{{ ledger_rows('experiment_exposures') }}
