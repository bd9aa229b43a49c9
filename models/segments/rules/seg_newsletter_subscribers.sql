-- Said yes to the newsletter, and not no since.
select customer_key
from {{ ref('customer_360') }}
where is_newsletter_subscriber
