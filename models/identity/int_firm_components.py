from audiencekit.identity import connected


def model(dbt, session):
    dbt.config(materialized="table")
    return connected(dbt.ref("int_firm_ties").df())
