-- One row per lifetime model, customer and moment: the probability that they buy at all within its horizon. At a
-- back-test it is that of the logistic regression that had learned by then; now it is that of the version that scores.
with

classifiers as (

    select classifiers.model_code, lifetimes.model_code as lifetime_code
    from {{ ref('prediction_models') }} as classifiers
    inner join {{ ref('prediction_models') }} as lifetimes on classifiers.horizon_days = lifetimes.horizon_days
    where classifiers.outcome = 'bought' and lifetimes.method = 'lifetime'

),

versions as (

    select model_code, version, tested_at as moment_at, 0 as place
    from {{ ref('int_fits') }}
    where place > 0 and variant = 'full' and status = 'fitted'
    union all
    select model_code, version, {{ as_of() }}, 0
    from {{ ref('int_classifier_verdicts') }}
    where verdict in ('champion', 'unchanged')
    union all
    select model_code, version, {{ as_of() }}, 1
    from {{ ref('int_incumbents') }}

),

chosen as (

    select
        classifiers.lifetime_code,
        versions.model_code,
        versions.version,
        versions.moment_at
    from classifiers
    inner join versions on classifiers.model_code = versions.model_code
    qualify row_number() over (
        partition by classifiers.lifetime_code, versions.moment_at order by versions.place, versions.version
    ) = 1

)

select
    chosen.lifetime_code as model_code,
    scores.customer_key,
    scores.moment_at,
    scores.probability
from chosen
inner join {{ ref('pred_probabilities') }} as scores
    on
        chosen.model_code = scores.model_code and chosen.version = scores.version
        and chosen.moment_at = scores.moment_at
