-- One row per channel and segment with candidates: from members to the customers a channel can reach, and how many of
-- these a platform is expected to match by the assumed rates of seeds/match_rates.csv.
with

candidates as (

    select
        channel,
        segment_code,
        count(*) as members,
        count(case
            when left_out_because in ('no_consent', 'consent_withdrawn', 'consent_expired', 'topic_refused') then 1
        end) as refused,
        count(case when left_out_because = 'holdout' then 1 end) as held_out,
        count(case when left_out_because is null then 1 end) as addressed
    from {{ ref('int_audience_candidates') }}
    group by channel, segment_code

),

customers_with_rows as (

    select distinct channel, customer_key
    from {{ ref('int_audience_rows') }}

),

reach as (

    select
        members.channel,
        members.segment_code,
        count(*) as reachable,
        cast(sum(cast(coalesce(rates.match_rate, 1) as decimal(18, 4))) as double) as assumed_matches
    from {{ ref('int_audience_members') }} as members
    inner join customers_with_rows
        on
            members.channel = customers_with_rows.channel
            and members.customer_key = customers_with_rows.customer_key
    inner join {{ ref('dim_customers') }} as customers on members.customer_key = customers.customer_key
    left join {{ ref('match_rates') }} as rates
        on
            members.channel = rates.channel
            and (customers.email is not null) = rates.has_email
            and (customers.phone is not null) = rates.has_phone
    group by members.channel, members.segment_code

)

select
    candidates.channel,
    candidates.segment_code,
    candidates.members,
    candidates.refused,
    candidates.held_out,
    -- Whatever the reason is: a new one is counted here.
    candidates.members - candidates.refused - candidates.held_out - candidates.addressed as suppressed,
    candidates.addressed,
    coalesce(reach.reachable, 0) as reachable,
    coalesce(reach.assumed_matches, 0) as assumed_matches
from candidates
left join reach on candidates.channel = reach.channel and candidates.segment_code = reach.segment_code
