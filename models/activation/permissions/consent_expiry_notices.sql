-- One row per customer, purpose and channel whose consent expires soon, so that we can ask again in time.
select
    {{ sha256_hex("'expiry|' || customer_key || '|' || purpose || '|' || channel") }} as notice_id,
    customer_key,
    purpose,
    channel,
    jurisdiction,
    decided_at,
    expires_at,
    cast(ceil({{ elapsed('day', as_of(), 'expires_at') }}) as bigint) as days_left
from {{ ref('dim_consent') }}
where
    basis = 'granted'
    and {{ micros_between(as_of(), 'expires_at') }} <= cast({{ var('consent_notice_days') }} as bigint) * 86400000000
