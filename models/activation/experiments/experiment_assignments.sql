-- One row per experiment and customer that this build assigns. A salted hash decides whether a customer who enters a
-- segment with a holdout is treated or held out, and the arm never changes. With strata, the share is kept within each
-- stratum, to within one customer. The count in a stratum starts at a random point. If it started at zero, nobody in a
-- small stratum would ever be held out.
with

members as (

    select * from {{ ref('int_holdout_candidates') }}

),

assigned as (

    -- When two customers turn out to be one, the earlier arm counts.
    select *
    from {{ history_of('experiment_assignments', ['experiment_code', 'stratum', 'assigned_at', 'arm']) }} as assignments
    where assigned_at <= {{ built_at() }}
    qualify row_number() over (partition by experiment_code, customer_key order by assigned_at, arm) = 1

),

assigned_counts as (

    select experiment_code, stratum, count(*) as customers
    from assigned
    group by experiment_code, stratum

),

entering as (

    select
        members.*,
        {{ holdout_draw('members.holdout_salt', 'members.customer_key') }} as draw,
        {{ holdout_draw('members.holdout_salt', "'start of ' || members.stratum") }} as start_at,
        coalesce(assigned_counts.customers, 0) + row_number() over (
            partition by members.experiment_code, members.stratum
            order by {{ holdout_draw('members.holdout_salt', 'members.customer_key') }}, members.customer_key
        ) as place
    from members
    left join assigned
        on members.experiment_code = assigned.experiment_code and members.customer_key = assigned.customer_key
    left join assigned_counts
        on members.experiment_code = assigned_counts.experiment_code and members.stratum = assigned_counts.stratum
    where assigned.customer_key is null

)

select
    experiment_code,
    segment_code,
    customer_key,
    case
        when
            case
                when is_stratified
                    then floor(place * holdout_share + start_at) > floor((place - 1) * holdout_share + start_at)
                else draw < holdout_share
            end
            then 'holdout'
        else 'treated'
    end as arm,
    stratum,
    holdout_share,
    {{ built_at() }} as assigned_at,
    '{{ var("build_id") }}' as build_id
from entering
