-- One row per month of the shop from its first order to its newest, and whether the orders cover all of it. They do not
-- cover a month that as_of is in. Nor do they where they start or end in it and more days are missing than ever passed
-- between two orders: the data then begin or end there, rather than the sales.
with

order_days as (

    select
        ordered_on,
        lag(ordered_on) over (order by ordered_on) as previous_on
    from (select distinct ordered_on from {{ ref('fct_orders') }}) as days

),

span as (

    select
        min(ordered_on) as first_on,
        max(ordered_on) as last_on,
        coalesce(max({{ dbt.datediff('previous_on', 'ordered_on', 'day') }}), 1) as longest_gap_days
    from order_days

),

months as (

    select distinct cast({{ dbt.date_trunc('month', 'calendar.day_on') }} as date) as month_on
    from {{ ref('rpt_days') }} as calendar
    inner join span on calendar.day_on between span.first_on and span.last_on

),

bounded as (

    select
        months.month_on,
        cast({{ dbt.dateadd('month', 1, 'months.month_on') }} as date) as next_month_on,
        span.first_on,
        span.last_on,
        span.longest_gap_days
    from months
    cross join span

),

measured as (

    select
        *,
        {{ dbt.datediff('month_on', 'first_on', 'day') }}
            as days_before_first,
        {{ dbt.datediff('last_on', 'next_month_on', 'day') }}
        - 1 as days_after_last
    from bounded

)

select
    month_on,
    first_on >= month_on and first_on < next_month_on as is_first,
    next_month_on <= {{ shop_time(as_of()) }}
    and days_before_first < longest_gap_days
    and days_after_last < longest_gap_days as is_complete
from measured
