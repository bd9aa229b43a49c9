-- One row per model, thing watched and build, with how far customers had drifted, from earlier builds.
{{ ledger_rows('model_drift') }}
