-- Subscribed to the newsletter, and has not unsubscribed since.
select customer_key
from {{ ref('customer_360') }}
where is_newsletter_subscriber
