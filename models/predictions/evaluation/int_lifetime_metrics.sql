-- One row per lifetime version and test: how near the expected spend came, and whether it put the right people first.
with

tests as (

    select
        scores.model_code,
        scores.version,
        scores.moment_at as tested_at,
        scores.customer_key,
        scores.expected_spend_usd,
        outcomes.spend_usd,
        scores.expected_purchases,
        outcomes.purchase_days
    from {{ ref('pred_lifetime_value') }} as scores
    inner join {{ ref('prediction_models') }} as models on scores.model_code = models.model_code
    inner join {{ ref('model_outcomes') }} as outcomes
        on
            scores.customer_key = outcomes.customer_key
            and scores.moment_at = outcomes.moment_at
            and models.horizon_days = outcomes.horizon_days

),

ranked as (

    select
        *,
        rank() over (partition by model_code, version, tested_at order by expected_spend_usd)
        + (count(*) over (partition by model_code, version, tested_at, expected_spend_usd) - 1) / 2.0 as expected_rank,
        rank() over (partition by model_code, version, tested_at order by spend_usd)
        + (count(*) over (partition by model_code, version, tested_at, spend_usd) - 1) / 2.0 as spend_rank,
        row_number() over (
            partition by model_code, version, tested_at order by expected_spend_usd desc, customer_key
        ) as place,
        row_number() over (
            partition by model_code, version, tested_at order by spend_usd desc, customer_key
        ) as best_place,
        count(*) over within_test as customers
    from tests
    window within_test as (partition by model_code, version, tested_at)

)

select
    model_code,
    version,
    tested_at,
    count(*) as customers,
    -- Without any difference there is no order to compare, and some engines would say NaN.
    case
        when min(expected_rank) < max(expected_rank) and min(spend_rank) < max(spend_rank)
            then round(corr(expected_rank, spend_rank), 9)
    end as spearman,
    round(avg(abs(expected_spend_usd - spend_usd)), 9) as mae_usd,
    round(avg(abs(expected_purchases - purchase_days)), 9) as mae_purchases,
    round(sum(spend_usd) filter (where place <= ceil(customers / 10.0)) / nullif(sum(spend_usd), 0), 9)
        as capture_10pc,
    round(sum(spend_usd) filter (where best_place <= ceil(customers / 10.0)) / nullif(sum(spend_usd), 0), 9)
        as capture_10pc_at_best,
    round(sum(expected_spend_usd) / nullif(sum(spend_usd), 0), 9) as ratio_of_totals
from ranked
group by model_code, version, tested_at
