-- One row per customer who has bought: the predictions of the versions that score now. A probability is null where its
-- recipe is no closer than the base rate, a rank where it orders customers no better than chance, and both where no
-- version scores.
{% set classifiers = ['propensity_30d', 'propensity_90d', 'churn_90d'] -%}
with

probabilities as (

    select
        {% for model in classifiers %}
        max(scores.probability) filter (where scores.model_code = '{{ model }}' and champions.predicts_well)
            as {{ model }},
        max(scores.probability) filter (where scores.model_code = '{{ model }}' and champions.ranks_well)
            as {{ model }}_score,
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
        scores.expected_spend,
        case when champions.ranks_well then scores.expected_spend end as score
    from {{ ref('pred_lifetime_value') }} as scores
    inner join {{ ref('int_champions') }} as champions
        on scores.model_code = champions.model_code and scores.version = champions.version
    where scores.moment_at = {{ as_of() }} and scores.model_code = 'lifetime_value_90d'

)

select
    inputs.customer_key,
    {% for model in classifiers %}
    probabilities.{{ model }},
    case
        when probabilities.{{ model }}_score is not null
            then percent_rank() over (
                partition by probabilities.{{ model }}_score is null order by probabilities.{{ model }}_score
            )
    end as {{ model }}_rank,
    {% endfor %}
    lifetime_values.expected_purchases as expected_purchases_90d,
    lifetime_values.expected_spend as lifetime_value_90d,
    case
        when lifetime_values.score is not null
            then percent_rank() over (partition by lifetime_values.score is null order by lifetime_values.score)
    end as lifetime_value_90d_rank,
    micro_segments.micro_segment_id,
    micro_segments.micro_segment_name
from {{ ref('model_inputs') }} as inputs
left join probabilities on inputs.customer_key = probabilities.customer_key
left join lifetime_values on inputs.customer_key = lifetime_values.customer_key
left join {{ ref('pred_micro_segments') }} as micro_segments on inputs.customer_key = micro_segments.customer_key
where inputs.moment_at = {{ as_of() }}
