-- One row per experiment, customer and channel where they were ever addressed for it, in this build or before.
select experiment_code, customer_key, channel, exposed_at from {{ source('ledger', 'experiment_exposures') }}
where exposed_at <= {{ built_at() }}
-- Distinct, for once it is published the ledger holds this build, too.
union
select experiment_code, customer_key, channel, exposed_at from {{ ref('experiment_exposures') }}
