from audiencekit.identity.people import assign_people


def model(dbt, session):
    dbt.config(materialized="table")
    return assign_people(
        links=dbt.ref("int_record_links").df(),
        evidence=dbt.ref("int_pair_evidence").df(),
        unlinked=dbt.ref("int_steward_unlinks").df(),
        most_records=dbt.config.get("most_records"),
    )
