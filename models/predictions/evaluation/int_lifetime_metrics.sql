-- One row per lifetime version and test: how close the expected spend is to the actual spend, and how well it orders
-- customers. Doubles are added up exactly, so that a decision does not depend on the order of rows.
with

tests as (

    select
        scores.model_code,
        scores.version,
        scores.moment_at as tested_at,
        scores.customer_key,
        scores.expected_spend,
        outcomes.spend,
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
        -- Ranks from the middle, so that their mean is 0. Equal values share the mean of their ranks.
        cast(
            rank() over (partition by model_code, version, tested_at order by expected_spend)
            + (count(*) over (partition by model_code, version, tested_at, expected_spend) - 1) / 2.0
            - (count(*) over within_test + 1) / 2.0
            as double
        ) as expected_rank,
        cast(
            rank() over (partition by model_code, version, tested_at order by spend)
            + (count(*) over (partition by model_code, version, tested_at, spend) - 1) / 2.0
            - (count(*) over within_test + 1) / 2.0
            as double
        ) as spend_rank,
        row_number() over (
            partition by model_code, version, tested_at order by expected_spend desc, customer_key
        ) as place,
        row_number() over (
            partition by model_code, version, tested_at order by spend desc, customer_key
        ) as best_place,
        count(*) over within_test as customers
    from tests
    window within_test as (partition by model_code, version, tested_at)

),

sums as (

    select
        model_code,
        version,
        tested_at,
        count(*) as customers,
        {{ exact_sum('expected_rank * spend_rank') }} as rank_products,
        {{ exact_sum('expected_rank * expected_rank') }} as expected_rank_squares,
        {{ exact_sum('spend_rank * spend_rank') }} as spend_rank_squares,
        {{ exact_sum('abs(expected_spend - spend)') }} as error,
        {{ exact_sum('abs(expected_purchases - purchase_days)') }} as error_purchases,
        count(expected_purchases) as customers_with_purchases,
        {{ exact_sum('spend') }} as spend,
        {{ exact_sum('case when place <= ceil(customers / 10.0) then spend end') }} as top_spend,
        {{ exact_sum('case when best_place <= ceil(customers / 10.0) then spend end') }} as best_spend,
        {{ exact_sum('expected_spend') }} as expected_spend
    from ranked
    group by model_code, version, tested_at

)

select
    model_code,
    version,
    tested_at,
    customers,
    -- Null where all customers are equal, because then there is no order to compare.
    round(rank_products / nullif(sqrt(expected_rank_squares * spend_rank_squares), 0), 9) as spearman,
    round(error / customers, 9) as mae,
    round(error_purchases / nullif(customers_with_purchases, 0), 9) as mae_purchases,
    round(top_spend / nullif(spend, 0), 9) as capture_10pc,
    round(best_spend / nullif(spend, 0), 9) as capture_10pc_at_best,
    round(expected_spend / nullif(spend, 0), 9) as ratio_of_totals
from sums
