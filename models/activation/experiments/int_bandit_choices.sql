-- One row per segment with a bandit and customer with a decision: the variant of their last decision.
{% set columns = ['experiment_code', 'variant', 'decided_at'] %}
with

decisions as (

    select customer_key, {{ columns | join(', ') }}
    from {{ all_builds('bandit_decisions', 'bandit_decisions', columns, under_current_keys=true) }} as all_decisions

)

select
    variants.segment_code,
    decisions.customer_key,
    decisions.variant
from decisions
-- A variant that is no longer offered is not shown.
inner join {{ ref('int_bandit_variants') }} as variants
    on decisions.experiment_code = variants.experiment_code and decisions.variant = variants.variant
qualify row_number() over (
    partition by decisions.experiment_code, decisions.customer_key order by decisions.decided_at desc, decisions.variant
) = 1
