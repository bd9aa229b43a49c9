-- The parameters of an event in GA4's export to BigQuery, a list of names with their values; null if it is none.
create macro ga4_parameters(x) as try(from_json(
    x,
    '[{"key":"VARCHAR","value":{"string_value":"VARCHAR","int_value":"VARCHAR",'
    || '"float_value":"VARCHAR","double_value":"VARCHAR"}}]'
));
create macro ga4_value(v) as coalesce(v.string_value, v.int_value, v.float_value, v.double_value);
create macro ga4_parameter(parameters, name) as ga4_set(
    ga4_value(list_filter(parameters, lambda each: each.key = name)[1].value)
);
create macro ga4_field(x, path) as ga4_set(try(json_extract_string(x, path)));
