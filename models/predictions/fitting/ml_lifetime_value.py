from audiencekit.modelling.planned import fit_lifetime_values


def model(dbt, session):
    dbt.config(materialized="table")
    return fit_lifetime_values(
        dbt.ref("int_purchase_histories").df(),
        dbt.ref("int_training_plan").df(),
        method=dbt.config.get("method"),
    )
