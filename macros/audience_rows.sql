{#-
    The end of every aud_ model. It turns `shape`, a CTE with the columns that the platform reads, into audience rows:
    audience_row_id identifies the columns of `key`, row_hash covers the columns of `hashed`, and build_id and
    updated_at name the build in which row_hash last changed. A row with the id and the hash that it had in the last
    published build keeps them, so that nobody delivers it again.
-#}
{% macro audience_rows(shape, channel, key, hashed) -%}
    {%- set payload = [] -%}
    {%- for column in hashed -%}
        {%- do payload.append("coalesce(cast(" ~ column ~ " as string), '')") -%}
    {%- endfor -%}
select
    hashed_rows.*,
    coalesce(last_rows.build_id, '{{ var("build_id", "dev") }}') as build_id,
    coalesce(last_rows.updated_at, {{ built_at() }}) as updated_at
from (
    select
        {{ sha256_hex("'" ~ channel ~ "|' || " ~ key | join(" || '|' || ")) }} as audience_row_id,
        *,
        {{ sha256_hex(payload | join(" || '|' || ")) }} as row_hash
    from {{ shape }}
) as hashed_rows
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on
        last_rows.channel = '{{ channel }}'
        and hashed_rows.audience_row_id = last_rows.audience_row_id
        and hashed_rows.row_hash = last_rows.row_hash
{%- endmacro %}
