-- One row per customer: how close they are to buying (score, 0 to 100) and what they are worth (grade, A to D), for
-- sales. A part that is unknown is left out of the mean and does not count as zero.
with

parts as (

    select
        features.customer_key,
        -- Before a model scores, quintiles of recency and frequency replace the prediction.
        coalesce(predictions.propensity_90d_rank, (features.r_score + features.f_score - 2) / 8.0) as nearness,
        features.engagement_score / 100.0 as warmth,
        coalesce(predictions.lifetime_value_90d_rank, (features.m_score - 1) / 4.0) as worth
    from {{ ref('customer_features') }} as features
    left join {{ ref('customer_predictions') }} as predictions on features.customer_key = predictions.customer_key
    where features.moment_at = {{ as_of() }}

)

select
    customer_key,
    cast(round(
        100 * (0.6 * coalesce(nearness, 0) + 0.4 * coalesce(warmth, 0))
        / nullif(
            case when nearness is null then 0 else 0.6 end + case when warmth is null then 0 else 0.4 end, 0
        )
    ) as bigint) as lead_score,
    case
        when worth >= 0.8 then 'A'
        when worth >= 0.5 then 'B'
        when worth >= 0.2 then 'C'
        when worth is not null then 'D'
    end as lead_grade
from parts
