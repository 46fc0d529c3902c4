package main

// credentials are what a request proves itself with. A terminal number of 0 means the operation
// names none, and its password stands for every terminal of the name.
type credentials struct {
	Terminal     int
	Name         string
	Password     string
	WithPassword bool
}

// authenticate returns the terminals that the credentials speak for.
func (l *ledger) authenticate(c credentials) map[int]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	allowed := map[int]bool{}
	for _, t := range l.terminals {
		known := t.APIName == c.Name && (!c.WithPassword || t.APIPassword == c.Password)
		if known && (c.Terminal == 0 && c.WithPassword || c.Terminal == t.Number) {
			allowed[t.Number] = true
		}
	}
	if len(allowed) == 0 {
		l.calls.Unauthorized++
	}
	return allowed
}
