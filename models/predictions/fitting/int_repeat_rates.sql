-- One row per moment and number of days on which a customer had bought a product in a year: how many more of them buy
-- it again in the 90 days after than everybody does. The last number covers all above it, too: together they have at
-- least 100 cases, so that the standard error is at most 5 points. Empty with fewer cases.
with

counted as (

    select
        history.known_at as moment_at,
        history.days_bought,
        count(*) as cases,
        count(case when history.is_bought_after then 1 end) as bought_again,
        {{ exact_sum('coalesce(sellers.earlier_share, 0)') }} as expected
    from {{ ref('int_product_history') }} as history
    left join {{ ref('int_best_sellers') }} as sellers
        on history.known_at = sellers.moment_at and history.product_id = sellers.product_id
    where history.days_bought > 0 and history.known_at <= {{ as_of() }}
    group by history.known_at, history.days_bought

),

tails as (

    select
        *,
        sum(cases) over (
            partition by moment_at order by days_bought desc rows between unbounded preceding and current row
        ) as cases_or_more
    from counted

),

last_numbers as (

    select moment_at, max(days_bought) as last_number
    from tails
    where cases_or_more >= 100
    group by moment_at

)

select
    counted.moment_at,
    least(counted.days_bought, last_numbers.last_number) as days_bought,
    cast(sum(counted.cases) as bigint) as cases,
    round((sum(counted.bought_again) - {{ exact_sum('counted.expected') }}) / cast(sum(counted.cases) as double), 9)
        as gain
from counted
inner join last_numbers on counted.moment_at = last_numbers.moment_at
group by counted.moment_at, least(counted.days_bought, last_numbers.last_number)
