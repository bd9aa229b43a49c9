-- One row per customer whose browser sent Global Privacy Control, and purpose of ads: it withdraws their consent. The
-- browser sends the signal with every visit. The last one counts, so that only a later grant replaces it.
select
    events.customer_key,
    purposes.purpose,
    cast(null as string) as channel,
    'withdrawn' as status,
    'global privacy control' as withdrawn_by,
    max(events.occurred_at) as decided_at,
    'gpc' as decision_id
from {{ ref('fct_events') }} as events
cross join (
    select 'ad_user_data' as purpose
    union all
    select 'ad_personalization'
) as purposes
where events.has_privacy_signal
group by events.customer_key, purposes.purpose
