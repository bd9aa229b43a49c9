-- One row per experiment, customer and channel where the customer was addressed for it, in this build or before: when
-- first.
select experiment_code, customer_key, channel, min(exposed_at) as exposed_at
from {{ all_builds(
    'experiment_exposures', 'experiment_exposures', ['experiment_code', 'channel', 'exposed_at'], under_current_keys=true
) }} as exposures
where exposed_at <= {{ built_at() }}
group by experiment_code, customer_key, channel
