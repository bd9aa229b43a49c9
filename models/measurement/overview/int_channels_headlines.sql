-- One row per picture on the board 'channels': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

audiences as (

    select
        count(*) as audiences,
        count(case when status = 'ready' then 1 end) as ready,
        count(case when expected_matches > 0 and expected_matches < minimum_size then 1 end) as below_minimum
    from {{ ref('rpt_audience_readiness') }}

),

purchases as (

    select
        (select count(*) from {{ ref('rpt_campaigns') }}) as campaigns,
        {{ exact_sum('case when campaign_id is not null then revenue else 0 end') }} as touched_revenue,
        {{ exact_sum('revenue') }} as revenue
    from {{ ref('rpt_attribution') }}
    where method = 'linear'

)

select
    'readiness' as picture,
    max(cast(ready as string) || ' of ' || cast(audiences as string) || ' audiences are ready') as headline
from audiences
where audiences > 0
union all
select
    'near_minimum' as picture,
    max(
        cast(below_minimum as string)
        || case when below_minimum = 1 then ' audience has' else ' audiences have' end
        || ' fewer expected matches than the platform needs'
    ) as headline
from audiences
where below_minimum > 0
union all
select
    'attribution' as picture,
    max({{ whole_percent('touched_revenue / revenue') }} || ' of the revenue from known customers followed a campaign')
        as headline
from purchases
where revenue > 0 and campaigns > 0
