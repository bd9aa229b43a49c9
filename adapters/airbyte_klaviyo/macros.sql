-- A value in the JSON of an event or a profile, by the name of its property in snake case: Recipient Email Address.
create macro property_of(properties, name) as json_extract_string(
    properties,
    '$."' || list_filter(
        json_keys(properties), lambda key: trim(regexp_replace(lower(key), '[^a-z0-9]+', '_', 'g'), '_') = name
    )[1] || '"'
);
-- The first property of a profile that sounds like a decision, and is not read.
create macro unread_decision(properties) as list_filter(
    json_keys(properties),
    lambda key: regexp_matches(
        key, '(?i)consent|opt.?(in|out)|subscri|suppress|newsletter|marketing|do.?not|no.?mail|gdpr|unsub'
    )
    and not regexp_matches(key, '^(Accepts Marketing|[$]consent.*)$')
    and json_extract_string(properties, '$."' || key || '"') is not null
)[1];
-- The suppressions of a profile, of all e-mail and of lists.
create macro suppressions_of(subscriptions) as list_concat(
    coalesce(json_extract(subscriptions, '$.email.marketing.suppressions[*]'), []),
    coalesce(json_extract(subscriptions, '$.email.marketing.list_suppressions[*]'), [])
);
-- The latest row of each profile. The streams profiles and global_exclusions both have it, and in some versions of the
-- connector only the second one has the subscriptions.
create macro profiles_of(object_table) as table
    with

    profile_rows as (

        select
            row_number,
            id,
            type,
            airbyte_extracted_at,
            try_cast(attributes as json) as profile,
            json_extract(try_cast(attributes as json), '$.subscriptions') as subscriptions
        from query_table(object_table)
        -- The other streams with these columns. A kind of record that is not known may be about people.
        where type is null or lower(type) not in ('metric', 'list', 'flow', 'template')

    )

    select
        row_number,
        id,
        type,
        profile,
        json_extract_string(profile, '$.email') as email,
        first_value(case when len(json_keys(subscriptions)) > 0 then subscriptions end ignore nulls) over (
            partition by id
            order by airbyte_extracted_at desc nulls last, row_number desc
            rows between unbounded preceding and unbounded following
        ) as subscriptions
    from profile_rows
    qualify
        row_number() over (partition by id order by airbyte_extracted_at desc nulls last, row_number desc) = 1;
-- Events with the name of their metric in lower case, and the address of the profile.
create macro events_of(event_table, object_table) as table
    with

    metrics as (

        select id, max_by(json_extract_string(try_cast(attributes as json), '$.name'), row_number) as name
        from query_table(object_table)
        where lower(type) = 'metric'
        group by id

    ),

    event_rows as (

        select
            *,
            json_extract(try_cast(attributes as json), '$.event_properties') as properties,
            json_extract_string(try_cast(relationships as json), '$.profile.data.id') as profile_id,
            json_extract_string(try_cast(relationships as json), '$.metric.data.id') as metric_id,
            json_extract_string(try_cast(relationships as json), '$.metric.data.name') as metric_name
        from query_table(event_table)
        where id is not null

    )

    select
        event_rows.row_number,
        event_rows.id,
        event_rows.datetime,
        event_rows.properties,
        event_rows.profile_id,
        event_rows.metric_id,
        lower(coalesce(event_rows.metric_name, metrics.name)) as metric,
        coalesce(property_of(event_rows.properties, 'recipient_email_address'), profiles.email) as email
    from event_rows
    left join metrics on event_rows.metric_id = metrics.id
    left join profiles_of(object_table) as profiles on event_rows.profile_id = profiles.id
    -- An event may be in both streams.
    qualify
        row_number() over (
            partition by event_rows.id
            order by metric is null, event_rows.airbyte_extracted_at desc nulls last, event_rows.row_number desc
        ) = 1;
