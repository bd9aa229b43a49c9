-- One row per back-test of the channel that customers answer on: of those who answered in the year before it and in the
-- 90 days after, the mean share of later answers that came on their own best channel, and on the one channel with the
-- most answers, for everybody.
with

guesses as (

    select
        moment_at,
        customer_key,
        channel,
        row_number() over (partition by moment_at, customer_key order by share desc, channel) = 1 as is_own,
        row_number() over (partition by moment_at, customer_key order by average_share desc, channel) = 1
            as is_everybodys
    from {{ ref('int_channel_shares') }}
    where moment_at < {{ as_of() }}

),

later as (

    select
        guesses.moment_at,
        guesses.customer_key,
        cast(count(distinct answers.channel || cast(answers.answered_on as string)) as double) as answers,
        count(case when guesses.is_own and guesses.channel = answers.channel then 1 end) as on_own,
        count(case when guesses.is_everybodys and guesses.channel = answers.channel then 1 end) as on_everybodys
    from guesses
    inner join {{ ref('int_channel_answers') }} as answers
        on
            guesses.customer_key = answers.customer_key
            and answers.answered_on >= cast(guesses.moment_at as date)
            and answers.answered_on < cast({{ dbt.dateadd('day', 90, 'guesses.moment_at') }} as date)
    group by guesses.moment_at, guesses.customer_key

),

gains as (

    select
        moment_at,
        count(*) as customers,
        {{ exact_mean('on_own / answers') }} as own_share,
        {{ exact_mean('on_everybodys / answers') }} as everybodys_share,
        {{ exact_mean('(on_own - on_everybodys) / answers') }} as gain,
        {{ exact_mean('pow((on_own - on_everybodys) / answers, 2)') }} as gain_squared
    from later
    group by moment_at

)

select
    moment_at as tested_at,
    customers,
    round(own_share, 9) as own_share,
    round(everybodys_share, 9) as everybodys_share,
    round(gain, 9) as gain,
    round(sqrt(greatest(gain_squared - gain * gain, 0) / customers), 9) as gain_error
from gains
