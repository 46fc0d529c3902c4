package console_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser keeps cookies, as one does, and says where its forms come from.
type browser struct {
	t      *testing.T
	client *http.Client
}

func open(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, &http.Client{Jar: jar}}
}

func (b browser) do(req *http.Request, err error) (*http.Response, string) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, string(body)
}

func (b browser) get(address string) (*http.Response, string) {
	b.t.Helper()
	return b.do(http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, nil))
}

func (b browser) post(address string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "http://"+req.Host)
	}
	return b.do(req, err)
}

var everyPage = []string{
	"", "/functions", "/functions?trigger=job", "/functions/api-room", "/functions/job-room", "/functions/socket-room", "/trace", "/trace?id=the-request",
	"/trace?id=unheard-of", "/queues", "/queues?queue=billing-execute-charge", "/schedules", "/sandboxes", "/sandboxes/clerk", "/sandboxes/cardcom",
	"/sandboxes/neon", "/tokens", "/clock", "/api",
}

var (
	anID      = regexp.MustCompile(` id="([^"]*)"`)
	anAddress = regexp.MustCompile(` (?:src|href|action)="([^"]*)"`)
	isLocal   = regexp.MustCompile(`^(/_dev|#|data:,$|http://127\.0\.0\.1:)`)
	aLoad     = regexp.MustCompile(`<(?:script|img|iframe|object|embed)\b|@import|url\(`)
)

// Planted faults that it caught: a text with the wrong number of arguments, an id twice, a script, a value of a variable, the
// password in a store's address, and a card's token.
func TestEveryPageIsWholeInBothLanguages(t *testing.T) {
	s := serve(t)
	for lang, dir := range map[string]string{"he": "rtl", "en": "ltr"} {
		b := open(t)
		b.get(s.url + "?lang=" + lang) // kept from here on
		for _, path := range everyPage {
			t.Run(lang+path, func(t *testing.T) {
				res, body := b.get(s.url + path)
				if res.StatusCode != http.StatusOK || !strings.Contains(body, `<html lang="`+lang+`" dir="`+dir+`">`) || !strings.Contains(body, "</html>") {
					t.Fatalf("answered %d %.300s", res.StatusCode, body)
				}
				for _, wrong := range []string{"%!", "geheim", "card-token", "<b>no luck", "<no value>"} {
					if strings.Contains(body, wrong) {
						t.Errorf("has %q", wrong)
					}
				}
				wellFormed(t, body)
			})
		}
	}
}

