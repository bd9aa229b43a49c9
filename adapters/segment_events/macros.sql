-- A field of a nested column, by its path in JSON.
create macro field_of(x, path) as nullif(trim(try(json_extract_string(x, path))), '');
