-- One row per picture on a board: what it shows today, in a sentence, which is its title.
with

ready as (

    select * from {{ ref('rpt_segments') }}
    where status = 'ready'
    qualify row_number() over (order by members desc, segment_code) = 1

),

best as (

    select
        segments.label,
        performance.revenue_per_member_usd / nullif(performance.baseline_revenue_per_member_usd, 0) as times
    from {{ ref('rpt_segment_performance') }} as performance
    inner join {{ ref('rpt_segments') }} as segments
        on performance.segment_code = segments.segment_code and segments.status = 'ready'
    where performance.window_days = 90 and performance.order_channel = 'all'
    qualify row_number() over (order by performance.revenue_per_member_usd desc nulls last, segments.segment_code) = 1

),

months as (

    select month_on, {{ exact_sum('net_revenue_usd') }} as revenue_usd
    from {{ ref('rpt_revenue') }}
    where {{ dbt.dateadd('month', 1, 'month_on') }} <= {{ as_of() }}
    group by month_on

),

newest_month as (

    select revenue_usd, lag(revenue_usd) over (order by month_on) as before_usd
    from months
    qualify row_number() over (order by month_on desc) = 1

),

touched as (

    select
        {{ exact_sum('case when campaign_id is not null then revenue_usd else 0 end') }} as touched_usd,
        {{ exact_sum('revenue_usd') }} as revenue_usd
    from {{ ref('rpt_attribution') }}
    where method = 'linear'

),

oldest_cohort as (

    select retention, months_since
    from {{ ref('rpt_cohorts') }}
    where is_complete
    qualify row_number() over (order by cohort_on, months_since desc) = 1

),

readiness as (

    select
        count(*) as audiences,
        count(case when status = 'ready' then 1 end) as ready
    from {{ ref('rpt_audience_readiness') }}

),

experiments as (

    select
        count(*) as experiments,
        count(case when status = 'readable' then 1 end) as readable,
        count(case when status = 'withheld' then 1 end) as withheld,
        count(case when status = 'waiting' then 1 end) as waiting
    from {{ ref('rpt_experiments') }}

),

proven as (

    select
        count(*) as read,
        -- Whoever sees a board looks early and often.
        count(case when always_valid_low > 0 then 1 end) as better,
        count(case when always_valid_high < 0 then 1 end) as worse
    from {{ ref('rpt_experiment_lift') }}
    where stratum is null and status = 'readable'

),

mail as (

    select
        sum(case when is_allowed then customers else 0 end) as allowed,
        sum(customers) as customers,
        sum(runs_out_soon) as runs_out_soon
    from {{ ref('rpt_consent') }}
    where purpose = 'email_marketing'

),

health as (

    select count(*) as findings, count(distinct segment_code) as segments
    from {{ ref('rpt_segment_health') }}

),

classifiers as (

    select label, auc
    from {{ ref('rpt_models') }}
    where is_scoring and auc is not null
    qualify row_number() over (order by auc desc, model_code) = 1

),

strongest as (

    select field, bits
    from {{ ref('rpt_match_evidence') }}
    where pairs_taken > 0
    qualify row_number() over (order by bits desc, field) = 1

),

headlines as (

    select
        'sizes' as picture,
        max('The largest: ' || label || ', ' || {{ whole_percent('share') }} || ' of all') as headline
    from ready
    union all
    select
        'value' as picture,
        max(
            label || ' brings ' || cast(cast(times as decimal(9, 1)) as string) || ' times the average'
        ) as headline
    from best
    union all
    select
        'revenue' as picture,
        max(
            'Revenue: ' || {{ whole_percent('abs(revenue_usd / before_usd - 1)') }}
            || case when revenue_usd < before_usd then ' below' else ' above' end || ' the month before'
        ) as headline
    from newest_month
    where before_usd > 0
    union all
    select
        'attribution' as picture,
        max({{ whole_percent('touched_usd / revenue_usd') }} || ' of purchases followed a campaign') as headline
    from touched
    where revenue_usd > 0
    union all
    select
        'cohorts' as picture,
        max(
            'After ' || cast(months_since as string) || ' months ' || {{ whole_percent('retention') }} || ' still buy'
        ) as headline
    from oldest_cohort
    where months_since > 0
    union all
    select
        'readiness' as picture,
        max(cast(ready as string) || ' of ' || cast(audiences as string) || ' audiences are ready') as headline
    from readiness
    where audiences > 0
    union all
    select
        'experiments' as picture,
        max(
            cast(readable as string) || ' of ' || cast(experiments as string) || ' experiments can be read; '
            || cast(waiting as string) || ' wait for their window, ' || cast(withheld as string) || ' withheld'
        ) as headline
    from experiments
    where experiments > 0
    union all
    select
        'lift' as picture,
        max(
            cast(better as string) || ' of ' || cast(read as string) || ' comparisons are better than their control, '
            || cast(worse as string) || ' worse, beyond chance'
        ) as headline
    from proven
    where read > 0
    union all
    select
        'consent' as picture,
        max({{ whole_percent('allowed / customers') }} || ' may get marketing e-mail') as headline
    from mail
    where customers > 0
    union all
    select
        'health' as picture,
        max(case
            when findings = 0 then 'Nothing is wrong with any segment'
            else cast(findings as string) || ' things to look at, in ' || cast(segments as string) || ' segments'
        end) as headline
    from health
    union all
    select
        'models' as picture,
        max(label || ' ranks best: AUC ' || cast(cast(auc as decimal(4, 2)) as string)) as headline
    from classifiers
    union all
    select
        'people' as picture,
        max(
            {{ whole_percent('people_recorded_twice * 1.0 / named_people') }}
            || ' of people are recorded more than once'
        ) as headline
    from {{ ref('rpt_identity') }}
    where named_people > 0
    union all
    select
        'evidence' as picture,
        max(
            'An equal ' || replace(field, '_', ' ') || ' says most: '
            || cast(cast(bits as decimal(4, 1)) as string) || ' bits'
        ) as headline
    from strongest

)

select
    cast(picture as string) as picture,
    cast(coalesce(headline, 'Nothing to show yet') as string) as headline
from headlines
