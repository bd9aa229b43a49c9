-- One row per experiment, customer and channel, with when they were first addressed there, from earlier builds.
{{ ledger_rows('experiment_exposures') }}
