package queue

// Names is every queue there is, for whoever serves them all: the relay, and FitKit's own people. A test over the catalogue
// keeps it complete.
var Names = []Name{
	"billing-execute-charge", "billing-process-inbox-event", "billing-prove-day", "billing-resolve-unknown", "billing-run-dunning-step",
	"org-advance-test-clock", "org-apply-clerk-event", "platform-export-org", "platform-reencrypt",
}

// Depth is how many messages SQS holds of a queue, by its own approximate count.
type Depth struct {
	Waiting int // a consumer could take them now
	Delayed int // not yet due
	Working int // received and not yet deleted
	Dead    int // in the dead-letter queue
}
