-- One row per classifier version that could score from today on: the verdict, and why. The acceptance test: on the same
-- data its Brier score must be lower than that of the incumbent and of the base rate, and its AUC at most 0.005 lower.
-- Boosted trees must also beat the logistic version by more than two standard errors.
with

candidates as (

    select
        fits.*,
        metrics.auc,
        metrics.brier,
        metrics.positives * (metrics.customers - metrics.positives)
        / (cast(metrics.customers as double) * metrics.customers) as base_brier,
        coalesce(gains.gain > 2 * gains.gain_error, false) as is_gain_certain
    from {{ ref('int_fits') }} as fits
    left join {{ ref('int_classifier_metrics') }} as metrics
        on
            fits.model_code = metrics.model_code and fits.version = metrics.version
            and fits.tested_at = metrics.tested_at and metrics.people = 'everybody'
    left join {{ ref('int_boosted_gains') }} as gains
        on
            fits.model_code = gains.model_code and fits.version = gains.version
            and fits.tested_at = gains.tested_at
    where fits.place = 0 and fits.kind = 'classifier'

),

-- The bar is the better of the incumbent and the base rate.
bars as (

    select
        candidates.model_code,
        max(incumbents.version) as incumbent,
        case
            when max(metrics.brier) <= max(candidates.base_brier) then max(incumbents.version)
            else 'the base rate'
        end as bar,
        round(least(coalesce(max(metrics.brier), 1), max(candidates.base_brier)), 9) as bar_brier,
        case when max(metrics.brier) <= max(candidates.base_brier) then max(metrics.auc) else 0.5 end as bar_auc
    from candidates
    left join {{ ref('int_incumbents') }} as incumbents on candidates.model_code = incumbents.model_code
    left join {{ ref('int_classifier_metrics') }} as metrics
        on
            incumbents.model_code = metrics.model_code and incumbents.version = metrics.version
            and candidates.tested_at = metrics.tested_at and metrics.people = 'everybody'
    group by candidates.model_code

),

judged as (

    select
        candidates.*,
        bars.incumbent,
        coalesce(
            candidates.status = 'fitted' and candidates.is_challenger
            and candidates.brier < bars.bar_brier and candidates.auc >= bars.bar_auc - 0.005
            and (candidates.method = 'logistic' or candidates.is_gain_certain),
            false
        ) as is_good_enough,
        'Brier ' || cast(round(candidates.brier, 4) as string) || ' against '
        || cast(round(bars.bar_brier, 4) as string) || ' of ' || bars.bar || ', AUC '
        || cast(round(candidates.auc, 3) as string) || ' against ' || cast(round(bars.bar_auc, 3) as string) as figures
    from candidates
    inner join bars on candidates.model_code = bars.model_code

),

placed as (

    select
        *,
        row_number() over (
            partition by model_code
            order by
                case when is_good_enough then 0 else 1 end,
                case when method = 'boosted' then 0 else 1 end,
                version
        ) as place_among
    from judged

)

select
    model_code,
    version,
    case
        when status <> 'fitted' then status
        when is_good_enough and place_among = 1 then 'champion'
        when version = incumbent and not bool_or(is_good_enough) over (partition by model_code) then 'unchanged'
        when is_challenger then 'rejected'
        else 'yardstick'
    end as verdict,
    case
        when status <> 'fitted' then why
        when method = 'boosted' and not is_challenger
            then 'trees need 300 of the rarer outcome to learn from; ' || figures
        when method = 'boosted' and not is_gain_certain
            then 'not better than logistic regression beyond chance; ' || figures
        else figures
    end as why
from placed
