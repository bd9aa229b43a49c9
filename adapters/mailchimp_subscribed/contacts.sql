-- One row per member. What the file's name says comes first: those of non-subscribed, archived and SMS-only contacts
-- have the same columns and grant nothing, and a file of unsubscribed members refuses, whatever columns it lacks. Where
-- the audience asks for marketing permissions, only a member who gave the one for e-mail agreed.
with

named as (

    select
        *,
        case
            when regexp_matches(lower(parse_filename(file_name)), 'subscribed|cleaned|archived|sms.?only')
                then lower(parse_filename(file_name))
            else lower(file_name)
        end as says
    from members

),

decided as (

    select
        *,
        case
            when regexp_matches(says, 'unsub') then 'false'
            when
                not regexp_matches(says, 'non.?subscribed|cleaned|archived|sms.?only')
                and (
                    max(marketing_permissions) over (partition by file_name) is null
                    or regexp_matches(lower(marketing_permissions), 'e-?mail')
                )
                then 'true'
        end as email_opt_in
    from named

)

select
    row_number,
    leid as contact_id,
    email_address as email,
    coalesce(sms_phone_number, phone_number) as phone,
    first_name,
    last_name,
    email_opt_in,
    subscription(sms_marketing_status) as sms_opt_in,
    -- A refusal has the time of the last change, or counts from now.
    case when coalesce(email_opt_in, '') <> 'false' then coalesce(confirm_time, optin_time) end as created_at,
    last_changed as updated_at
from decided
