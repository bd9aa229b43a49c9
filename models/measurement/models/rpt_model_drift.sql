-- One row per classifier that scores and thing watched: how far customers have drifted from those it learnt from.
select
    cast(model_code as string) as model_code,
    cast(version as string) as version,
    cast(item as string) as item,
    cast(customers as bigint) as customers,
    cast(psi as double) as psi,
    cast(psi_by_chance as double) as psi_by_chance,
    cast(case
        when is_drifted then 'alarm'
        when psi > 0.1 and psi > psi_by_chance then 'warning'
        else 'steady'
    end as string) as status
from {{ ref('model_drift') }}
