-- One row per back-test, list and method of recommending ten products: how many of them the customers bought in the 90
-- days after.
{% set lists = {
    'any': ['best_sellers', 'bought_before', 'bought_together'],
    'new': ['best_sellers', 'bought_together'],
} %}
with

history as (

    select * from {{ ref('int_product_history') }}
    where has_history and is_bought_after

),

moments as (

    select distinct moment_at from {{ ref('int_recommendation_places') }}
    where moment_at < {{ as_of() }}

),

later as (

    select
        history.moment_at,
        history.customer_key,
        cast(count(*) as double) as any_bought,
        cast(count(case when history.days_bought = 0 then 1 end) as double) as new_bought
    from history
    inner join moments on history.moment_at = moments.moment_at
    group by history.moment_at, history.customer_key

),

places as (

    select
        places.*,
        history.product_id is not null as is_hit
    from {{ ref('int_recommendation_places') }} as places
    left join history
        on
            places.moment_at = history.moment_at and places.customer_key = history.customer_key
            and places.product_id = history.product_id
    where places.moment_at < {{ as_of() }}

),

hits as (

    {% for list_name, methods in lists.items() %}
    {% set outer_last = loop.last %}
    {% for method in methods %}
    select
        later.moment_at,
        later.customer_key,
        '{{ list_name }}' as list_name,
        '{{ method }}' as method,
        later.{{ list_name }}_bought as bought,
        later.new_bought,
        count(places.product_id) as recommended,
        count(case when places.days_bought > 0 then 1 end) as recommended_repeats,
        count(case when places.is_hit then 1 end) as hits,
        count(case when places.is_hit and places.days_bought = 0 then 1 end) as new_hits
    from later
    left join places
        on
            later.moment_at = places.moment_at and later.customer_key = places.customer_key
            and places.{{ list_name }}_by_{{ method }} <= 10
    where later.{{ list_name }}_bought > 0
    group by later.moment_at, later.customer_key, later.{{ list_name }}_bought, later.new_bought
    {{ 'union all' if not (outer_last and loop.last) }}
    {% endfor %}
    {% endfor %}

),

recalls as (

    select
        hits.*,
        hits.hits / least(hits.bought, 10) as recall,
        (hits.hits - baseline.hits) / least(hits.bought, 10) as gain
    from hits
    inner join hits as baseline
        on
            hits.moment_at = baseline.moment_at and hits.customer_key = baseline.customer_key
            and hits.list_name = baseline.list_name and baseline.method = 'best_sellers'

)

select
    moment_at as tested_at,
    list_name,
    method,
    count(*) as customers,
    round({{ exact_mean('recall') }}, 9) as recall_at_10,
    round(count(case when hits > 0 then 1 end) / cast(count(*) as double), 9) as hit_rate_at_10,
    round({{ exact_mean('(hits - new_hits) / nullif(least(bought - new_bought, 10), 0)') }}, 9)
        as repeat_recall_at_10,
    round({{ exact_mean('new_hits / nullif(least(new_bought, 10), 0)') }}, 9) as new_recall_at_10,
    round(sum(recommended_repeats) / nullif(cast(sum(recommended) as double), 0), 9) as repeat_share,
    round({{ exact_mean('gain') }}, 9) as gain,
    round(sqrt(greatest({{ exact_mean('gain * gain') }} - pow({{ exact_mean('gain') }}, 2), 0) / count(*)), 9)
        as gain_error
from recalls
group by moment_at, list_name, method
