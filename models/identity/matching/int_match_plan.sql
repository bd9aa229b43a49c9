-- One row: whether this build learns the match weights again, and what they are learned from. If it does, it compares
-- every pair of records again; if not, it compares only records that are new or changed with all others.
{# A hash of the rules that levels of agreement come from: their SQL, the relations and the nicknames. -#}
{% set rules_hash = local_md5(agreement('pairs') ~ match_relations()) -%}
{% set fields = [] -%}
{%- for field, kind in match_fields().items() %}{% do fields.append(field ~ ':' ~ kind) %}{% endfor -%}
with

last_training as (

    select
        max(trained_at) as trained_at,
        max(records) as records,
        max(levels_hash) as levels_hash
    from {{ ref('stg_ledger__match_params') }}

),

records as (

    select count(*) as records
    from {{ ref('int_match_records') }}

),

rules as (

    select '{{ rules_hash }} ' || {{ sha256_hex(json_text_array("name || ' ' || other_name")) }} as levels_hash
    from {{ ref('nicknames') }}

)

select
    records.records,
    cast('{{ fields | join(" ") }}' as string) as fields,
    rules.levels_hash,
    (
        last_training.levels_hash is distinct from rules.levels_hash
        or records.records > 1.25 * last_training.records
        or records.records < 0.8 * last_training.records
        or {{ elapsed('day', 'last_training.trained_at', as_of()) }} >= {{ var('match_retrain_days') }}
        or {{ var('retrain') }}
    ) as is_due,
    {{ as_of() }} as as_of,
    cast('{{ var("build_id") }}' as string) as build_id
from records
cross join last_training
cross join rules
