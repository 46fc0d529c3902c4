// Package e2e tests the whole platform from outside: real binaries, a real database, queues and the gateway, two studios.
//
// What is tested is enumerated from the catalogue, docs/openapi.yaml and the database, never listed, so a route or a table
// that comes later is covered without a line here. Random tests print their seed; E2E_SEED replays one. On each change the
// figures are small; with NIGHTLY=1 they are the full ones.
package e2e
