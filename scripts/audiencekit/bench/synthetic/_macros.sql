-- Random draws without a state: a draw depends only on the number of the row, on what is drawn (salt) and on the seed,
-- so the order of rows never matters. Salts: people 1-29, orders 30-39, lines 40-49,
-- sessions 50-59, events 60-69, mail 70-79, touches 80-89, consent 90-99, lists 100-109, experiments 110-119.
create or replace macro chance(id, salt) as
    (hash((cast(id as bigint) * 128 + salt) * 1000 + getvariable('seed')) >> 11) / 9007199254740992.0;

create or replace macro pick(options, u) as options[1 + cast(floor(u * len(options)) as integer)];

-- A standard normal draw (Box-Muller) from two uniform draws.
create or replace macro bell(id, salt) as
    sqrt(-2 * ln(1 - chance(id, salt))) * cos(2 * pi() * chance(id, salt + 1));

-- Zipf with exponent 1 over 1 … n: the first is drawn n times as often as the last.
create or replace macro zipf(n, u) as cast(floor(exp(u * ln(n + 1))) as bigint);

create or replace macro ago(seconds) as
    getvariable('as_of') - to_seconds(cast(greatest(seconds, 1) as bigint));

create or replace macro in_time(moment) as
    least(moment, getvariable('as_of') - interval 1 second);
