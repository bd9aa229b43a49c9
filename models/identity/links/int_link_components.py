from audiencekit.identity.people import connected


def model(dbt, session):
    dbt.config(materialized="table")
    return connected(dbt.ref("int_record_links").df())
