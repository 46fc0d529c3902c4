package main

// Activity is one line of what a studio does in a month, and where the figure comes from.
type Activity struct {
	Kind  string
	Times float64
	From  string
}

// Studio is a month of one studio with 200 members. Figures of people are assumptions; those of money follow from the rules.
var Studio = []Activity{
	{"api", 9_400, "staff: 3 people × 26 days × 120 requests"},
	{"api", 9_600, "members: 200 × 8 visits × 6 requests"},
	{"job", 210, "charges: 200 memberships, and 5 % that are tried again; at most, since up to ten share an invocation and its time"},
	{"hook", 30, "pages of the provider's that somebody paid or saved a card at"},
	{"job", 30, "what those say"},
	{"job", 40, "dunning steps: 10 members behind × 4"},
	{"hook", 60, "people and memberships of Clerk's"},
	{"job", 60, "what those say"},
	{"job", 5, "weekly exports, and look-ups of unknown charges"},
	{"socket", 5_500, "WebSockets: 3 people × 26 days × 8 hours, a ping every 7 minutes, connects and messages"},
}

// connectionMinutes of one studio: the same 3 people.
const connectionMinutes = 3 * 26 * 8 * 60

// AWS's list prices of eu-central-1 in US dollars, without any free tier, as remembered in November 2026.
const (
	lambdaRequest  = 0.20 / 1e6   // sure
	lambdaGBSecond = 0.0000133334 // arm64; sure
	httpRequest    = 1.20 / 1e6   // fairly sure; 1.00 in Virginia
	socketMessage  = 1.20 / 1e6   // fairly sure
	socketMinute   = 0.30 / 1e6   // unsure; 0.25 in Virginia
	sqsRequest     = 0.40 / 1e6   // sure
	logGB          = 0.63         // taken in; fairly sure
	logGBMonth     = 0.0324       // kept; unsure
	alarmMetric    = 0.10         // sure
	customMetric   = 0.30         // sure, for the first ten thousand
	scheduleRun    = 1.20 / 1e6   // unsure; 14 million a month are free
	outGB          = 0.09         // sure
)

const (
	platformLines = 800.0 // bytes of Lambda's own START and REPORT lines, in JSON; estimated
	accessLine    = 260.0 // bytes of the HTTP API's line; from its format
	answerBytes   = 6_000 // of one answer, and of what goes to the database; assumed
	// pollers is how many long polls Lambda holds at an idle queue, each 20 s; as documented for the start of a mapping.
	pollers = 5
)

// Outside are the other bills, each by its own assumption.
type Outside struct {
	Name    string
	Dollars func(studios float64) float64
	From    string
}

// others are list prices as remembered, and unsure: each is to be looked up before somebody relies on it.
var others = []Outside{
	{"Neon (PostgreSQL)", func(n float64) float64 { return 0.222*730*compute(n) + 0.35*n*0.05 }, "Scale: 0.222 a CU-hour always on, 1 CU to 100 studios, 2 to 1,000, 8 to 10,000; 50 MB a studio at 0.35 a GB"},
	{"Upstash (Redis)", func(n float64) float64 { return max(10, n*2_000/1e5*0.20) }, "2,000 commands a studio at 0.20 per 100,000; 10 at least"},
	{"R2 (files)", func(n float64) float64 { return n * (0.5*0.015 + 40*4.5/1e6) }, "0.5 GB a studio at 0.015; 40 writes at 4.50 a million"},
	{"Clerk (sign-in)", func(n float64) float64 { return 25 + max(0, n*80-10_000)*0.02 }, "Pro 25; 40 % of 200 members sign in each month, 0.02 each over 10,000; organisations' own fee not counted"},
}

func compute(studios float64) float64 {
	switch {
	case studios <= 100:
		return 1
	case studios <= 1000:
		return 2
	}
	return 8
}

// railway is the old system's single instance, an assumption: 2 vCPU at 20 and 4 GB at 10 a month. It cannot be two.
const railway = 2*20 + 4*10
