-- The parameters of an event, whose columns begin with param_, as a JSON object by their names. A quote within a text has
-- a backslash before it, so that only names begin with this sign.
create macro parameters_of(properties) as regexp_replace(properties, '([{,])"param_', '\1"', 'g');
