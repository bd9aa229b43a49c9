-- One row per e-mail or phone as the source wrote it, and each normalised address or E.164 number in it; null where it
-- cannot be parsed. This model gives types to the columns of the Python model before it, and recognises hashes: a value
-- that is already hashed, as a platform is given it, is read as the known e-mail or phone with this hash.
with

parsed as (

    select
        cast(kind as string) as kind,
        cast(raw_value as string) as raw_value,
        cast(country_code as string) as country_code,
        cast(contact_point as string) as contact_point,
        cast(doubtful_point as string) as doubtful_point,
        cast(problem as string) as problem,
        cast(position as bigint) as position
    from {{ ref('int_parsed_contact_points') }}

),

hashed as (

    select kind, raw_value, lower(trim(raw_value)) as value_hash
    from parsed
    where problem = 'already hashed'

),

known_points as (

    select distinct parsed.kind, parsed.contact_point
    from parsed
    inner join (select distinct kind from hashed) as hashed_kinds on parsed.kind = hashed_kinds.kind
    where parsed.contact_point is not null

),

known_hashes as (

    select kind, contact_point, {{ sha256_hex('contact_point') }} as value_hash from known_points
    union
    select kind, contact_point, {{ sha256_hex(google_email('contact_point')) }} from known_points
    where kind = 'email'
    union
    select kind, contact_point, {{ sha256_hex(tiktok_email('contact_point')) }} from known_points
    where kind = 'email'
    union
    select kind, contact_point, {{ sha256_hex("replace(contact_point, '+', '')") }} from known_points
    where kind = 'phone'

),

recognised as (

    select hashed.kind, hashed.raw_value, min(known_hashes.contact_point) as contact_point
    from hashed
    inner join known_hashes on hashed.kind = known_hashes.kind and hashed.value_hash = known_hashes.value_hash
    group by hashed.kind, hashed.raw_value

)

select
    parsed.kind,
    parsed.raw_value,
    parsed.country_code,
    coalesce(parsed.contact_point, recognised.contact_point) as contact_point,
    parsed.doubtful_point,
    case when recognised.contact_point is null then parsed.problem end as problem,
    parsed.position
from parsed
left join recognised on parsed.kind = recognised.kind and parsed.raw_value = recognised.raw_value
