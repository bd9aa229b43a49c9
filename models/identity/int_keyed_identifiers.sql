-- One row per identifier that names a person, and the customer it names, erased or not.
with

components as (

    select
        cast(id_type as string) as id_type,
        cast(id_value as string) as id_value,
        cast(component as bigint) as component
    from {{ ref('int_identity_components') }}

),

first_seen as (

    select id_type, id_value, min(seen_at) as first_seen_at
    from {{ ref('int_identity_links') }}
    group by id_type, id_value

),

dated as (

    select
        components.component,
        components.id_type,
        components.id_value,
        first_seen.first_seen_at,
        rules.anchor_rank
    from components
    inner join first_seen
        on components.id_type = first_seen.id_type and components.id_value = first_seen.id_value
    inner join {{ ref('identity_rules') }} as rules on components.id_type = rules.id_type

),

-- The identifier a person was first known by names them for good: later data join it, older keys stay.
anchors as (

    select
        component,
        {{ sha256_hex("'" ~ var('key_salt') ~ "|' || id_type || '|' || id_value") }} as anchor_hash
    from dated
    qualify row_number() over (
        partition by component
        order by first_seen_at nulls last, anchor_rank, id_value
    ) = 1

)

select
    cast(dated.id_type as string) as id_type,
    cast(dated.id_value as string) as id_value,
    cast(substring(anchors.anchor_hash, 1, 32) as string) as customer_key,
    cast(dated.first_seen_at as timestamp) as first_seen_at
from dated
inner join anchors on dated.component = anchors.component
