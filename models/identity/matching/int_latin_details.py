from audiencekit.identity.latin import in_latin_letters


def model(dbt, session):
    dbt.config(materialized="table")
    return in_latin_letters(dbt.ref("int_foreign_details").df())
