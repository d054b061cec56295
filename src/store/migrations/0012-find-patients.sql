-- Row-level security lets only leakproof operators reach an index, and the containment of arrays is not one of them:
-- under the application role a search by tokens would read every patient. This function belongs to the owner of the
-- tables, keeps to the practice by itself, and uses the index.
--
-- The matches are gathered first and ordered after (materialized), because walking all patients by id until enough of
-- them match is slow exactly when few match.

create function find_patients(wanted bigint[], before uuid, most integer) returns setof uuid
language sql stable security definer rows 50 set search_path = public, pg_temp
begin atomic
  with found as materialized (
    select id from patient
    where practice_id = current_practice() and tokens @> wanted and merged_into is null and id < before
  )
  select id from found order by id desc limit most;
end;
revoke execute on function find_patients from public;
grant execute on function find_patients to practice_studio_app;
