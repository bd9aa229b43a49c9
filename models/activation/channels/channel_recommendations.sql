-- One row per customer who may be addressed by e-mail or on the website, list and rank 1 to 10: a product to show them.
select
    recommendations.customer_key || '_' || recommendations.list_name || '_' || cast(recommendations.rank as string)
        as recommendation_id,
    recommendations.customer_key,
    recommendations.list_name,
    recommendations.rank,
    recommendations.product_id,
    recommendations.reason,
    recommendations.source_product_id
from {{ ref('pred_recommendations') }} as recommendations
inner join (
    select external_id as customer_key from {{ ref('aud_email') }}
    union
    select resolved_customer_key from {{ ref('aud_website') }}
) as addressed on recommendations.customer_key = addressed.customer_key
