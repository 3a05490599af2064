-- The only door into the log: one round trip checks guards, assigns versions, chains and inserts.
-- The advisory lock makes positions commit in the order they are assigned, so that a reader
-- tailing the log never passes over one. Refusals carry values for the caller as JSON detail:
--   LL001 quota exceeded   LL002 unique scope taken   LL003 fenced   LL004 version taken

create function move_quota(p_scope text, p_amount bigint, p_limit bigint, p_refuse boolean)
returns void language plpgsql set search_path from current as $$
declare
  v_used bigint;
  v_lim  bigint;
begin
  update guards set used = used + p_amount,
                    lim = case p_limit when -1 then null else coalesce(p_limit, lim) end
    where kind = 'quota' and scope = p_scope returning used, lim into v_used, v_lim;
  if not found then
    insert into guards (kind, scope, used, lim) values ('quota', p_scope, p_amount, nullif(p_limit, -1))
      returning used, lim into v_used, v_lim;
  end if;
  if p_refuse and p_amount > 0 and v_used > v_lim then
    raise exception 'quota exceeded' using errcode = 'LL001', detail = json_build_object(
      'scope', p_scope, 'asked', p_amount, 'limit', v_lim,
      'left', greatest(v_lim - (v_used - p_amount), 0))::text;
  end if;
end $$;

create function move_unique(p_scope text, p_amount bigint, p_ref text)
returns void language plpgsql set search_path from current as $$
declare
  v_holder text;
begin
  if p_amount < 0 then
    delete from guards where kind = 'unique' and scope = p_scope and (p_ref = '' or ref = p_ref);
    return;
  end if;
  insert into guards (kind, scope, used, ref) values ('unique', p_scope, 1, p_ref)
    on conflict do nothing;
  if not found then
    select ref into v_holder from guards where kind = 'unique' and scope = p_scope;
    if v_holder <> p_ref then
      raise exception 'unique scope taken' using errcode = 'LL002',
        detail = json_build_object('scope', p_scope, 'ref', v_holder)::text;
    end if;
  end if;
end $$;

create function move_fence(p_scope text, p_term bigint)
returns void language plpgsql set search_path from current as $$
declare
  v_seen bigint;
begin
  insert into guards as g (kind, scope, used) values ('fence', p_scope, p_term)
    on conflict (kind, scope) do update set used = greatest(g.used, excluded.used)
    returning used into v_seen;
  if p_term < v_seen then
    raise exception 'fenced' using errcode = 'LL003',
      detail = json_build_object('scope', p_scope, 'term', p_term, 'seen', v_seen)::text;
  end if;
end $$;

create function lab_append(
  p_ids text[], p_versions bigint[], p_topics text[], p_states bytea[],
  p_kinds text[], p_scopes text[], p_amounts bigint[], p_limits bigint[], p_refs text[]
) returns bigint[] language plpgsql set search_path from current set enable_seqscan = off as $$
declare
  v_at        timestamptz := '-infinity';
  v_hash      bytea := ''::bytea;
  v_position  bigint := 0;
  v_version   bigint;
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

  for i in 1 .. cardinality(p_ids) loop
    v_version := p_versions[i];
    if v_version = 0 then
      select coalesce(max(e.originator_version), 0) + 1 into v_version
        from events e where e.originator_id = p_ids[i];
    end if;
    v_position := nextval('events_notification_id_seq');
    v_hash := sha256(v_hash || convert_to(concat_ws(E'\n', v_position, p_ids[i], v_version,
                                                    p_topics[i], ''), 'UTF8') || p_states[i]);
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
