package seed

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/sync/errgroup"
)

// workers is how many requests are under way at once; each may be a process of its own.
const workers = 4

func (s *seeder) organisation(ctx context.Context) (err error) {
	if s.Studio.Organization == "" {
		if s.Studio, err = s.clerk.CreateStudio(ctx, "סטודיו נשימה", "studio-neshima"); err != nil {
			return err
		}
		// At once: Clerk would refuse a second studio of this name.
		if err := s.save(); err != nil {
			return err
		}
		s.signIn()
	}
	var me struct {
		Org struct {
			ID string `json:"id"`
		} `json:"org"`
	}
	err = s.owner.Do(ctx, http.MethodGet, "/v1/me", "", nil, &me)
	s.Org = me.Org.ID
	return err
}

// staff gives the people their roles: Clerk knows only admins and members, so everybody but the owner begins at the
// front desk. A first request of each makes them known to FitKit, whether Clerk's news has come or not.
func (s *seeder) staff(ctx context.Context) error {
	for i, role := range []string{"manager", "coach"} {
		var me struct {
			StaffID string `json:"staff_id"`
		}
		them := Client{API: s.API, Token: s.clerk.Session(s.Studio.Users[role], s.Studio.Organization)}
		if err := them.Do(ctx, http.MethodGet, "/v1/me", "", nil, &me); err != nil {
			return err
		}
		if err := s.owner.Do(ctx, http.MethodPatch, "/v1/staff/"+me.StaffID, s.key("staff", i), map[string]string{"role": role}, nil); err != nil {
			return err
		}
	}
	return nil
}

// offers are the plans of the studio: each type that charges a card, and its terms (prices in agorot).
var offers = []struct {
	name, kind string
	terms      map[string]any
}{
	{"מנוי חודשי", "recurring", map[string]any{"price_agorot": 32000, "pay_mode": "monthly"}},
	{"מנוי שנתי בתשלום חודשי", "fixed_term", map[string]any{"price_agorot": 27000, "base_price_agorot": 32000, "pay_mode": "monthly", "term_months": 12}},
	{"מנוי שנתי מראש", "fixed_term", map[string]any{"price_agorot": 300000, "base_price_agorot": 32000, "pay_mode": "upfront", "term_months": 12}},
	{"כרטיסיית 10 כניסות", "pack", map[string]any{"price_agorot": 55000, "pay_mode": "upfront", "entries": 10, "validity_days": 180}},
	{"שיעור ניסיון", "trial", map[string]any{"price_agorot": 3500, "pay_mode": "upfront", "entries": 1, "validity_days": 14}},
	{"כניסה חד־פעמית", "drop_in", map[string]any{"price_agorot": 7000, "pay_mode": "upfront"}},
}

func (s *seeder) plans(ctx context.Context) error {
	s.Plans = nil
	for i, o := range offers {
		var plan, version Plan
		if err := s.owner.Do(ctx, http.MethodPost, "/v1/plans", s.key("plan", i), map[string]string{"name": o.name, "type": o.kind}, &plan); err != nil {
			return err
		}
		if err := s.owner.Do(ctx, http.MethodPost, "/v1/plans/"+plan.ID+"/versions", s.key("version", i), o.terms, &version); err != nil {
			return err
		}
		s.Plans = append(s.Plans, Plan{plan.ID, o.name, version.Price})
	}
	return nil
}

func (s *seeder) gateway(ctx context.Context) error {
	if s.Cardcom == "" {
		return nil
	}
	// The path names the provider. The studio is no test studio, so the terminal, though it is the sandbox's, is live.
	return s.owner.Do(ctx, http.MethodPut, "/v1/gateways/cardcom", s.key("gateway", 0), map[string]any{
		"terminal_number": s.Terminal.Number, "api_name": s.Terminal.Name, "api_password": s.Terminal.APIPassword, "mode": "live",
	}, nil)
}

// each runs work for the members 0 to n-1, some at once, and tells how far it is.
func (s *seeder) each(ctx context.Context, what string, n int, work func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range n {
		if i > 0 && i%100 == 0 {
			s.Progress(fmt.Sprintf("  %s: %d of %d", what, i, n))
		}
		group.Go(func() error { return work(ctx, i) })
	}
	return group.Wait()
}

func (s *seeder) members(ctx context.Context) error {
	ids := make([]string, s.Size)
	err := s.each(ctx, "members", len(ids), func(ctx context.Context, i int) error {
		var made struct {
			ID string `json:"id"`
		}
		p := MemberAt(i)
		err := s.owner.Do(ctx, http.MethodPost, "/v1/members", s.key("member", i),
			map[string]string{"name": p.Name, "phone": p.Phone, "email": p.Email, "birth_date": p.BirthDate}, &made)
		ids[i] = made.ID
		return err
	})
	s.Members = ids
	return err
}

func (s *seeder) nationalIDs(ctx context.Context) error {
	return s.each(ctx, "national ids", len(s.Members), func(ctx context.Context, i int) error {
		return s.owner.Do(ctx, http.MethodPut, "/v1/members/"+s.Members[i]+"/national-id", s.key("national-id", i),
			map[string]string{"number": NationalID(i)}, nil)
	})
}

func (s *seeder) memberSignsIn(ctx context.Context) error {
	if s.SignInMember == nil || len(s.Members) == 0 {
		return nil
	}
	if s.MemberUser == "" {
		p := MemberAt(0)
		user, err := s.clerk.CreateUser(ctx, p.Name, p.Email)
		if err != nil {
			return err
		}
		s.MemberUser = user
		if err := s.save(); err != nil { // at once, as the studio
			return err
		}
	}
	return s.SignInMember(ctx, s.Org, s.Members[0], s.MemberUser)
}

// cards saves a card for every member but each tenth. One in ten of them needs a second try, one in twenty is blocked.
func (s *seeder) cards(ctx context.Context) error {
	if s.Cardcom == "" {
		return nil
	}
	return s.each(ctx, "cards", len(s.Members), func(ctx context.Context, i int) error {
		if i%10 == 9 {
			return nil
		}
		card := CardApproves
		switch {
		case i%20 == 7:
			card = CardHardDeclines
		case i%10 == 3:
			card = CardSoftDeclines
		}
		var page struct {
			URL string `json:"url"`
		}
		err := s.owner.Do(ctx, http.MethodPost, "/v1/card-sessions", s.key("card", i), map[string]string{"member_id": s.Members[i]}, &page)
		if err != nil {
			return err
		}
		return SaveCard(ctx, page.URL, card, NationalID(i))
	})
}

// memberships sells every member a plan, most of them a monthly one.
func (s *seeder) memberships(ctx context.Context) error {
	if len(s.Plans) == 0 {
		return errors.New("there are no plans to sell")
	}
	return s.each(ctx, "memberships", len(s.Members), func(ctx context.Context, i int) error {
		plan := s.Plans[0]
		if i%2 == 1 {
			plan = s.Plans[i/2%len(s.Plans)]
		}
		return s.owner.Do(ctx, http.MethodPost, "/v1/sales", s.key("sale", i),
			map[string]any{"member_id": s.Members[i], "plan_id": plan.ID, "price_agorot": plan.Price}, nil)
	})
}
