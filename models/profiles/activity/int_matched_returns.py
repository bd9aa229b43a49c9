from audiencekit.modelling.returns import match_returns


def model(dbt, session):
    dbt.config(materialized="table")
    return match_returns(dbt.ref("int_return_events").df(), dbt.ref("int_return_items").df())
