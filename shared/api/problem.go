package api

import (
	"encoding/json"
	"net/http"

	"fitkit/shared/auth"
	"fitkit/shared/fail"
)

// writeProblem answers with e outside of huma.
func writeProblem(w http.ResponseWriter, e *fail.Error, correlation string) {
	p := problem(e, correlation)
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone; there is nobody to tell
}

// StepUp refuses a caller who has not lately proved who they are; Clerk's front end reads clerk_error and asks them. Whoever
// acts in another's name cannot: the factors were that person's.
func StepUp(c Caller, u auth.StepUp) error {
	if c.Impersonator != "" {
		return ErrImpersonated
	}
	session := auth.Session{Factors: auth.FactorAges{First: c.FirstFactor, Second: c.SecondFactor}}
	if session.Fresh(u) {
		return nil
	}
	return ErrStepUp.WithExtra("clerk_error", map[string]any{"type": "forbidden", "reason": "reverification-error",
		"metadata": map[string]any{"reverification": map[string]any{"level": u.Level, "afterMinutes": u.AfterMinutes}}})
}
