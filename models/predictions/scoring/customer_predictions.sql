-- One row per customer who has bought: the predictions of the versions that score now. Null where no version scores.
with

probabilities as (

    select
        {% for model in ['propensity_30d', 'propensity_90d', 'churn_90d'] %}
        max(scores.probability) filter (where scores.model_code = '{{ model }}') as {{ model }},
        {% endfor %}
        scores.customer_key
    from {{ ref('pred_probabilities') }} as scores
    inner join {{ ref('int_champions') }} as champions
        on scores.model_code = champions.model_code and scores.version = champions.version
    where scores.moment_at = {{ as_of() }}
    group by scores.customer_key

),

lifetime_values as (

    select
        scores.customer_key,
        scores.expected_purchases,
        scores.expected_spend
    from {{ ref('pred_lifetime_value') }} as scores
    inner join {{ ref('int_champions') }} as champions
        on scores.model_code = champions.model_code and scores.version = champions.version
    where scores.moment_at = {{ as_of() }} and scores.model_code = 'lifetime_value_90d'

)

select
    inputs.customer_key,
    probabilities.propensity_30d,
    probabilities.propensity_90d,
    case
        when probabilities.propensity_90d is not null
            then percent_rank() over (
                partition by probabilities.propensity_90d is null order by probabilities.propensity_90d
            )
    end as propensity_90d_rank,
    probabilities.churn_90d,
    lifetime_values.expected_purchases as expected_purchases_90d,
    lifetime_values.expected_spend as lifetime_value_90d,
    case
        when lifetime_values.expected_spend is not null
            then percent_rank() over (
                partition by lifetime_values.expected_spend is null order by lifetime_values.expected_spend
            )
    end as lifetime_value_90d_rank,
    micro_segments.micro_segment_id,
    micro_segments.micro_segment_name
from {{ ref('model_inputs') }} as inputs
left join probabilities on inputs.customer_key = probabilities.customer_key
left join lifetime_values on inputs.customer_key = lifetime_values.customer_key
left join {{ ref('pred_micro_segments') }} as micro_segments on inputs.customer_key = micro_segments.customer_key
where inputs.moment_at = {{ as_of() }}
