-- One row per request to be forgotten that this build answers and channel: how many rows are taken away there.
-- Publishing appends it to the ledger.
with

people as (

    select
        request_id,
        customer_key,
        {{ sha256_hex("'" ~ var('key_salt') ~ "|person|' || customer_key") }} as tombstone
    from {{ ref('stg_consent__erased_people') }}

)

select
    cast({{ sha256_hex(
        "people.request_id || '|' || coalesce(people.tombstone, '') || '|' || channels.channel"
    ) }} as string) as receipt_id,
    cast(people.request_id as string) as request_id,
    cast(people.tombstone as string) as tombstone,
    cast(channels.channel as string) as channel,
    cast(count(last_rows.audience_row_id) as bigint) as rows_removed,
    cast({{ built_at() }} as timestamp) as erased_at,
    cast('{{ var("build_id") }}' as string) as build_id
from people
cross join {{ ref('dim_channels') }} as channels
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on people.customer_key = last_rows.customer_key and channels.channel = last_rows.channel
group by people.request_id, people.tombstone, channels.channel
