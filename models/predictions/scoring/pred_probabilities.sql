-- One row per customer, classifier version and moment it scores: the calibrated probability. pred_boosted is a
-- Python model without a contract, so its types are set here.
select model_code, version, customer_key, moment_at, probability
from {{ ref('pred_logistic') }}
union all
select
    cast(model_code as string) as model_code,
    cast(version as string) as version,
    cast(customer_key as string) as customer_key,
    cast(moment_at as timestamp) as moment_at,
    cast(probability as double) as probability
from {{ ref('pred_boosted') }}
