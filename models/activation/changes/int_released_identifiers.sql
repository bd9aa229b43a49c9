-- One row per audience row of the last published build that is gone or has other identifiers now: those of its former
-- identifiers that no row of its audience has any more. Only these may be removed at the platform. The others belong to
-- a customer it was merged into or split from, or who shares them.
{% set most = namespace(identifiers=1) %}
{% for properties in (channel_properties() if execute else []) %}
{% set most.identifiers = [most.identifiers, properties.removed_by | length] | max %}
{% endfor %}
with

now_rows as (

    select * from {{ ref('int_audience_rows') }}

),

last_rows as (

    select * from {{ ref('stg_ledger__audience_rows') }}

),

former_rows as (

    select
        last_rows.channel,
        last_rows.audience_code,
        last_rows.audience_row_id,
        last_rows.identifiers
    from last_rows
    left join now_rows
        on last_rows.channel = now_rows.channel and last_rows.audience_row_id = now_rows.audience_row_id
    where last_rows.identifiers is distinct from now_rows.identifiers

),

former_identifiers as (

    {{ removal_identifiers('former_rows') | indent(4) }}

),

identifiers_now as (

    {{ removal_identifiers('now_rows') | indent(4) }}

),

held as (

    select distinct channel, audience_code, identifier
    from identifiers_now

),

-- Each identifier without the braces of its JSON object, so that those of a row can be joined to one object.
compared as (

    select
        former.audience_row_id,
        former.position,
        case
            when held.identifier is null then substring(former.identifier, 2, length(former.identifier) - 2)
        end as released
    from former_identifiers as former
    left join held
        on
            former.channel = held.channel
            and former.audience_code = held.audience_code
            and former.identifier = held.identifier

),

remaining as (

    select
        audience_row_id,
        count(*) as identifiers_before,
        count(released) as identifiers_released,
        concat_ws(
            ','
            {%- for position in range(1, most.identifiers + 1) %},
            max(case when position = {{ position }} then released end)
            {%- endfor %}
        ) as released
    from compared
    group by audience_row_id

)

select
    former_rows.audience_row_id,
    case
        when remaining.identifiers_released < remaining.identifiers_before
            then {{ json_object_of('remaining.released') }}
        else former_rows.identifiers
    end as identifiers
from former_rows
left join remaining on former_rows.audience_row_id = remaining.audience_row_id
