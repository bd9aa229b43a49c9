-- One row per segment and customer held out of its audiences, and for which experiment.
select
    cast(segments.segment_code as string) as segment_code,
    cast(assignments.customer_key as string) as customer_key,
    cast(assignments.experiment_code as string) as experiment_code
from {{ ref('int_assigned_customers') }} as assignments
inner join {{ ref('dim_segments') }} as segments on assignments.experiment_code = segments.holdout_experiment
where assignments.arm = 'holdout'
