from audiencekit.modelling.planned import fit_classifiers


def model(dbt, session):
    dbt.config(materialized="table")
    return fit_classifiers(dbt.ref("int_training_sets").df(), dbt.ref("int_training_plan").df())
