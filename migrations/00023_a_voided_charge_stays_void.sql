-- +goose Up
-- A cancellation that is withdrawn or put off brings back what it took away, and not what the studio has voided since: the last
-- charge of a period counts, whatever became of the ones before.
-- +goose StatementBegin
create or replace function app.no_cancellation_before_charge() returns trigger language plpgsql as $$
begin
  perform app.void_charge(c.org_id, c.id, 'membership_cancelled')
    from (select x.* from charges x where x.org_id = new.org_id and x.membership_id = new.id and x.state in ('due', 'failed') order by x.id) c
    where app.not_owed(c.kind, c.period, new);
  if new.cancel_effective_on is null or new.cancel_effective_on is distinct from old.cancel_effective_on then -- else the case was opened before, and may be closed
    perform app.open_refund_case(c) from charges c where c.org_id = new.org_id and c.membership_id = new.id and app.refund_owed(c, new);
  end if;
  update money_cases k set state = 'closed', closed_at = now()
    from payment_attempts a join charges c on c.org_id = a.org_id and c.id = a.charge_id
    where k.org_id = new.org_id and k.kind = 'refund_due' and k.state = 'open' and a.org_id = k.org_id and a.id = k.attempt_id
      and c.membership_id = new.id and not app.refund_owed(c, new);
  if new.state <> 'ended' then
    insert into charges (org_id, id, member_id, membership_id, kind, period, amount, installments, description, due_at)
    select c.org_id, app.uuidv7(), c.member_id, c.membership_id, c.kind, c.period, c.amount, c.installments,
      c.description, greatest(c.due_at, app.now_of(o.test_now))
    from (select distinct on (x.kind, x.period) x.* from charges x
      where x.org_id = new.org_id and x.membership_id = new.id and x.kind in ('period', 'one_off') order by x.kind, x.period, x.id desc) c
    join orgs o on o.id = c.org_id
    where c.state = 'void' and c.void_reason = 'membership_cancelled' and not app.not_owed(c.kind, c.period, new)
      and not exists (select from charges l where l.org_id = c.org_id and l.membership_id = c.membership_id and l.kind = c.kind
        and l.period is not distinct from c.period and l.state <> 'void');
  end if;
  return null;
end $$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
create or replace function app.no_cancellation_before_charge() returns trigger language plpgsql as $$
begin
  perform app.void_charge(c.org_id, c.id, 'membership_cancelled')
    from (select x.* from charges x where x.org_id = new.org_id and x.membership_id = new.id and x.state in ('due', 'failed') order by x.id) c
    where app.not_owed(c.kind, c.period, new);
  if new.cancel_effective_on is null or new.cancel_effective_on is distinct from old.cancel_effective_on then -- else the case was opened before, and may be closed
    perform app.open_refund_case(c) from charges c where c.org_id = new.org_id and c.membership_id = new.id and app.refund_owed(c, new);
  end if;
  update money_cases k set state = 'closed', closed_at = now()
    from payment_attempts a join charges c on c.org_id = a.org_id and c.id = a.charge_id
    where k.org_id = new.org_id and k.kind = 'refund_due' and k.state = 'open' and a.org_id = k.org_id and a.id = k.attempt_id
      and c.membership_id = new.id and not app.refund_owed(c, new);
  if new.state <> 'ended' then
    insert into charges (org_id, id, member_id, membership_id, kind, period, amount, installments, description, due_at)
    select distinct on (c.kind, c.period) c.org_id, app.uuidv7(), c.member_id, c.membership_id, c.kind, c.period, c.amount, c.installments,
      c.description, greatest(c.due_at, app.now_of(o.test_now))
    from charges c join orgs o on o.id = c.org_id
    where c.org_id = new.org_id and c.membership_id = new.id and c.state = 'void' and c.void_reason = 'membership_cancelled'
      and c.kind in ('period', 'one_off') and not app.not_owed(c.kind, c.period, new)
      and not exists (select from charges l where l.org_id = c.org_id and l.membership_id = c.membership_id and l.kind = c.kind
        and l.period is not distinct from c.period and l.state <> 'void')
    order by c.kind, c.period, c.id desc;
  end if;
  return null;
end $$;
-- +goose StatementEnd
