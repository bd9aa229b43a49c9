-- One row: which landing tables a company provides. A measure that needs a table that is not provided is null, not
-- zero.
select
    bool_or(is_present and table_name = 'order_lines') as has_order_lines,
    bool_or(is_present and table_name = 'products') as has_products,
    bool_or(is_present and table_name = 'web_events') as has_web_events,
    bool_or(is_present and table_name = 'service_contacts') as has_service_contacts,
    bool_or(is_present and table_name = 'email_events') as has_email_events,
    bool_or(is_present and table_name = 'campaign_touches') as has_campaign_touches,
    bool_or(is_present and table_name = 'consent_events') as has_consent_events,
    bool_or(is_present and table_name = 'static_lists') as has_static_lists
from {{ ref('stg_landing__tables') }}
