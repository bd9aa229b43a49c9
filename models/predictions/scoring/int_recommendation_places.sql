-- One row per moment, customer and product that a method would recommend to them, with its place in each list.
{% set by_place = 'best_seller_place, product_id' %}
{% set orders = {
    'best_sellers': by_place,
    'bought_before': 'days_bought desc, last_bought_on desc, ' ~ by_place,
    'bought_together': 'score desc, days_bought desc, ' ~ by_place,
} %}
with

placed as (

    select
        {% for method, order in orders.items() %}
        row_number() over (partition by moment_at, customer_key order by {{ order }}) as any_by_{{ method }},
        case
            when days_bought = 0
                then count(case when days_bought = 0 then 1 end) over (
                    partition by moment_at, customer_key order by {{ order }}
                    rows between unbounded preceding and current row
                )
        end as new_by_{{ method }},
        {% endfor %}
        moment_at,
        customer_key,
        product_id,
        days_bought,
        pair_gain,
        score
    from {{ ref('int_recommendation_scores') }}

)

select * from placed
where
    any_by_best_sellers <= 10 or any_by_bought_before <= 10 or any_by_bought_together <= 10
    or new_by_best_sellers <= 10 or new_by_bought_together <= 10
