-- One row per customer and moment by which they had bought: their quintiles of recency, frequency and spend among all
-- such customers, and the RFM family of the quintiles.
with

orders as (

    select
        customer_key,
        moment_at,
        recency_days,
        orders_365d,
        -- Decimals, so that cut points are exact amounts.
        cast(spend_365d as decimal(38, 4)) as spend_365d
    from {{ ref('feat_orders') }}
    where orders_lifetime > 0

),

cuts as (

    select
        moment_at,
        {% for cut in [20, 40, 60, 80] %}
        percentile_cont(0.{{ cut }}) within group (order by recency_days) as r{{ cut }},
        percentile_cont(0.{{ cut }}) within group (order by orders_365d) as f{{ cut }},
        percentile_cont(0.{{ cut }}) within group (order by spend_365d) as m{{ cut }},
        {% endfor %}
        count(*) as buyers
    from orders
    group by moment_at

),

-- Cut points rather than ntile: customers who are alike score alike, in whatever order they come.
scored as (

    select
        orders.customer_key,
        orders.moment_at,
        5
        {% for cut in [20, 40, 60, 80] %}
        - case when orders.recency_days > cuts.r{{ cut }} then 1 else 0 end
        {% endfor %}
            as r_score,
        1
        {% for cut in [20, 40, 60, 80] %}
        + case when orders.orders_365d > cuts.f{{ cut }} then 1 else 0 end
        {% endfor %}
            as f_score,
        1
        {% for cut in [20, 40, 60, 80] %}
        + case when orders.spend_365d > cuts.m{{ cut }} then 1 else 0 end
        {% endfor %}
            as m_score
    from orders
    inner join cuts on orders.moment_at = cuts.moment_at

)

select
    scored.customer_key,
    scored.moment_at,
    cast(scored.r_score as bigint) as r_score,
    cast(scored.f_score as bigint) as f_score,
    cast(scored.m_score as bigint) as m_score,
    families.rfm_family
from scored
left join {{ ref('rfm_families') }} as families
    on scored.r_score = families.r_score and scored.f_score = families.f_score
