-- One row per experiment and customer this build assigns: who enters a segment that keeps a holdout is treated or
-- held out, by a salted hash, and stays so for ever. With a stratum to keep even, each of its values gets the share
-- to within one person; where its count starts is drawn, so that small strata are not always treated.
with

members as (

    select
        *,
        '{{ var("key_salt") }}|' || experiment_code || '|' as salt
    from {{ ref('int_holdout_candidates') }}

),

known as (

    -- Two customers who turn out to be one person stay in the arm the first of them was put in.
    select *
    from {{ history_of('experiment_assignments', ['experiment_code', 'stratum', 'assigned_at', 'arm']) }} as kept
    qualify row_number() over (partition by experiment_code, customer_key order by assigned_at, arm) = 1

),

already as (

    select experiment_code, stratum, count(*) as customers
    from known
    group by experiment_code, stratum

),

entering as (

    select
        members.*,
        {{ share_of_hash('members.salt || members.customer_key') }} as draw,
        {{ share_of_hash("members.salt || 'start of ' || members.stratum") }} as start_at,
        coalesce(already.customers, 0) + row_number() over (
            partition by members.experiment_code, members.stratum
            order by {{ share_of_hash('members.salt || members.customer_key') }}, members.customer_key
        ) as place
    from members
    left join known
        on members.experiment_code = known.experiment_code and members.customer_key = known.customer_key
    left join already
        on members.experiment_code = already.experiment_code and members.stratum = already.stratum
    where known.customer_key is null

)

select
    cast(experiment_code as string) as experiment_code,
    cast(segment_code as string) as segment_code,
    cast(customer_key as string) as customer_key,
    cast(case
        when
            case
                when is_stratified
                    then floor(place * holdout_share + start_at) > floor((place - 1) * holdout_share + start_at)
                else draw < holdout_share
            end
            then 'holdout'
        else 'treated'
    end as string) as arm,
    cast(stratum as string) as stratum,
    cast(holdout_share as double) as holdout_share,
    cast({{ built_at() }} as timestamp) as assigned_at,
    cast('{{ var("build_id") }}' as string) as build_id
from entering