func wellFormed(t *testing.T, body string) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range anID.FindAllStringSubmatch(body, -1) {
		if seen[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range anAddress.FindAllStringSubmatch(body, -1) {
		if anchor, ok := strings.CutPrefix(m[1], "#"); !isLocal.MatchString(m[1]) || ok && anchor != "content" && !seen[anchor] {
			t.Errorf("leads to %q", m[1])
		}
	}
	if found := aLoad.FindString(body); found != "" {
		t.Errorf("loads by %q", found)
	}
}

func TestPagesShowWhatThePlatformKnows(t *testing.T) {
	s, b := serve(t), open(t)
	for path, wants := range map[string][]string{
		"":                      {"PostgreSQL does not answer at postgres://127.0.0.1:1.", "Dead jobs in the queue billing-execute-charge: 3.", "The function cron-job-relay does not compile."},
		"/functions":            {"GET /v1/rooms/{room}", "fitkit-local-billing-execute-charge", "rate(1 minute)", "$connect", "2 (1)"},
		"/functions/api-room":   {"DATABASE_URL", "12.5 ms", "Succeeded", "api-room.localhost", "/_dev/trace?id=the-request"},
		"/functions/job-room":   {"Failed", "&lt;b&gt;no luck&lt;/b&gt;"},
		"/trace?id=the-request": {"api-room", "job-room"},
		"/trace?id=none":        {"make trace ID=none"},
		"/queues":               {"/_dev/functions/job-room", "7 / 0 / 0 / 3", "billing.gateway_down", `action="/_dev/queues/billing-execute-charge/redrive"`},
		"/schedules":            {"rate(1 minute)", "Asia/Jerusalem", "Ended; found 12", `action="/_dev/schedules/job-relay/run"`},
		"/sandboxes/cardcom":    {"260700001", "₪320.05", "lp-1"},
		"/sandboxes/clerk":      {"דנה", "dana@example.com", "user.created", "Dropped on purpose", "refused"},
		"/sandboxes/neon":       {"br-proof"},
		"/clock":                {"2026-11-23 10:00:00", "Standing"},
		"/api":                  {`id="api-membership-create-plan"`, "POST /v1/plans", "maxLength: 255", `href="#error-auth.sign_in"`, "יש להתחבר מחדש", "Idempotency-Key", "X-Correlation-Id", "Retry-After", "Tell support this id"},
	} {
		t.Run(path, func(t *testing.T) {
			_, body := b.get(s.url + path)
			for _, want := range wants {
				if !strings.Contains(body, want) {
					t.Errorf("%q is not there", want)
				}
			}
		})
	}
}

func TestWhatIsNotThereIsAPageThatSaysSo(t *testing.T) {
	s, b := serve(t), open(t)
	for _, path := range []string{"/functions/api-nobody", "/queues?queue=nobody", "/nothing", "/functions/", "/api/v1"} {
		if res, body := b.get(s.url + path); res.StatusCode != http.StatusNotFound || !strings.Contains(body, "There is no such page") {
			t.Errorf("%s was answered %d %.200s", path, res.StatusCode, body)
		}
	}
}

// Planted faults that it caught: the cookie not set, and the browser's language not looked at.
func TestTheLanguageIsTheOneThatWasChosen(t *testing.T) {
	s, b := serve(t), open(t)
	b.get(s.url + "/queues?lang=he")
	if _, body := b.get(s.url + "/schedules"); !strings.Contains(body, `lang="he"`) || !strings.Contains(body, "תזמונים") {
		t.Errorf("the choice was not kept: %.200s", body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
	req.Header.Set("Accept-Language", "he-IL,he;q=0.9")
	if _, body := open(t).do(req, err); !strings.Contains(body, `<html lang="he"`) {
		t.Errorf("a Hebrew browser got %.200s", body)
	}
}

// Planted faults that it caught: an action that answers without leading on, and notes that nobody keeps.
func TestFormsDoOnceAndSayWhatTheyDid(t *testing.T) {
	for name, tc := range map[string]struct {
		path string
		form url.Values
		page string // that it leads to
		want string
	}{
		"dead jobs are tried again":    {"/queues/billing-execute-charge/redrive", url.Values{"max": {"2"}, "rate": {"5"}}, "/queues", "Jobs of billing-execute-charge to be sent again: 3. Still dead: 1."},
		"a number is missing":          {"/queues/billing-execute-charge/redrive", url.Values{"max": {"0"}, "rate": {"5"}}, "/queues", "Give whole numbers"},
		"a queue that is not there":    {"/queues/nobody/redrive", url.Values{"max": {"2"}, "rate": {"5"}}, "/queues", "There is no queue nobody."},
		"one dead job is tried again":  {"/queues/billing-execute-charge/redrive", url.Values{"max": {"1"}, "rate": {"1"}, "job": {aJob}}, "/queues", "to be sent again"},
		"a job that is no id":          {"/queues/billing-execute-charge/redrive", url.Values{"max": {"1"}, "rate": {"1"}, "job": {"x"}}, "/queues", "There is no such job."},
		"a dead job is discarded":      {"/jobs/" + aJob + "/discard", url.Values{"org": {aStudio}, "reason": {"of nobody"}}, "/queues", "The job " + aJob + " will not be done."},
		"a discard that is refused":    {"/jobs/" + aJob + "/discard", url.Values{"org": {aStudio}, "reason": {"of a charge"}}, "/queues", "The charge of this job is still owed"},
		"a discard of no id":           {"/jobs/x/discard", url.Values{"org": {aStudio}, "reason": {"of nobody"}}, "/queues", "There is no such job."},
		"a discard of no studio":       {"/jobs/" + aJob + "/discard", url.Values{"reason": {"of nobody"}}, "/queues", "There is no such job."},
		"a schedule runs":              {"/schedules/job-relay/run", nil, "/schedules", "{&#34;ran&#34;:true,&#34;selected&#34;:5}"},
		"a schedule fails":             {"/schedules/broken/run", nil, "/schedules", "no luck"},
		"a schedule that is not there": {"/schedules/nobody/run", nil, "/schedules", "There is no schedule nobody."},
		"a token":                      {"/tokens", url.Values{"role": {"owner"}}, "/tokens", "curl -H &#39;Authorization: Bearer eyJ.of.owner&#39; http://127.0.0.1:"},
		"a token of nobody":            {"/tokens", url.Values{"role": {"king"}}, "/tokens", "The demo studio has no king to sign in as."},
		"the clock goes on":            {"/clock", url.Values{"org": {"org_1"}, "days": {"7"}}, "/clock", "The clock advances to 2026-11-30 10:00:00."},
		"the clock has no days":        {"/clock", url.Values{"org": {"org_1"}}, "/clock", "Give a number of days from 1 to 366."},
		"the clock's refusal is told":  {"/clock", url.Values{"org": {"org_1"}, "days": {"30"}}, "/clock", "org.test_clock_advancing"},
		"a test studio":                {"/clock/studio", nil, "/clock", "The studio חדש was created."},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := serve(t), open(t)
			res, body := b.post(s.url+tc.path, tc.form)
			if res.Request.Method != http.MethodGet || !strings.HasSuffix(res.Request.URL.Path, tc.page) || !strings.Contains(body, tc.want) {
				t.Errorf("led to %s %s, which has no %q", res.Request.Method, res.Request.URL, tc.want)
			}
		})
	}
}

// A page that is loaded anew is read from its beginning, so what was done is told by the title, and by the focus; no script is needed.
// Planted faults that it caught: the title without the outcome, and the note without the focus.
func TestWhatWasDoneIsToldFirst(t *testing.T) {
	s, b := serve(t), open(t)
	for path, want := range map[string]string{"/schedules/job-relay/run": "The schedule job-relay ran.", "/schedules/nobody/run": "There is no schedule nobody."} {
		_, body := b.post(s.url+path, nil)
		if !strings.Contains(body, "<title>"+want+" · Schedules · FitKit</title>") {
			t.Errorf("%s: the title is another one: %.400s", path, body)
		}
		if note := regexp.MustCompile(`<div id="note"[^>]*>`).FindString(body); !strings.Contains(note, ` tabindex="-1" autofocus>`) {
			t.Errorf("%s: the note is %s", path, note)
		}
	}
	if _, body := b.get(s.url + "/schedules"); strings.Contains(body, "autofocus") || !strings.Contains(body, "<title>Schedules · FitKit</title>") {
		t.Error("a page without a note has another's title or focus")
	}
}

// Hebrew voices read English letters one by one unless the page says that they are English. Planted faults that it caught: a line of
// the log, an answer, a failure and an answer's description without their language.
func TestEnglishOnAHebrewPageSaysSo(t *testing.T) {
	s, b := serve(t), open(t)
	b.get(s.url + "?lang=he")
	_, ran := b.post(s.url+"/schedules/job-relay/run", nil)
	_, lines := b.get(s.url + "/functions/api-room")
	_, reference := b.get(s.url + "/api")
	s.down = true
	_, failed := b.get(s.url + "/queues")
	for what, tc := range map[string]struct{ body, want string }{
		"what an action answered": {ran, `<pre class="copy" lang="en" dir="ltr">{`},
		"a line of the log":       {lines, `<div class="line" lang="en" dir="ltr">`},
		"an answer's description": {reference, `<span lang="en" dir="ltr">OK</span>`},
		"why a page failed":       {failed, `<pre lang="en" dir="ltr">no answer`},
	} {
		if !strings.Contains(tc.body, tc.want) {
			t.Errorf("%s: there is no %s", what, tc.want)
		}
	}
}

// Planted fault that it caught: no isolation; the time stood before the day.
func TestATimeKeepsItsOrderWithinHebrew(t *testing.T) {
	s, b := serve(t), open(t)
	b.get(s.url + "?lang=he")
	if _, body := b.post(s.url+"/clock", url.Values{"org": {"org_1"}, "days": {"7"}}); !strings.Contains(body, "\u20682026-11-30 10:00:00\u2069") {
		t.Error("it is not isolated")
	}
}

const (
	aJob    = "01900000-0000-7000-8000-000000000001"
	aStudio = "00000000-0000-0000-0000-000000000000" // of a job that belongs to none
)

func TestARedriveAndARunHappen(t *testing.T) {
	s, b := serve(t), open(t)
	b.post(s.url+"/queues/billing-execute-charge/redrive", url.Values{"max": {"2"}, "rate": {"5"}})
	b.post(s.url+"/schedules/job-relay/run", nil)
	if len(s.redriven) != 1 || len(s.redriven[0].Jobs) != 0 || s.redriven[0].Max != 2 || s.redriven[0].PerSecond != 5 || s.redriven[0].Queue != "billing-execute-charge" {
		t.Errorf("redriven: %+v", s.redriven)
	}
	b.post(s.url+"/queues/billing-execute-charge/redrive", url.Values{"max": {"1"}, "rate": {"1"}, "job": {aJob}})
	b.post(s.url+"/jobs/"+aJob+"/discard", url.Values{"org": {aStudio}, "reason": {"of nobody"}})
	if len(s.redriven) != 2 || len(s.redriven[1].Jobs) != 1 || s.redriven[1].Jobs[0].String() != aJob {
		t.Errorf("redriven: %+v", s.redriven)
	}
	if len(s.discards) != 1 || s.discards[0] != aStudio+" "+aJob+" console of nobody" {
		t.Errorf("discarded: %q", s.discards)
	}
	if len(s.ran) != 1 || s.ran[0] != "job-relay" {
		t.Errorf("ran: %v", s.ran)
	}
}

// A console that is mounted past the gateway's guard would mint owners' sessions for any page that a developer visits.
// Planted fault that it caught: the console served without gateway.Mount.
func TestNobodyElseCanHaveATokenMinted(t *testing.T) {
	s, b := serve(t), open(t)
	for name, change := range map[string]func(*http.Request){
		"a form of another site":            func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a name that was made to lead here": func(r *http.Request) { r.Host = "evil.example"; r.Header.Set("Origin", "http://evil.example") },
		"another port":                      func(r *http.Request) { r.Host = "localhost:1" },
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/tokens?role=owner", nil)
			change(req)
			if res, body := b.do(req, err); res.StatusCode != http.StatusForbidden || s.minted > 0 {
				t.Errorf("was answered %d %s; %d tokens were minted", res.StatusCode, body, s.minted)
			}
		})
	}
}

func TestAPageMayLoadItsStyleAlone(t *testing.T) {
	s, b := serve(t), open(t)
	res, _ := b.get(s.url)
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
	} {
		if got := res.Header.Get(header); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if res, body := b.get(s.url + "/console.css"); res.StatusCode != http.StatusOK || aLoad.MatchString(body) {
		t.Errorf("the style was answered %d, and loads %q", res.StatusCode, aLoad.FindString(body))
	}
}
