select
    channel,
    'ak_0000000000' as audience_code,
    ago(86400) as measured_at,
    cast(1000 as bigint) as rows_uploaded,
    cast(matched as bigint) as rows_matched
from (values ('google_ads', 520), ('meta', 610)) as t (channel, matched)
