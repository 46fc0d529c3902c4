// Package migrations holds the schema as goose migrations (expand, then contract: code runs before and after its migration).
package migrations

import "embed"

// FS is the ordered set of migrations.
//
//go:embed *.sql
var FS embed.FS
