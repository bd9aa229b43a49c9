-- One row per experiment, customer and channel where they were ever addressed for it, in this build or before.
select experiment_code, customer_key, channel, exposed_at from {{ source('ledger', 'experiment_exposures') }}
-- Once it is published, the ledger holds this build, too.
where exposed_at <= {{ built_at() }} and build_id <> '{{ var("build_id") }}'
union all
select experiment_code, customer_key, channel, exposed_at from {{ ref('experiment_exposures') }}
