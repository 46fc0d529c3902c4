package main

import (
	"context"
	"fmt"

	"fitkit/shared/id"
)

// empty takes every row out of the tables that organisations' work fills, so that each part starts alike.
func (s *system) empty(ctx context.Context) error {
	_, err := s.admin.Exec(ctx, "truncate orgs, jobs, cron_runs cascade")
	return err
}

// ready lets the server know the sizes of the new rows, as its own maintenance would within a minute.
func (s *system) ready(ctx context.Context) error {
	_, err := s.admin.Exec(ctx, "vacuum analyze")
	return err
}

// names of a studio that reads are made in.
const (
	clerkOrg  = "org_bench"
	clerkUser = "user_bench"
)

const sqlReadRows = `
with o as (
  insert into orgs (id, clerk_org_id, name, slug) values ($1, $2, 'סטודיו מדידה', 'bench') returning id
), st as (
  insert into staff (org_id, clerk_user_id, role) select id, $3, 'owner' from o
), m as (
  insert into members (org_id, id, name, latin_name, search_key, birth_date, phone, email)
  select o.id, app.uuidv7(), 'נועה לוי', 'Noa Levy', 'נועה לוי ' || i, date '1990-01-01' + i, '+97252' || (1000000 + i), 'noa' || i || '@example.com'
  from o, generate_series(1, 1000) i
  returning org_id, id
), secrets as (
  insert into member_secrets (org_id, member_id, kind, country, national_id_ct, key_id, blind_index, last3)
  select org_id, id, 'il', 'IL', '\x00', '\x00000000', uuid_send(id), '018' from m
)
select id from m limit 1`

// readRows makes a studio of 1,000 members and answers one of them.
func (s *system) readRows(ctx context.Context) (member id.Member, err error) {
	if err := s.empty(ctx); err != nil {
		return member, err
	}
	if err := s.admin.QueryRow(ctx, sqlReadRows, id.New[id.Org](), clerkOrg, clerkUser).Scan(&member); err != nil {
		return member, fmt.Errorf("make the rows to read: %w", err)
	}
	return member, s.ready(ctx)
}
