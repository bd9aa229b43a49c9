-- One row per segment, other segment and finding: rules that conflict or have no effect, proved from the rules or seen
-- in the data. A finding that is proved is not repeated as seen.
with

sizes as (

    select
        segments.segment_code,
        segments.needs_model,
        segments.definition_hash,
        reports.members,
        reports.status
    from {{ ref('dim_segments') }} as segments
    inner join {{ ref('rpt_segments') }} as reports on segments.segment_code = reports.segment_code

),

proved as (

    select
        segment_code,
        other_segment_code,
        finding,
        case when finding = 'not_analysed' then 'none' else 'proved' end as evidence,
        explanation,
        case finding
            when 'never_matches' then 'never_matched'
            when 'same_rule' then 'swallowed'
            when 'unreachable_priority' then 'never_primary'
            else finding
        end as seen_as
    from {{ ref('int_rule_findings') }}

),

-- Micro-segments are left out: one without members is reserved for the next clustering.
never_matched as (

    select
        sizes.segment_code,
        cast(null as string) as other_segment_code,
        'never_matched' as finding,
        'No customer has ever matched ' || sizes.segment_code || ', whose rule has been the same since '
        || cast(cast(min(rules.first_seen_at) as date) as string) || '. All data it needs is there.' as explanation
    from sizes
    inner join {{ ref('int_rule_history') }} as rules
        on sizes.segment_code = rules.segment_code and sizes.definition_hash = rules.definition_hash
    where
        sizes.status = 'empty: nobody matches'
        and sizes.needs_model <> 'micro_segments'
        and sizes.segment_code not in (select history.segment_code from {{ ref('segment_history') }} as history)
    group by sizes.segment_code

),

pairs as (

    select segment_code, other_segment_code, members, other_members, members_of_both
    from {{ ref('segment_overlap') }}
    union all
    select other_segment_code, segment_code, other_members, members, members_of_both
    from {{ ref('segment_overlap') }}

),

seen as (

    select * from never_matched
    union all
    -- Only segments that are ready: a segment of few members may overlap with any other by chance.
    select
        pairs.segment_code,
        pairs.other_segment_code,
        'swallowed' as finding,
        'All ' || cast(pairs.members as string) || ' members of ' || pairs.segment_code || ' are in '
        || pairs.other_segment_code || ' today'
        || case when pairs.members = pairs.other_members then ', and no other customer is.' else '.' end as explanation
    from pairs
    inner join sizes on pairs.segment_code = sizes.segment_code
    where sizes.status = 'ready' and pairs.members = pairs.members_of_both
    union all
    select
        segment_code,
        cast(null as string) as other_segment_code,
        'never_primary' as finding,
        'All ' || cast(members as string) || ' members of ' || segment_code
        || ' are also in segments of higher precedence: no customer has it as primary segment today.' as explanation
    from sizes
    where members > 0 and segment_code not in (select p.primary_segment from {{ ref('customer_segments') }} as p)

),

findings as (

    select segment_code, other_segment_code, finding, evidence, explanation
    from proved
    union all
    select segment_code, other_segment_code, finding, 'seen' as evidence, explanation
    from seen
    where not exists (
        select 1 from proved
        where
            proved.segment_code = seen.segment_code
            and proved.seen_as = seen.finding
            and (seen.other_segment_code is null or proved.other_segment_code = seen.other_segment_code)
    )

)

select
    findings.segment_code,
    findings.other_segment_code,
    findings.finding,
    findings.evidence,
    sizes.members,
    others.members as other_members,
    findings.explanation
from findings
left join sizes on findings.segment_code = sizes.segment_code
left join sizes as others on findings.other_segment_code = others.segment_code
