from audiencekit.modelling.planned import score_all_boosted


def model(dbt, session):
    dbt.config(materialized="table")
    return score_all_boosted(dbt.ref("int_boosted_params").df(), dbt.ref("int_boosted_inputs").df())
