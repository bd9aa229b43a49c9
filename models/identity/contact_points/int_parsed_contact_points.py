from audiencekit.identity.contact_points import parse_contact_points


def model(dbt, session):
    dbt.config(materialized="table")
    return parse_contact_points(
        dbt.ref("int_raw_contact_points").df(),
        default_country=dbt.config.get("default_country"),
    )
