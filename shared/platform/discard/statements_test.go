package discard_test

import (
	"testing"

	"fitkit/shared/postgres/postgrestest"
)

func TestStatements(t *testing.T) { postgrestest.PrepareStatements(t) }
