from audiencekit.rules.thresholds import propose_thresholds


def model(dbt, session):
    dbt.config(materialized="table")
    customers = dbt.ref("customer_360")
    return propose_thresholds(
        dbt.ref("int_segment_misfits").df(),
        lambda sql: customers.query("customer_360", sql).df(),
    )
