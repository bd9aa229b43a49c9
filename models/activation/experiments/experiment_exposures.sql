-- One row per experiment, customer and channel where this build addresses the customer for the first time for the
-- experiment's segment. An assignment is the intention; an exposure is a row that the channel really gets.
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
    addressed.experiment_code,
    addressed.customer_key,
    addressed.channel,
    {{ built_at() }} as exposed_at,
    '{{ var("build_id") }}' as build_id
from addressed
left join {{ history_of('experiment_exposures', ['experiment_code', 'channel']) }} as earlier
    on
        addressed.experiment_code = earlier.experiment_code
        and addressed.customer_key = earlier.customer_key
        and addressed.channel = earlier.channel
where earlier.customer_key is null
