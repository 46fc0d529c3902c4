-- +goose Up
-- How often a studio's staff, or one of its members, asked for an expensive operation in the running minute. Unlogged: a count
-- may be lost with the server, and a request must not wait for the disk only to be counted. Exports and backups leave it out.
create unlogged table request_windows (
  org_id    uuid not null references orgs,
  operation text not null,
  who       text not null, -- a member's actor; empty for the staff together
  ends_at   timestamptz not null,
  requests  int not null,
  primary key (org_id, operation, who)
);
call app.protect('request_windows', 'select, insert, update');

-- +goose Down
drop table request_windows;
