-- The chain covers when a fact was recorded, too. Rows from `from_position` on are chained by
-- `formula`; server/postgres/chain.py knows each.

create table chain_formulas (
  from_position bigint primary key,
  formula       int    not null
);
insert into chain_formulas values (0, 1);
insert into chain_formulas
  select coalesce(max(notification_id), 0) + 1, 2 from events;

create or replace function lab_append(
  p_ids text[], p_versions bigint[], p_topics text[], p_states bytea[],
  p_kinds text[], p_scopes text[], p_amounts bigint[], p_limits bigint[], p_refs text[]
) returns bigint[] language plpgsql set search_path from current set enable_seqscan = off as $$
declare
  v_at        timestamptz := '-infinity';
  v_hash      bytea := ''::bytea;
  v_position  bigint := 0;
  v_version   bigint;
  v_micros    bigint;
  v_positions bigint[] := '{}';
begin
  perform pg_advisory_xact_lock(hashtextextended(current_schema() || '.events', 0));

  for i in 1 .. cardinality(p_kinds) loop
    case p_kinds[i]
      when 'quota'  then perform move_quota(p_scopes[i], p_amounts[i], p_limits[i], true);
      when 'charge' then perform move_quota(p_scopes[i], p_amounts[i], null, false);
      when 'unique' then perform move_unique(p_scopes[i], p_amounts[i], p_refs[i]);
      when 'fence'  then perform move_fence(p_scopes[i], p_amounts[i]);
    end case;
  end loop;

  select e.notification_id, e.recorded_at, e.hash into v_position, v_at, v_hash
    from events e order by e.notification_id desc limit 1;
  if cardinality(p_ids) = 0 then
    return array[coalesce(v_position, 0)];
  end if;
  v_at := greatest(v_at, clock_timestamp());
  v_hash := coalesce(v_hash, ''::bytea);
  v_micros := (extract(epoch from v_at) * 1000000)::bigint;

  for i in 1 .. cardinality(p_ids) loop
    v_version := p_versions[i];
    if v_version = 0 then
      select coalesce(max(e.originator_version), 0) + 1 into v_version
        from events e where e.originator_id = p_ids[i];
    end if;
    v_position := nextval('events_notification_id_seq');
    v_hash := sha256(v_hash || convert_to(concat_ws(E'\n', v_position, p_ids[i], v_version, p_topics[i],
                                                    v_micros, ''), 'UTF8') || p_states[i]);
    insert into events values
      (v_position, p_ids[i], v_version, p_topics[i], p_states[i], v_at, v_hash)
      on conflict (originator_id, originator_version) do nothing;
    if not found then
      raise exception 'version taken' using errcode = 'LL004',
        detail = json_build_object('stream', p_ids[i], 'version', v_version)::text;
    end if;
    v_positions := v_positions || v_position;
  end loop;

  perform pg_notify('lab_events_' || current_schema(), v_position::text);
  return v_positions;
end $$;
