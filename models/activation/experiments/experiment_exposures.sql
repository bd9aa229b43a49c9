-- One row per experiment, customer and channel where this build addresses them first for the experiment's segment.
-- Assignment says what was meant; exposure says whom the channel got.
with

addressed as (

    select distinct
        segments.holdout_experiment as experiment_code,
        members.customer_key,
        members.channel
    from {{ ref('int_audience_members') }} as members
    inner join {{ ref('dim_segments') }} as segments
        on members.segment_code = segments.segment_code and segments.holdout_experiment <> ''
    inner join {{ ref('int_audience_rows') }} as audience_rows
        on members.channel = audience_rows.channel and members.customer_key = audience_rows.customer_key

)

select
    cast(addressed.experiment_code as string) as experiment_code,
    cast(addressed.customer_key as string) as customer_key,
    cast(addressed.channel as string) as channel,
    cast({{ built_at() }} as timestamp) as exposed_at,
    cast('{{ var("build_id") }}' as string) as build_id
from addressed
left join {{ history_of('experiment_exposures', ['experiment_code', 'channel']) }} as known
    on
        addressed.experiment_code = known.experiment_code
        and addressed.customer_key = known.customer_key
        and addressed.channel = known.channel
where known.customer_key is null
