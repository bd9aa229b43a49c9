-- One row per segment with a bandit and customer it ever picked a variant for: the last one.
{% set columns = ['experiment_code', 'variant', 'decided_at'] %}
with

decisions as (

    select customer_key, {{ columns | join(', ') }}
    from {{ history_of('bandit_decisions', columns + ['build_id']) }} as kept
    -- Once it is published, the ledger holds this build, too.
    where build_id <> '{{ var("build_id") }}'
    union all
    select customer_key, {{ columns | join(', ') }} from {{ ref('bandit_decisions') }}

)

select
    cast(variants.segment_code as string) as segment_code,
    cast(decisions.customer_key as string) as customer_key,
    cast(decisions.variant as string) as variant
from decisions
-- A variant that is no longer offered is told to nobody.
inner join {{ ref('int_bandit_variants') }} as variants
    on decisions.experiment_code = variants.experiment_code and decisions.variant = variants.variant
qualify row_number() over (
    partition by decisions.experiment_code, decisions.customer_key order by decisions.decided_at desc, decisions.variant
) = 1
