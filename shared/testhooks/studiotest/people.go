package studiotest

import (
	"context"
	"time"

	"fitkit/shared/civil"
	"fitkit/shared/id"
	"fitkit/shared/member"
	"fitkit/shared/membership"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
	"fitkit/shared/testhooks/peopletest"
	"fitkit/shared/testhooks/testhooksapi"
)

// firstMember is the number of the first member among people who do not exist; those before are the staff.
const firstMember = 10

// news is what Clerk would say of a new studio and its staff.
func (t *studio) news(now time.Time) []org.Event {
	studio := org.Event{Type: "organization.created", At: now, UpdatedAt: now, OrgID: t.clerk, OrgName: t.out.Name, OrgSlug: t.out.Key}
	events := []org.Event{studio}
	for i, role := range tenancy.Staff {
		e, person := studio, peopletest.At(i)
		e.Type, e.UserID, e.UserName, e.Email, e.Role = "organizationMembership.created", t.user(role), person.Name, person.Email, clerkRole(role)
		events = append(events, e)
	}
	return events
}

// clerkRole is what Clerk knows of a role: admins and members.
func clerkRole(role tenancy.Role) string {
	if role == tenancy.Owner {
		return "admin"
	}
	return "member"
}

// staff has the owner give everybody their role: Clerk's members start at the front desk.
func (s *Seeder) staff(ctx context.Context, t *studio, _ testhooksapi.Wish) error {
	people, err := s.orgs.ListStaff(ctx, t.owner, "active", id.Staff{}, len(tenancy.Staff))
	if err != nil {
		return err
	}
	for i, role := range tenancy.Staff {
		for _, p := range people {
			if p.Email != peopletest.At(i).Email {
				continue
			}
			if want := string(role); p.Role != role {
				if p, err = s.orgs.UpdateStaff(ctx, t.owner, p.ID, &want, nil); err != nil {
					return err
				}
			}
			t.out.Staff = append(t.out.Staff, testhooksapi.Person{Role: role, ID: p.ID.String(), User: t.user(role), Name: p.Name})
		}
	}
	return nil
}

// offers are the plans of a seeded studio, prices in agorot.
var offers = []struct {
	name  string
	kind  membership.Type
	terms membership.Terms
}{
	{"מנוי חודשי", membership.Recurring, membership.Terms{Price: 32000, PayMode: membership.Monthly}},
	{"כרטיסיית 10 כניסות", membership.Pack, membership.Terms{Price: 55000, PayMode: membership.Upfront, Entries: 10, ValidityDays: 180}},
	{"שיעור ניסיון", membership.Trial, membership.Terms{Price: 3500, PayMode: membership.Upfront, Entries: 1, ValidityDays: 14}},
}

// many is more plans, or members, than a test makes.
const many = 1000

func (s *Seeder) offer(ctx context.Context, t *studio, _ testhooksapi.Wish) error {
	list, err := s.plans.ListPlans(ctx, t.owner, id.Plan{}, many)
	if err != nil {
		return err
	}
	there := map[string]membership.Offer{}
	for _, o := range list {
		there[o.Plan.Name] = o
	}
	for _, o := range offers {
		have := there[o.name]
		if have.Plan.ID.IsZero() {
			if have.Plan, err = s.plans.CreatePlan(ctx, t.owner, o.name, o.kind); err != nil {
				return err
			}
		}
		if have.Version == nil {
			if _, err := s.plans.PublishVersion(ctx, t.owner, have.Plan.ID, o.terms, civil.Date{}); err != nil {
				return err
			}
		}
		t.out.Plans = append(t.out.Plans, testhooksapi.Plan{ID: have.Plan.ID, Name: o.name, Type: string(o.kind), Price: o.terms.Price})
	}
	return nil
}

// enrol makes the members; the first of them can sign in.
func (s *Seeder) enrol(ctx context.Context, t *studio, w testhooksapi.Wish) error {
	list, err := s.finder.Search(ctx, t.owner, member.Query{Status: "all", Limit: many})
	if err != nil {
		return err
	}
	there := map[string]member.Member{}
	for _, m := range list {
		if m.Phone != nil {
			there[*m.Phone] = m
		}
	}
	for i := range w.Members {
		person := peopletest.At(firstMember + i)
		m, ok := there[person.Phone]
		if !ok {
			m, err = s.members.Create(ctx, t.owner, member.New{Name: person.Name, Phone: person.Phone, Email: person.Email, BirthDate: person.BirthDate, Language: "he"})
			if err != nil {
				return err
			}
		}
		t.out.Members = append(t.out.Members, testhooksapi.Member{ID: m.ID, Name: m.Name, Phone: person.Phone})
	}
	first := t.out.Members[0]
	t.out.Member = &testhooksapi.Person{Role: tenancy.Member, ID: first.ID.String(), User: t.user(tenancy.Member), Name: first.Name}
	return s.members.LetSignIn(ctx, t.owner, first.ID, t.out.Member.User)
}
