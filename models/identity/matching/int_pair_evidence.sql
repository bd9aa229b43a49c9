-- One row per pair of named records in one component of links, with how much their details speak for one person (bits;
-- below zero, for two people). A component may hold several people: by this evidence, int_person_records cuts it.
{% set one_person = "('" ~ match_relations()['one_person'] | join("', '") ~ "')" %}
with

members as (

    select
        components.component,
        records.record_no,
        records.record_id
    from {{ ref('int_link_components') }} as components
    inner join {{ ref('int_match_records') }} as records on components.record_id = records.record_id
    qualify
        count(*) over (partition by components.component) > 1
        and row_number() over (partition by components.component order by records.record_id)
        <= {{ var('maximum_person_records') }}

),

pairs as (

    select
        lefts.record_no as left_no,
        rights.record_no as right_no,
        lefts.record_id as left_record_id,
        rights.record_id as right_record_id
    from members as lefts
    inner join members as rights on lefts.component = rights.component
    where lefts.record_no < rights.record_no

),

agreements as (

    {{ agreement('pairs', other_columns=['left_record_id', 'right_record_id']) }}

),

patterns as (

    select distinct pattern from agreements

),

weights as (

    {{ pattern_weights('patterns') }}

),

-- The weight of a pair without any evidence: how rare one person is among all pairs that are compared.
prior as (

    select
        (
            ln({{ exact_sum("case when relation in " ~ one_person ~ " then value end") }})
            - ln({{ exact_sum("case when relation not in " ~ one_person ~ " then value end") }})
        ) / ln(2) as bits
    from {{ ref('int_match_params') }}
    where field = 'prior'

)

select
    agreements.left_record_id,
    agreements.right_record_id,
    -- The score of a pair counts, because it includes how rare equal names and places are. Without a score, the weight
    -- of its pattern counts. A weight between the prior and 0 counts as 0: the details speak for one person, though
    -- less than the prior speaks against it, so they are no evidence for two people.
    case
        when scores.match_weight is null and weights.pattern_weight between prior.bits and 0 then 0
        else coalesce(scores.match_weight, weights.pattern_weight)
    end as match_weight
from agreements
inner join weights on agreements.pattern = weights.pattern
cross join prior
left join {{ ref('int_match_scores') }} as scores
    on agreements.left_no = scores.left_no and agreements.right_no = scores.right_no
