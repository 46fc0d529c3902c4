// Package midway holds the test that fails every function that writes in the middle of its writing: each of its statements that
// changes data fails once, on a real database, through the function's own edge (HTTP, queue, schedule, webhook, WebSocket).
//
// A function that is not in the table turns the test red, so whoever adds one adds its flow, or says why it writes nothing,
// which is then held against what it does.
package midway
