-- One row per lifetime version that could score from today on: the verdict, and why. The acceptance test: on the same
-- data its mean error must be lower than that of the incumbent and of the spend rate, and its Spearman correlation at
-- most 0.005 lower. Until a version passes, the spend rate scores.
with

candidates as (

    select
        fits.*,
        metrics.spearman,
        metrics.mae
    from {{ ref('int_fits') }} as fits
    left join {{ ref('int_lifetime_metrics') }} as metrics
        on
            fits.model_code = metrics.model_code and fits.version = metrics.version
            and fits.tested_at = metrics.tested_at
    where fits.place = 0 and fits.kind = 'lifetime'

),

-- The bar is the better of the spend rate and the incumbent.
bars as (

    select
        candidates.model_code,
        case when metrics.mae < candidates.mae then incumbents.version else 'spend_rate' end as bar,
        least(candidates.mae, coalesce(metrics.mae, candidates.mae)) as bar_mae,
        greatest(coalesce(candidates.spearman, -1), coalesce(metrics.spearman, -1)) as bar_spearman
    from candidates
    left join {{ ref('int_incumbents') }} as incumbents on candidates.model_code = incumbents.model_code
    left join {{ ref('int_lifetime_metrics') }} as metrics
        on
            incumbents.model_code = metrics.model_code and incumbents.version = metrics.version
            and candidates.tested_at = metrics.tested_at
    where candidates.method = 'spend_rate'

),

judged as (

    select
        candidates.*,
        coalesce(
            candidates.status = 'fitted' and candidates.method <> 'spend_rate'
            and candidates.mae < bars.bar_mae and candidates.spearman >= bars.bar_spearman - 0.005,
            false
        ) as is_good_enough,
        'mean error ' || cast(round(candidates.mae, 2) as string) || ' {{ var("currency") }} against '
        || cast(round(bars.bar_mae, 2) as string) || ' of ' || bars.bar || ', Spearman '
        || cast(round(candidates.spearman, 3) as string) || ' against '
        || cast(round(bars.bar_spearman, 3) as string) as figures
    from candidates
    inner join bars on candidates.model_code = bars.model_code

)

select
    judged.model_code,
    judged.version,
    case
        when judged.status <> 'fitted' then judged.status
        when judged.is_good_enough then 'champion'
        when
            judged.version = incumbents.version
            and not bool_or(judged.is_good_enough) over (partition by judged.model_code)
            then 'unchanged'
        when judged.method <> 'spend_rate' then 'rejected'
        when
            incumbents.version is null
            and not bool_or(judged.is_good_enough) over (partition by judged.model_code)
            then 'champion'
        else 'yardstick'
    end as verdict,
    case when judged.status <> 'fitted' then judged.why else coalesce(judged.figures, 'nothing to test it on yet') end
        as why
from judged
left join {{ ref('int_incumbents') }} as incumbents on judged.model_code = incumbents.model_code
