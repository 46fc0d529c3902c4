-- +goose Up
-- One row for each proof that a copy of the database would do. The report itself is under lock in the store of documents.
create table backup_reports (
  id          uuid primary key,
  started_at  timestamptz not null,
  finished_at timestamptz not null,
  copy_at     timestamptz not null,
  passed      boolean not null,
  report      jsonb not null,
  object_key  text not null,
  sha256      bytea not null,
  constraint backup_reports_sha256 check (octet_length(sha256) = 32),
  constraint backup_reports_passed_has_no_findings check (passed = (jsonb_array_length(report->'findings') = 0))
);
comment on column backup_reports.copy_at is 'the instant that was copied';
create index backup_reports_recent on backup_reports (started_at desc);
alter table backup_reports enable row level security;
alter table backup_reports force row level security;
create policy system_all on backup_reports to fitkit_system using (true) with check (true);
grant select, insert on backup_reports to fitkit_system;

-- +goose Down
drop table backup_reports;
