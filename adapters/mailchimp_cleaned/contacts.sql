-- One row per member whose address does not work. That is no refusal, and no grant.
with

decided as (

    select
        *,
        subscription(sms_marketing_status) as sms_opt_in,
        coalesce(subscription(sms_marketing_status) = 'false' and last_changed is null, false) as has_undated_refusal
    from members

)

select
    row_number,
    leid as contact_id,
    email_address as email,
    coalesce(sms_phone_number, phone_number) as phone,
    first_name,
    last_name,
    sms_opt_in,
    case when not has_undated_refusal then coalesce(confirm_time, optin_time) end as created_at,
    case when not has_undated_refusal then greatest(clean_time, last_changed) end as updated_at
from decided
