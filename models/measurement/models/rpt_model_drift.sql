-- One row per classifier that scores and feature (or its score): how far customers have drifted from the training data.
select
    model_code,
    version,
    item,
    customers,
    psi,
    psi_by_chance,
    case
        when is_drifted then 'alarm'
        when psi > 0.1 and psi > psi_by_chance then 'warning'
        else 'steady'
    end as status
from {{ ref('model_drift') }}
