-- Whether Shopify's gateway for tests took the payment: no order, and no money.
create macro is_test_payment(payment_method) as coalesce(contains(lower(payment_method), 'bogus gateway'), false);
