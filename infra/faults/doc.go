// Package faults holds the tests that break FitKit on purpose where money moves: real function binaries with the crash
// hook, run by the local host, fed by the local poller from a real SQS server, on a real PostgreSQL, against Cardcom's
// sandbox, which is a process with a ledger of its own. What is proven is always the same: the provider's ledger and
// ours agree to the agora, nobody is charged twice, nobody's charge is lost, nothing stays unknown.
//
// The figures on each change are small; with NIGHTLY=1 they are the full ones.
package faults
