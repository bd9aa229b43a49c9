-- One row per version of a model and build that tested it, with the test and the decision, from earlier builds.
{{ ledger_rows('model_trials') }}
