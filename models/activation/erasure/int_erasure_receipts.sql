-- One row per erasure request that this build answers, customer and channel: how many rows are removed there.
-- Publishing appends it to the ledger.
with

erased as (

    select
        request_id,
        customer_key,
        {{ sha256_hex("'" ~ var('key_salt') ~ "|person|' || customer_key") }} as tombstone
    from {{ ref('stg_consent__erased_people') }}

)

select
    {{ sha256_hex("erased.request_id || '|' || coalesce(erased.tombstone, '') || '|' || channels.channel") }}
        as receipt_id,
    erased.request_id,
    erased.tombstone,
    channels.channel,
    count(last_rows.audience_row_id) as rows_removed,
    {{ built_at() }} as erased_at,
    '{{ var("build_id") }}' as build_id
from erased
cross join {{ ref('dim_channels') }} as channels
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on erased.customer_key = last_rows.customer_key and channels.channel = last_rows.channel
group by erased.request_id, erased.tombstone, channels.channel
