package stack

import (
	"slices"
	"strings"

	"fitkit/shared/need"
)

// MovesMoney says that a fault of the function costs somebody money: it opens gateway credentials, or hands work to one of
// billing's queues. Its failures ring at once.
func (f Function) MovesMoney() bool {
	return slices.ContainsFunc(f.Needs, func(n need.Need) bool {
		return n == need.PaymentKeys || n.Kind == "send" && strings.HasPrefix(n.Queue, "billing-")
	})
}

// Gradual says that a new version first gets a tenth of the traffic, and goes back by itself when its alarm rings, unless the
// deployment is told DeployAtOnce: the alarm counts the whole function, so while it rings for the version before, its repair would
// go back too. A schedule has no traffic that could be divided.
func (f Function) Gradual() bool { return f.MovesMoney() && f.Schedule == nil }

// Gradual says whether any of the stack's functions is.
func (s Stack) Gradual() bool { return slices.ContainsFunc(s.Functions, Function.Gradual) }

// Target is what the gateway calls: the alias, where there is one. It is spelled out, since sam local understands neither
// !GetAtt of a function with a name nor a reference to an alias.
func (f Function) Target() string {
	alias := ""
	if f.Gradual() {
		alias = ":live"
	}
	return "!Sub 'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${" + f.ID + "}" + alias + "'"
}

// Callee is whom a permission lets be called.
func (f Function) Callee() string {
	if f.Gradual() {
		return "!Ref " + f.ID + ".Alias"
	}
	return "!Ref " + f.ID
}
