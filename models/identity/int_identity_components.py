from audiencekit.identity import connected_identifiers


def model(dbt, session):
    dbt.config(materialized="table")
    return connected_identifiers(dbt.ref("int_identity_links").df())
