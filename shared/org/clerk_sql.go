package org

// The statements that apply Clerk's events. $n that is a time is Clerk's clock. A row is changed only by what is not
// older than the row, and a tombstone (status deleted or removed) only by what certainly came after it.
const (
	sqlOrgUpsert = `
insert into orgs as o (clerk_org_id, name, slug, clerk_updated_at) values ($1, $2, $3, $4)
on conflict on constraint orgs_clerk_org_once do update set
  name = case when o.name_own then o.name else excluded.name end, slug = excluded.slug,
  clerk_updated_at = excluded.clerk_updated_at, version = o.version + 1, updated_at = now()
where o.status <> 'deleted' and (o.clerk_updated_at is null or o.clerk_updated_at <= excluded.clerk_updated_at)`
	sqlOrgOf = `select id from orgs where clerk_org_id = $1 and status <> 'deleted'`

	// Clerk never uses a deleted organisation's id again, so this holds whatever the times are.
	sqlOrgDelete = `
insert into orgs as o (clerk_org_id, name, slug, status, clerk_updated_at) values ($1, $2, $3, 'deleted', $4)
on conflict on constraint orgs_clerk_org_once do update set
  status = 'deleted', clerk_updated_at = excluded.clerk_updated_at, version = o.version + 1, updated_at = now()
where o.status <> 'deleted'`

	// A membership may come before its organisation, which then starts without a time, so that its own event applies.
	sqlOrgParent = `
insert into orgs (clerk_org_id, name, slug) values ($1, $2, $3) on conflict on constraint orgs_clerk_org_once do nothing`

	// Who was removed comes back only by a membership made after the removal. Our role stays until Clerk's changes, and
	// the last owner's stays even then.
	sqlMembershipUpsert = `
insert into staff as s (org_id, clerk_user_id, role, clerk_role, name, email, clerk_updated_at)
select o.id, $2, $3, $4, $5, $6, $7 from orgs o
where o.clerk_org_id = $1 and o.status <> 'deleted' and not exists (select from clerk_deleted_users d where d.clerk_user_id = $2)
on conflict on constraint staff_user_once do update set
  role = case
    when s.status = 'removed' then excluded.role
    when s.clerk_role in ('', excluded.clerk_role) or s.role = 'owner' and not exists (
      select from staff x where x.org_id = s.org_id and x.id <> s.id and x.role = 'owner' and x.status = 'active') then s.role
    else excluded.role end,
  status = 'active', clerk_role = excluded.clerk_role,
  name = case when s.user_updated_at is null and excluded.name <> '' then excluded.name else s.name end,
  email = case when s.user_updated_at is null and excluded.email <> '' then excluded.email else s.email end,
  clerk_updated_at = excluded.clerk_updated_at, version = s.version + 1
where case s.status
  when 'removed' then $8 and s.clerk_updated_at < excluded.clerk_updated_at
  else s.clerk_updated_at is null or s.clerk_updated_at <= excluded.clerk_updated_at end`

	sqlMembershipDelete = `
insert into staff as s (org_id, clerk_user_id, role, status, clerk_updated_at)
select o.id, $2, 'front_desk', 'removed', $3 from orgs o where o.clerk_org_id = $1
on conflict on constraint staff_user_once do update set
  status = 'removed', clerk_updated_at = excluded.clerk_updated_at, version = s.version + 1
where (s.clerk_updated_at is null or s.clerk_updated_at <= excluded.clerk_updated_at)
  and (s.status = 'removed' or s.role <> 'owner' or exists (
    select from staff x where x.org_id = s.org_id and x.id <> s.id and x.role = 'owner' and x.status = 'active'))`

	sqlUser = `
update staff set name = $2, email = $3, user_updated_at = $4, version = version + 1
where clerk_user_id = $1 and (user_updated_at is null or user_updated_at <= $4)`

	sqlUserTombstone = `insert into clerk_deleted_users (clerk_user_id, deleted_at) values ($1, $2) on conflict do nothing`

	sqlUserDelete = `
update staff s set status = 'removed', clerk_updated_at = greatest(s.clerk_updated_at, $2), version = s.version + 1
where s.clerk_user_id = $1 and s.status = 'active' and (s.role <> 'owner' or exists (
  select from staff x where x.org_id = s.org_id and x.id <> s.id and x.role = 'owner' and x.status = 'active'))`

	sqlNoteLastOwner = `
insert into audit_log (org_id, actor, action, object_kind, object_id, reason)
select s.org_id, 'job:org-apply-clerk-event', 'staff.last_owner_kept', 'staff', s.id, 'removed in Clerk'
from staff s join orgs o on o.id = s.org_id
where s.clerk_user_id = $1 and ($2::text is null or o.clerk_org_id = $2) and s.status = 'active' and s.role = 'owner'
  and (s.clerk_updated_at is null or s.clerk_updated_at <= $3)`
)
