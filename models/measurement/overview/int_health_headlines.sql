-- One row per picture on the board 'health': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

email_consent as (

    select
        sum(case when is_allowed then customers else 0 end) as allowed,
        sum(customers) as customers
    from {{ ref('rpt_consent') }}
    where purpose = 'email_marketing'

),

findings as (

    select count(*) as findings, count(distinct segment_code) as segments
    from {{ ref('rpt_segment_health') }}

)

select
    'consent' as picture,
    max({{ whole_percent('allowed / customers') }} || ' may get marketing e-mail') as headline
from email_consent
where customers > 0
union all
select
    'health' as picture,
    max(case
        when findings = 0 then 'Nothing is wrong with any segment'
        else cast(findings as string) || ' things to look at, in ' || cast(segments as string) || ' segments'
    end) as headline
from findings
