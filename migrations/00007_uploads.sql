-- +goose Up
-- Files that a browser is allowed to send to the object store. The row is there before the file; the file counts once the
-- row is ready, and a row that never becomes ready goes, with whatever was sent for it.
create table uploads (
  org_id       uuid not null references orgs,
  id           uuid not null,
  purpose      text not null,
  file_name    text not null,
  content_type text not null,
  size         bigint not null,
  sha256       bytea not null,
  object_key   text not null,
  state        text not null default 'pending',
  created_by   text not null default app.actor(),
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null default now() + interval '22 hours',
  completed_at timestamptz,
  primary key (org_id, id),
  constraint uploads_purpose check (purpose in ('member_photo', 'document', 'import')),
  constraint uploads_state check (state in ('pending', 'ready', 'expired')),
  constraint uploads_file_name check (char_length(file_name) between 1 and 200),
  constraint uploads_size check (size > 0),
  constraint uploads_sha256 check (octet_length(sha256) = 32),
  constraint uploads_key_is_the_studios check (object_key = 'org/' || org_id || '/uploads/' || id),
  constraint uploads_completed check ((completed_at is not null) = (state = 'ready'))
);
comment on column uploads.expires_at is 'by the real clock: the latest moment of completion; the hourly schedule then removes it, within 24 hours of its making';
create index uploads_to_expire on uploads (expires_at) where state <> 'ready';
call app.protect('uploads', 'select, insert, update, delete');
create policy system_expire on uploads for select to fitkit_system using (state in ('pending', 'expired'));
grant select on uploads to fitkit_system;
