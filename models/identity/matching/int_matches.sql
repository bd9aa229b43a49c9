-- One row per pair of records that are more likely one person than not, with the verdict. Pairs are accepted from the
-- most likely down, as long as the share of mistakes that the model expects among them stays small. Where a source
-- holds each person only once, a record matches the closest record of that source and no other.
with

scores as (

    select
        scores.*,
        coalesce(lefts.is_deduplicated, false) as left_is_deduplicated,
        coalesce(rights.is_deduplicated, false) as right_is_deduplicated
    from {{ ref('int_match_scores') }} as scores
    left join {{ ref('identity_sources') }} as lefts on scores.left_source = lefts.source_system
    left join {{ ref('identity_sources') }} as rights on scores.right_source = rights.source_system
    where scores.match_probability >= 0.5

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

),

ranked as (

    select
        *,
        row_number() over (order by match_probability desc, left_no, right_no) as rank_by_probability,
        -- Added as decimals, so that the sum is the same in any order of rows.
        cast(sum(cast(match_probability as decimal(38, 18))) over (
            order by match_probability desc, left_no, right_no
            rows between unbounded preceding and current row
        ) as double) as expected_matches
    from judged
    where not is_within_deduplicated and not has_closer

)

select
    judged.left_no,
    judged.right_no,
    judged.left_record_id,
    judged.right_record_id,
    judged.pattern,
    judged.match_weight,
    judged.match_probability,
    case
        when judged.is_within_deduplicated then 'both are from a source that holds each person once'
        when judged.has_closer then 'another record of that source is a closer match'
        when ranked.expected_matches / ranked.rank_by_probability < {{ var('match_precision') }}
            then 'too many of such matches would be wrong'
        else 'taken'
    end as verdict
from judged
left join ranked on judged.left_no = ranked.left_no and judged.right_no = ranked.right_no
