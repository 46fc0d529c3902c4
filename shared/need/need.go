// Package need names what a function needs of the outside: the variables it reads, the clients it is handed and the
// grants its role gets all follow from these few words in its declaration.
package need

import "fitkit/shared/config"

// Need is one thing a function needs. Compare by Kind and Queue.
type Need struct {
	Kind  string
	Queue string // for Send and Watch: which
}

// What there is to need.
var (
	Postgres       = Need{Kind: "postgres"}        // the app role, inside one organisation
	SystemPostgres = Need{Kind: "system_postgres"} // the system role, across organisations
	Redis          = Need{Kind: "redis"}
	Clerk          = Need{Kind: "clerk"} // session tokens; every signed-in route has it by itself
	ClerkWebhook   = Need{Kind: "clerk_webhook"}
	PaymentKeys    = Need{Kind: "payment_keys"}
	NationalIDKeys = Need{Kind: "national_id_keys"}

	NationalIDIndex = Need{Kind: "national_id_index"} // to recognise national IDs, and read none
	Cardcom         = Need{Kind: "cardcom"}
	Web             = Need{Kind: "web"}
	Crons           = Need{Kind: "crons"}
	Neon            = Need{Kind: "neon"}             // to read what the databases use
	Blob            = Need{Kind: "blob"}             // the general object store
	ComplianceBlob  = Need{Kind: "compliance_blob"}  // the store of locked documents
	LockedReports   = Need{Kind: "locked_reports"}   // the same store, for FitKit's own reports
	ComplianceProbe = Need{Kind: "compliance_probe"} // to ask the same store whether it answers
	ComplianceLock  = Need{Kind: "compliance_lock"}  // to read its lock rules at R2
	Railway         = Need{Kind: "railway"}          // to read how the former system does, while both run
	Metrics         = Need{Kind: "metrics"}          // to read CloudWatch's figures of the functions
	Origins         = Need{Kind: "origins"}          // the sites that browsers may come from
	Realtime        = Need{Kind: "realtime"}         // the address of the WebSocket API
	Connections     = Need{Kind: "connections"}      // to write to its connections and to cut them
	Analytics       = Need{Kind: "analytics"}        // to have what it captures counted
	TestHooks       = Need{Kind: "test_hooks"}       // to be called by the frontends' end-to-end tests
)

// Send is the right to send to one queue.
func Send(queue string) Need { return Need{Kind: "send", Queue: queue} }

// Watch is the right to count one queue's messages, and those in its dead-letter queue.
func Watch(queue string) Need { return Need{Kind: "watch", Queue: queue} }

// Sections is what the needs read from the environment: fresh section structs, each kind once, Core first.
func Sections(needs []Need) []any {
	out := []any{&config.Core{}}
	seen := map[string]bool{}
	for _, n := range needs {
		kind := n.Kind
		if kind == "watch" {
			kind = "send" // both read where queues are
		}
		if section := sectionOf(kind); section != nil && !seen[kind] {
			seen[kind] = true
			out = append(out, section)
		}
	}
	return out
}

func sectionOf(kind string) any {
	switch kind {
	case "postgres":
		return &config.Database{}
	case "system_postgres":
		return &config.SystemDatabase{}
	case "redis":
		return &config.Redis{}
	case "clerk":
		return &config.Clerk{}
	case "clerk_webhook":
		return &config.ClerkWebhook{}
	case "payment_keys":
		return &config.PaymentKeys{}
	case "national_id_keys":
		return &config.NationalIDKeys{}
	case "national_id_index":
		return &config.NationalIDIndex{}
	case "cardcom":
		return &config.Cardcom{}
	case "web":
		return &config.Web{}
	case "neon":
		return &config.Neon{}
	case "crons":
		return &config.Crons{}
	case "railway":
		return &config.Railway{}
	case "metrics":
		return &config.CloudWatch{}
	case "blob":
		return &config.Blob{}
	case "compliance_blob", "locked_reports", "compliance_probe":
		return &config.ComplianceBlob{}
	case "compliance_lock":
		return &config.ComplianceLock{}
	case "origins":
		return &config.Origins{}
	case "realtime":
		return &config.Realtime{}
	case "connections":
		return &config.Connections{}
	case "analytics":
		return &config.Analytics{}
	case "test_hooks":
		return &config.TestHooks{}
	case "send":
		return &config.Queues{}
	}
	return nil
}
