from audiencekit.identity.matching import params_to_use


def model(dbt, session):
    dbt.config(materialized="table")
    return params_to_use(
        patterns=dbt.ref("int_match_patterns").df(),
        plan=dbt.ref("int_match_plan").df(),
        previous=dbt.ref("int_previous_match_params").df(),
    )
