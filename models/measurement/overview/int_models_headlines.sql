-- One row per picture on the board 'models': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

best_classifier as (

    select label, auc
    from {{ ref('rpt_models') }}
    where is_scoring and auc is not null
    qualify row_number() over (order by auc desc, model_code) = 1

)

select
    'models' as picture,
    coalesce(
        max(label || ' ranks best: AUC ' || cast(cast(auc as decimal(4, 2)) as string)),
        'No model predicts an outcome yet'
    ) as headline
from best_classifier
