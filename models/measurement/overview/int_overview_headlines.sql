-- One row per picture on the board 'overview': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

largest_segment as (

    select label, share
    from {{ ref('rpt_segments') }}
    where status = 'ready'
    qualify row_number() over (order by members desc, segment_code) = 1

),

best_segment as (

    select
        segments.label,
        performance.revenue_per_member / nullif(performance.baseline_revenue_per_member, 0) as times
    from {{ ref('rpt_segment_performance') }} as performance
    inner join {{ ref('rpt_segments') }} as segments
        on performance.segment_code = segments.segment_code and segments.status = 'ready'
    where performance.window_days = 90 and performance.order_channel = 'all'
    qualify row_number() over (order by performance.revenue_per_member desc nulls last, segments.segment_code) = 1

),

months as (

    select month_on, {{ exact_sum('net_revenue') }} as revenue
    from {{ ref('rpt_revenue') }}
    where is_complete
    group by month_on

),

newest_month as (

    select
        left(cast(month_on as string), 7) as month_name,
        revenue,
        lag(revenue) over (order by month_on) as revenue_before
    from months
    qualify row_number() over (order by month_on desc) = 1

),

-- Of ten customers one is a tenth. The cohort in which the orders start is left out: most of it had bought before.
oldest_cohort as (

    select
        left(cast(cohort_on as string), 7) as month_name,
        retention,
        months_since
    from {{ ref('rpt_cohorts') }}
    where is_complete and not has_earlier_customers and customers >= 10
    qualify row_number() over (order by cohort_on, months_since desc) = 1

)

select
    'sizes' as picture,
    max('The largest: ' || label || ', ' || {{ whole_percent('share') }} || ' of customers') as headline
from largest_segment
union all
select
    'value' as picture,
    max(
        label || ': ' || cast(cast(times as decimal(9, 1)) as string) || ' times the average customer'
    ) as headline
from best_segment
union all
select
    'revenue' as picture,
    max(
        'Net revenue of ' || month_name || ': '
        || case
            when revenue_before <= 0 then 'the newest whole month'
            else
                {{ whole_percent('abs(revenue / nullif(revenue_before, 0) - 1)') }}
                || case when revenue < revenue_before then ' below' else ' above' end || ' the month before'
        end
    ) as headline
from newest_month
where revenue_before is not null
union all
select
    'cohorts' as picture,
    max(
        'New in ' || month_name || ': ' || {{ whole_percent('retention') }} || ' bought '
        || cast(months_since as string) || case when months_since = 1 then ' month later' else ' months later' end
    ) as headline
from oldest_cohort
where months_since > 0
