-- One row per customer and moment by which they had bought: features as the models take them. Counts and money enter by
-- their logarithm, and nothing is null: a feature whose source is absent is 0 for everybody, and a feature that is the
-- same for everybody has no weight.
with

buyers as (

    select
        *,
        -- Days since the last purchase, in units of their usual gap.
        recency_days / greatest(coalesce(gap_mean_days, tenure_days), 1) as overdue
    from {{ ref('customer_features') }}
    where tenure_days is not null

)

select
    customer_key,
    moment_at,
    recency_days <= 180 as is_active,
    repeat_days,
    -- Two orders on one day are one purchase day, without a repeat.
    case when repeat_days = 0 then 0 else tenure_days - recency_days end as first_to_last_days,
    repeat_day_spend,
    greatest(spend_365d, 0) as spend_365d,
    -- How many days of the last year have data: in a young shop, the spend of a year covers less.
    least(365, max(tenure_days) over (partition by moment_at)) as observed_days,
    {% for feature in (model_features() + cluster_features()) | unique %}
    {% if feature.startswith('log_') %}
    ln(1 + greatest(coalesce({{ feature[4:] }}, 0), 0)) as {{ feature }},
    {% else %}
    coalesce({{ feature }}, 0) as {{ feature }},
    {% endif %}
    {% endfor %}
    tenure_days
from buyers
