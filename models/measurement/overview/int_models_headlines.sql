-- One row per picture on the board 'models': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

scoring as (

    select model_code, label, auc
    from {{ ref('rpt_models') }}
    where is_scoring
    qualify row_number() over (partition by model_code order by decided_at desc) = 1

),

best_first as (

    select
        label,
        auc,
        row_number() over (order by auc desc nulls last, label) as place
    from scoring

)

select
    'models' as picture,
    max(case
        when auc is null then 'Models score, and none of them has an AUC yet'
        else label || ' ranks best: AUC ' || cast(cast(auc as decimal(4, 2)) as string)
    end) as headline
from best_first
where place = 1
