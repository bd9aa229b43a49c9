-- One row per customer who answered in the last year, and channel on which anybody did: the share of their next answers
-- expected there. It is their own where that beats one channel for everybody by more than two standard errors of the
-- mean gain in back-tests, and else everybody's.
with

verdict as (

    select
        coalesce(
            {{ exact_mean('gain') }} > 2 * sqrt({{ exact_sum('gain_error * gain_error') }}) / count(*), false
        ) as is_own_better
    from {{ ref('int_channel_tests') }}

)

select
    shares.customer_key,
    shares.channel,
    shares.answers,
    case when verdict.is_own_better then shares.share else round(shares.average_share, 9) end as share,
    verdict.is_own_better as is_own
from {{ ref('int_channel_shares') }} as shares
cross join verdict
where shares.moment_at = {{ as_of() }}
