// Package e2e tests the whole platform from outside: real binaries, a real database, queues and the gateway, two studios.
//
// What is tested is enumerated from the catalogue, docs/openapi.yaml and the database, never listed, so a route or a table
// that comes later is covered without a line here.
//
// Each sweep was seen red once, with a fault planted: the role check of app.enter or its check of removed staff left out, a
// policy that lets all members be read under a statement without its organisation, the FitKit-Org header of staff ignored, a
// key's hash not compared, duplicate keys taken, paths not escaped, the address logged, an unknown key told back, the age of
// a webhook or its compression not looked at, any site's token taken, the guard of the stages narrowed to one name.
//
// Random tests print their seed; E2E_SEED replays one. On each change the
// figures are small; with NIGHTLY=1 they are the full ones.
package e2e
