-- One row per model, monitored feature or score and build, with how far customers had drifted, from earlier builds.
{{ ledger_rows('model_drift') }}
