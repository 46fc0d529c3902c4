package backupverify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fitkit/shared/backup"
)

// The codes of what can be wrong with a copy. Each has a paragraph in infra/runbooks/backup-verification.md.
const (
	NoCopy           = "backup.no_copy"           // the copy could not be made or read
	NotLocked        = "backup.not_locked"        // the report itself could not be locked
	CopyLeft         = "backup.copy_left"         // the copy was not seen to go
	NotRoot          = "backup.not_root"          // production is a branch that cannot be copied as it was
	Newer            = "backup.newer"             // it has what happened after the instant that was asked for
	Stale            = "backup.stale"             // it ends long before the instant it was made of
	TableMissing     = "backup.table_missing"     // production had it at that schema
	RowsMissing      = "backup.rows_missing"      // fewer rows than production has of that time
	RowsDiffer       = "backup.rows_differ"       // more rows than production has of that time
	MoneyDiffers     = "backup.money_differs"     // payments, allocations or ledger lines are others
	Unbalanced       = "backup.ledger_unbalanced" // ledger entries do not sum to zero
	Unprotected      = "backup.rls_missing"       // a table without forced row-level security and its policy
	PoliciesDiffer   = "backup.policies_differ"   // at the same schema
	RoleWrong        = "backup.role_wrong"        // missing, or with rights that pass row-level security
	ExtensionMissing = "backup.extension_missing"
	ValueUnreadable  = "backup.value_unreadable" // a sealed value does not open under the keys that are deployed
)

// quiet is how long the schedules' runs may pause in a copy: the relay runs every minute.
const quiet = 15 * time.Minute

// compare is what is wrong with the copy, which is of the instant at.
func compare(production, made facts, at time.Time) (found []backup.Finding) {
	blame := func(code, format string, args ...any) {
		found = append(found, backup.Finding{Code: code, Detail: fmt.Sprintf(format, args...)})
	}
	if age := at.Sub(made.Newest); age > quiet {
		blame(Stale, "The newest row is of %s, %s before the instant that was copied.", made.Newest.UTC().Format(time.RFC3339), age.Round(time.Second))
	}
	compareRows(production, made, blame)
	for _, table := range slices.Sorted(maps.Keys(production.Money)) {
		if was, is := production.Money[table], made.Money[table]; was != is {
			blame(MoneyDiffers, "%s has %d rows with digest %.8s, production %d with %.8s.", table, is.Rows, is.Digest, was.Rows, was.Digest)
		}
	}
	if made.Unbalanced > 0 {
		blame(Unbalanced, "%d ledger entries do not sum to zero.", made.Unbalanced)
	}
	if len(made.Open) > 0 {
		blame(Unprotected, "Without forced row-level security and its policy: %s.", strings.Join(made.Open, ", "))
	}
	if made.Schema == production.Schema && made.Policies != production.Policies {
		blame(PoliciesDiffer, "The policies are not production's, at the same schema %d.", made.Schema)
	}
	if len(made.Wrong) > 0 {
		blame(RoleWrong, "Missing, or with rights that they must not have: %s.", strings.Join(made.Wrong, ", "))
	}
	for _, extension := range production.Extensions {
		if !slices.Contains(made.Extensions, extension) {
			blame(ExtensionMissing, "Extension %s is missing.", extension)
		}
	}
	return found
}

// compareRows is exact for tables whose rows are never deleted and say when they were made; of others it only sees that
// some are left.
func compareRows(production, made facts, blame func(code, format string, args ...any)) {
	for _, table := range slices.Sorted(maps.Keys(production.Tables)) {
		stable, there := made.Tables[table]
		was, is := production.Rows[table], made.Rows[table]
		switch {
		case !there && made.Schema == production.Schema:
			blame(TableMissing, "Table %s is missing.", table)
		case !there || !stable:
		case is < was:
			blame(RowsMissing, "%s has %d rows of that time, production %d.", table, is, was)
		case is > was:
			blame(RowsDiffer, "%s has %d rows of that time, production only %d.", table, is, was)
		}
	}
	if len(made.Orgs) < len(production.Orgs) {
		blame(RowsMissing, "orgs has %d rows of that time, production %d.", len(made.Orgs), len(production.Orgs))
	}
}

// chain carries a digest on over the next organisation's.
func chain(so, org, digest string) string {
	sum := sha256.Sum256([]byte(so + "|" + org + "|" + digest))
	return hex.EncodeToString(sum[:])
}
