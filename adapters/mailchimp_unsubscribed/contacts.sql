-- One row per member who unsubscribed. A refusal without a time counts from now, so the row has no other time then.
with

decided as (

    select
        *,
        subscription(sms_marketing_status) as sms_opt_in,
        unsub_time is null or (subscription(sms_marketing_status) = 'false' and last_changed is null)
            as has_undated_refusal
    from members

)

select
    row_number,
    leid as contact_id,
    email_address as email,
    coalesce(sms_phone_number, phone_number) as phone,
    first_name,
    last_name,
    'false' as email_opt_in,
    sms_opt_in,
    unsub_time as unsubscribed_at,
    case when sms_opt_in = 'true' and not has_undated_refusal then coalesce(confirm_time, optin_time) end as created_at,
    case when not coalesce(has_undated_refusal, false) then greatest(unsub_time, last_changed) end as updated_at
from decided
