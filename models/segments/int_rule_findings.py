from audiencekit.rules.audit import audit_rules


def model(dbt, session):
    dbt.config(materialized="table")
    customers = dbt.ref("customer_360")
    types = dict(zip(customers.columns, map(str, customers.types), strict=True))
    return audit_rules(dbt.ref("dim_segments").df(), types, dbt.config.get("facts"))
