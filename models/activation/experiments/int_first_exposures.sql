-- One row per experiment, customer and channel where they were ever addressed for it, in this build or before.
select experiment_code, customer_key, channel, min(exposed_at) as exposed_at
from {{ history_of('experiment_exposures', ['experiment_code', 'channel', 'exposed_at', 'build_id']) }} as kept
-- Once it is published, the ledger holds this build, too.
where exposed_at <= {{ built_at() }} and build_id <> '{{ var("build_id") }}'
group by experiment_code, customer_key, channel
union all
select experiment_code, customer_key, channel, exposed_at from {{ ref('experiment_exposures') }}
