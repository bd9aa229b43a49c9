-- One row per channel, segment that lists the channel, and member of the segment, with the first reason why they are
-- not addressed there, if any. A member who may be addressed can still be left to another segment of an exclusive
-- group, or to another channel of a segment that picks channels by answers.
with

eligibility as (

    select * from {{ ref('int_member_eligibility') }}

),

outranked as (

    select
        eligibility.channel,
        eligibility.segment_code,
        eligibility.customer_key
    from eligibility
    left join {{ ref('int_member_relevance') }} as relevances
        on eligibility.segment_code = relevances.segment_code and eligibility.customer_key = relevances.customer_key
    where
        eligibility.left_out_because is null
        and eligibility.exclusive_group <> ''
        and eligibility.picks_by <> 'all'
    qualify row_number() over (
        partition by eligibility.channel, eligibility.exclusive_group, eligibility.customer_key
        order by
            case when eligibility.picks_by = 'relevance' then relevances.relevance end desc nulls last,
            eligibility.priority,
            eligibility.segment_code
    ) > 1

),

-- A member who has answered on one of the segment's channels is addressed on the one where most answers are expected.
-- Where they never answered, nothing is known of a channel, not even whether they can be reached there.
answered_elsewhere as (

    select
        eligibility.channel,
        eligibility.segment_code,
        eligibility.customer_key
    from eligibility
    left join outranked
        on
            eligibility.channel = outranked.channel
            and eligibility.segment_code = outranked.segment_code
            and eligibility.customer_key = outranked.customer_key
    left join {{ ref('pred_channel_shares') }} as shares
        on
            eligibility.channel = shares.channel and eligibility.customer_key = shares.customer_key
            and shares.answers > 0
    where
        eligibility.picks_channel_by = 'answers'
        -- Staff see every member in their own system, whatever the customer answers on.
        and eligibility.needs_permission
        and eligibility.left_out_because is null
        and outranked.customer_key is null
    qualify
        count(shares.share) over (partition by eligibility.segment_code, eligibility.customer_key) > 0
        and row_number() over (
            partition by eligibility.segment_code, eligibility.customer_key
            order by shares.share desc nulls last, eligibility.channel
        ) > 1

)

select
    eligibility.channel,
    eligibility.segment_code,
    eligibility.customer_key,
    eligibility.entered_at,
    case
        when outranked.customer_key is not null then 'other_segment'
        when answered_elsewhere.customer_key is not null then 'other_channel'
        else eligibility.left_out_because
    end as left_out_because
from eligibility
left join outranked
    on
        eligibility.channel = outranked.channel
        and eligibility.segment_code = outranked.segment_code
        and eligibility.customer_key = outranked.customer_key
left join answered_elsewhere
    on
        eligibility.channel = answered_elsewhere.channel
        and eligibility.segment_code = answered_elsewhere.segment_code
        and eligibility.customer_key = answered_elsewhere.customer_key
