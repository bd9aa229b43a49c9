-- One row per segment with a bandit and customer it ever picked a variant for: the last one.
{% set columns = 'experiment_code, customer_key, variant, decided_at' %}
with

decisions as (

    select {{ columns }} from {{ source('ledger', 'bandit_decisions') }}
    -- Once it is published, the ledger holds this build, too.
    where build_id <> '{{ var("build_id") }}'
    union all
    select {{ columns }} from {{ ref('bandit_decisions') }}

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
    partition by decisions.experiment_code, decisions.customer_key order by decisions.decided_at desc
) = 1
