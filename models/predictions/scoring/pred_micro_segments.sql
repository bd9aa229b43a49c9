-- One row per customer who has bought: their micro-segment, which is the nearest centroid of the version that scores,
-- in its own scale. A tie goes to the smaller id.
with

champion as (

    select params.*
    from {{ ref('model_params') }} as params
    inner join {{ ref('int_champions') }} as champions
        on params.model_code = champions.model_code and params.version = champions.version
    where params.model_code = 'micro_segments'

),

scaler as (

    select
        {% for feature in cluster_features() %}
        max(value) filter (where part = 'mean' and item = '{{ feature }}') as mean_{{ loop.index }},
        max(value) filter (where part = 'scale' and item = '{{ feature }}') as scale_{{ loop.index }},
        {% endfor %}
        count(*) as parameters
    from champion

),

centroids as (

    select
        {% for feature in cluster_features() %}
        max(value) filter (where item = '{{ feature }}') as centre_{{ loop.index }},
        {% endfor %}
        group_id
    from champion
    where part = 'centroid'
    group by group_id

),

names as (

    select group_id, label from champion
    where part = 'name'

),

-- A feature that the version does not know adds nothing to a distance.
distances as (

    select
        inputs.customer_key,
        centroids.group_id,
        {% for feature in cluster_features() %}
        {% set offset = '(inputs.' ~ feature ~ ' - scaler.mean_' ~ loop.index ~ ') / scaler.scale_' ~ loop.index
            ~ ' - centroids.centre_' ~ loop.index %}
        {{ '+ ' if not loop.first }}coalesce(({{ offset }}) * ({{ offset }}), 0)
        {% endfor %}
            as distance
    from {{ ref('model_inputs') }} as inputs
    cross join scaler
    cross join centroids
    where inputs.moment_at = {{ as_of() }}

)

select
    distances.customer_key,
    distances.group_id as micro_segment_id,
    names.label as micro_segment_name
from distances
left join names on distances.group_id = names.group_id
qualify row_number() over (
    partition by distances.customer_key order by distances.distance, distances.group_id
) = 1
