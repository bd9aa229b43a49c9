-- One row per version of a model and build that tried it, with its test and the decision, from earlier builds.
{{ ledger_rows('model_trials') }}
