-- The changes of a row of subscription_changes, one row each. They are JSON. What is no JSON stays one row, without a
-- change.
create macro changes_of(change_table) as table
    with

    one_each as (

        select
            *,
            unnest(coalesce(json_extract(try_cast(changes as json), '$[*]'), [null])) as entry
        from query_table(change_table)

    )

    select
        row_number,
        recipient,
        airbyte_extracted_at,
        changes,
        coalesce(json_extract_string(entry, '$.timestamp'), timestamp) as timestamp,
        upper(json_extract_string(entry, '$.change')) as change,
        coalesce(json_extract_string(entry, '$.subscriptionId'), 'all') as subscription,
        concat_ws(
            ' ',
            recipient,
            coalesce(json_extract_string(entry, '$.timestamp'), timestamp),
            coalesce(json_extract_string(entry, '$.subscriptionId'), 'all'),
            lower(json_extract_string(entry, '$.change'))
        ) as id
    from one_each;
