-- One row per pair of records that are more likely one person than not, with the verdict. The bound holds for each
-- pair, whatever others there are. Where a source holds each person only once, a record matches the closest record of
-- that source and no other.
with

scores as (

    select
        scores.*,
        coalesce(lefts.is_deduplicated, false) as left_is_deduplicated,
        coalesce(rights.is_deduplicated, false) as right_is_deduplicated
    from {{ ref('int_match_scores') }} as scores
    left join {{ ref('identity_sources') }} as lefts on scores.left_source = lefts.source_system
    left join {{ ref('identity_sources') }} as rights on scores.right_source = rights.source_system
    where scores.match_probability >= least(0.5, {{ var('match_threshold') }})

),

sides as (

    select left_no as record_no, right_no as other_no, right_source as other_source, match_weight
    from scores
    where right_is_deduplicated
    union all
    select right_no, left_no, left_source, match_weight
    from scores
    where left_is_deduplicated

),

not_closest as (

    select record_no, other_no
    from sides
    qualify row_number() over (
        partition by record_no, other_source order by match_weight desc, other_no
    ) > 1

),

judged as (

    select
        scores.*,
        scores.left_is_deduplicated and scores.left_source = scores.right_source as is_within_deduplicated,
        by_left.record_no is not null or by_right.record_no is not null as has_closer
    from scores
    left join not_closest as by_left on scores.left_no = by_left.record_no and scores.right_no = by_left.other_no
    left join not_closest as by_right on scores.right_no = by_right.record_no and scores.left_no = by_right.other_no

)

select
    left_no,
    right_no,
    left_record_id,
    right_record_id,
    pattern,
    match_weight,
    match_probability,
    case
        when is_within_deduplicated then 'both are from a source that holds each person once'
        when has_closer then 'another record of that source is a closer match'
        when match_probability < {{ var('match_threshold') }} then 'not likely enough'
        else 'taken'
    end as verdict
from judged
