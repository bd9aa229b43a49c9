-- A time as any warehouse writes it, to compare it with others; null if it is none.
create macro moment_of(x) as try_cast(regexp_replace(x, ' ?([+-][0-9]{2}):?([0-9]{2})$', '\1:\2') as timestamptz);
