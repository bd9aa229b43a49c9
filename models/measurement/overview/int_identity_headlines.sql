-- One row per picture on the board 'identity': what it shows today, in a sentence; null where there is nothing to show.
-- max() gives every picture a row: an aggregate returns one even for no input.
with

strongest_evidence as (

    select field, bits
    from {{ ref('rpt_match_evidence') }}
    where pairs_taken > 0 and bits >= 1
    qualify row_number() over (order by bits desc, field) = 1

),

changes as (

    select sum(customers) as customers from {{ ref('rpt_identity_changes') }}

)

select
    'people' as picture,
    max(
        {{ whole_percent('people_recorded_twice / cast(named_people as double)') }}
        || ' of people are recorded more than once'
    ) as headline
from {{ ref('rpt_identity') }}
where named_people > 0
union all
select
    'evidence' as picture,
    max(
        'The strongest evidence is an equal ' || replace(field, '_', ' ') || ': '
        || cast(cast(bits as decimal(4, 1)) as string) || ' bits'
    ) as headline
from strongest_evidence
union all
select
    'identity_changes' as picture,
    max(
        cast(customers as string) || case when customers = 1 then ' customer was' else ' customers were' end
        || ' merged or split so far'
    ) as headline
from changes
where customers > 0
