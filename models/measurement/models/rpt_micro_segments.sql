-- One row per micro-segment: its name, its rule in words, how many customers are in it and how they buy.
with

texts as (

    select
        params.group_id,
        max(params.label) filter (where params.part = 'name') as name,
        max(params.label) filter (where params.part = 'rule') as rule
    from {{ ref('model_params') }} as params
    inner join {{ ref('int_champions') }} as champions
        on params.model_code = champions.model_code and params.version = champions.version
    where params.model_code = 'micro_segments' and params.part in ('name', 'rule')
    group by params.group_id

),

members as (

    select
        micro_segment_id,
        count(*) as customers,
        {{ exact_mean('recency_days') }} as recency_days,
        {{ exact_mean('orders_365d') }} as orders_365d,
        {{ exact_mean('spend_365d') }} as spend_365d,
        {{ exact_mean('lines_per_order_365d') }} as lines_per_order_365d,
        {{ exact_mean('discount_share_365d') }} as discount_share_365d,
        {{ exact_mean('weekend_share_365d') }} as weekend_share_365d,
        {{ exact_mean('online_share') }} as online_share
    from {{ ref('customer_360') }}
    where micro_segment_id is not null
    group by micro_segment_id

)

select
    texts.group_id as micro_segment_id,
    texts.name,
    texts.rule,
    coalesce(members.customers, 0) as customers,
    {% for mean in [
        'recency_days', 'orders_365d', 'spend_365d', 'lines_per_order_365d', 'discount_share_365d',
        'weekend_share_365d', 'online_share'
    ] %}
    round(members.{{ mean }}, 6) as mean_{{ mean }},
    {% endfor %}
    coalesce(members.customers, 0) / nullif(cast(sum(members.customers) over () as double), 0) as share
from texts
left join members on texts.group_id = members.micro_segment_id
