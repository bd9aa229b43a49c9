from audiencekit.identity import persons


def model(dbt, session):
    dbt.config(materialized="table")
    return persons(
        ties=dbt.ref("int_identity_ties").df(),
        evidence=dbt.ref("int_identity_evidence").df(),
        apart=dbt.ref("int_identity_apart").df(),
        most_records=dbt.config.get("most_records"),
    )
