-- One row per picture on the board 'health': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

email_consent as (

    select
        sum(case when consent.is_allowed then consent.customers else 0 end) as allowed,
        sum(consent.customers) as customers,
        count(case when landing.is_present then 1 end) > 0 as has_consent_events
    from {{ ref('rpt_consent') }} as consent
    cross join {{ ref('rpt_landing') }} as landing
    where consent.purpose = 'email_marketing' and landing.table_name = 'consent_events'

),

expiring as (

    select sum(runs_out_soon) as grants from {{ ref('rpt_consent') }}

),

findings as (

    select count(*) as findings, count(distinct segment_code) as segments
    from {{ ref('rpt_segment_health') }}

),

notices as (

    select count(*) as notices from {{ ref('rpt_notices') }}

)

select
    'consent' as picture,
    max(
        {{ whole_percent('allowed / customers') }} || ' may get marketing e-mail'
        || case when has_consent_events then '' else ', by law: no consent_events' end
    ) as headline
from email_consent
where customers > 0
union all
select
    'consent_ends' as picture,
    max(
        cast(grants as string) || case when grants = 1 then ' grant' else ' grants' end
        || ' of consent end within {{ var("consent_notice_days") }} days'
    ) as headline
from expiring
where grants > 0
union all
select
    'health' as picture,
    max(
        cast(findings as string) || case when findings = 1 then ' finding in ' else ' findings in ' end
        || cast(segments as string) || case when segments = 1 then ' segment' else ' segments' end
    ) as headline
from findings
where findings > 0
union all
select
    'notices' as picture,
    max(
        cast(notices as string) || case when notices = 1 then ' kind' else ' kinds' end
        || ' of rows could not be read, matched or used as they are'
    ) as headline
from notices
where notices > 0
