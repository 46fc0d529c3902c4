// Package greet is what the test changes.
package greet

// Word is the function's answer.
const Word = "one"
