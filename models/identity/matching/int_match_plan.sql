-- One row: whether the weights of evidence are to be learnt anew. If so, every pair of records is compared again; if
-- not, only records that are new or changed, with all others.
{# A digest of how agreement is told, and of what: of its SQL, the relations and the nicknames. -#}
{% set told_by = local_md5(agreement('pairs') ~ match_relations()) -%}
{% set fields = [] -%}
{%- for field, kind in match_fields().items() %}{% do fields.append(field ~ ':' ~ kind) %}{% endfor -%}
with

learnt as (

    select
        max(trained_at) as trained_at,
        max(records) as records,
        max(told_by) as told_by
    from {{ ref('stg_ledger__match_params') }}

),

records as (

    select count(*) as records
    from {{ ref('int_match_records') }}

),

telling as (

    select '{{ told_by }} ' || {{ sha256_hex(json_text_array("name || ' ' || other_name")) }} as told_by
    from {{ ref('nicknames') }}

)

select
    cast(records.records as bigint) as records,
    cast('{{ fields | join(" ") }}' as string) as fields,
    cast(telling.told_by as string) as told_by,
    cast(
        learnt.told_by is distinct from telling.told_by
        or records.records > 1.25 * learnt.records
        or records.records < 0.8 * learnt.records
        or {{ elapsed('day', 'learnt.trained_at', as_of()) }} >= {{ var('match_retrain_days') }}
        or {{ var('retrain') }}
        as boolean
    ) as is_due,
    cast({{ as_of() }} as timestamp) as as_of,
    cast('{{ var("build_id") }}' as string) as build_id
from records
cross join learnt
cross join telling
