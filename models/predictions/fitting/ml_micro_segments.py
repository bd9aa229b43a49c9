from audiencekit.modelling.planned import fit_planned_micro_segments


def model(dbt, session):
    dbt.config(materialized="table")
    return fit_planned_micro_segments(
        dbt.ref("int_cluster_inputs").df(),
        dbt.ref("int_training_plan").df(),
        dbt.ref("int_incumbent_clusters").df(),
        algorithm=dbt.config.get("algorithm"),
        minimum_share=dbt.config.get("minimum_share"),
    )
