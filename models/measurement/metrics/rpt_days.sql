-- One row per day from 2000 to 2100: the calendar for metrics over time.
with

digits as (

    {% for digit in range(10) %}
    select {{ digit }} as digit {{ 'union all' if not loop.last }}
    {% endfor %}

),

ten_thousands as (

    select digit from digits
    where digit < 4

),

days as (

    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
        + 10000 * ten_thousands.digit as day
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join ten_thousands

)

select cast({{ dbt.dateadd('day', 'day', "cast('2000-01-01' as timestamp)") }} as date) as day_on
from days
where day < 36890
