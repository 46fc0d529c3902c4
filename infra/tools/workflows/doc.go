// Package workflows holds the tests of .github/workflows: what their steps run is run here, with stand-ins for the cloud's
// commands, and what a step may be is written down.
package workflows
