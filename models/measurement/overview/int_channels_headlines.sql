-- One row per picture on the board 'channels': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

audiences as (

    select
        count(*) as audiences,
        count(case when status = 'ready' then 1 end) as ready
    from {{ ref('rpt_audience_readiness') }}

),

purchases as (

    select
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
    'attribution' as picture,
    max({{ whole_percent('touched_revenue / revenue') }} || ' of purchases followed a campaign') as headline
from purchases
where revenue > 0
