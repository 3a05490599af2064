-- An invitation's link is a credential of its own kind.
alter table credentials drop constraint credentials_kind_check;
alter table credentials add constraint credentials_kind_check
  check (kind in ('api', 'session', 'invitation'));
