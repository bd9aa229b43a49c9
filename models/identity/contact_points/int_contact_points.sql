-- One row per e-mail or phone as the source wrote it, and its normalised address or E.164 number; null where it cannot
-- be parsed. This model gives types to the columns of the Python model before it.
select
    cast(kind as string) as kind,
    cast(raw_value as string) as raw_value,
    cast(country_code as string) as country_code,
    cast(contact_point as string) as contact_point,
    cast(problem as string) as problem
from {{ ref('int_parsed_contact_points') }}
