-- One row per customer, list and rank 1 to 10: the product to recommend, and why. The list `any` may contain what they
-- bought in the last year; `new` does not. Each list is made by the method that won its back-tests. Who bought nothing
-- for a year gets the best sellers.
{% set lists = {
    'any': ['best_sellers', 'bought_before', 'bought_together'],
    'new': ['best_sellers', 'bought_together'],
} %}
with

methods as (

    select
        lists.list_name,
        coalesce(verdicts.method, 'best_sellers') as method
    from (
        select 'any' as list_name
        union all
        select 'new' as list_name
    ) as lists
    left join {{ ref('int_recommendation_verdicts') }} as verdicts
        on lists.list_name = verdicts.list_name and verdicts.is_used

),

places as (

    select * from {{ ref('int_recommendation_places') }}
    where moment_at = {{ as_of() }}

),

ranked as (

    {% for list_name, list_methods in lists.items() %}
    select
        places.customer_key,
        methods.list_name,
        methods.method,
        case methods.method
            {% for method in list_methods %}
            when '{{ method }}' then places.{{ list_name }}_by_{{ method }}
            {% endfor %}
        end as place,
        places.product_id,
        places.score,
        places.days_bought,
        places.pair_gain
    from places
    inner join methods on methods.list_name = '{{ list_name }}'
    union all
    {% endfor %}
    select
        customers.customer_key,
        methods.list_name,
        'best_sellers',
        sellers.place,
        sellers.product_id,
        sellers.share,
        0,
        0
    from {{ ref('dim_customers') }} as customers
    left join (select distinct customer_key from places) as buyers on customers.customer_key = buyers.customer_key
    inner join {{ ref('int_best_sellers') }} as sellers on sellers.moment_at = {{ as_of() }}
    cross join methods
    where buyers.customer_key is null

),

recommended as (

    select
        *,
        case
            when days_bought > 0 then 'bought before'
            when method = 'bought_together' and pair_gain > 0 then 'bought together'
            else 'best seller'
        end as reason
    from ranked
    where place <= 10

),

-- The product of theirs whose buyers go on to buy it most.
sources as (

    select
        recommended.customer_key,
        recommended.product_id,
        pairs.product_id as source_product_id
    from (
        select distinct customer_key, product_id from recommended
        where reason = 'bought together'
    ) as recommended
    inner join {{ ref('int_product_history') }} as history
        on recommended.customer_key = history.customer_key and history.moment_at = {{ as_of() }} and history.is_main
    inner join {{ ref('int_product_pairs') }} as pairs
        on
            history.moment_at = pairs.moment_at and history.product_id = pairs.product_id
            and recommended.product_id = pairs.next_product_id
    qualify row_number() over (
        partition by recommended.customer_key, recommended.product_id order by pairs.gain desc, pairs.product_id
    ) = 1

)

select
    recommended.customer_key,
    recommended.list_name,
    recommended.place as rank,
    recommended.product_id,
    greatest(0, least(1, recommended.score)) as score,
    recommended.reason,
    case when recommended.reason = 'bought together' then sources.source_product_id end as source_product_id,
    recommended.method
from recommended
left join sources
    on recommended.customer_key = sources.customer_key and recommended.product_id = sources.product_id
