-- One row per list and method of recommending products, with whether it is used. That is the one with the best mean
-- recall of those that beat best sellers by more than two standard errors; of those within .005 of it, the one with the
-- best hit rate. Best sellers, if none does.
with

means as (

    select
        list_name,
        method,
        {{ exact_mean('recall_at_10') }} as recall,
        {{ exact_mean('hit_rate_at_10') }} as hit_rate,
        case
            when method = 'best_sellers' then 1
            when {{ exact_mean('gain') }} > 2 * sqrt({{ exact_sum('gain_error * gain_error') }}) / count(*) then 2
            else 0
        end as standing
    from {{ ref('int_recommendation_tests') }}
    group by list_name, method

),

close_ones as (

    select
        *,
        recall >= max(recall) over (partition by list_name, standing) - 0.005 as is_close
    from means

)

select
    list_name,
    method,
    round(recall, 9) as recall_at_10,
    round(hit_rate, 9) as hit_rate_at_10,
    row_number() over (
        partition by list_name order by standing desc, is_close desc, round(hit_rate, 9) desc, method
    ) = 1 as is_used
from close_ones
