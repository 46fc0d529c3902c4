package auth

// FactorAges tells how many minutes before the token was issued the user proved each
// factor in this session. Nil means never, or that the user has no such factor.
type FactorAges struct {
	First  *int
	Second *int
}

// Level says which factors a step-up looks at, in Clerk's words.
type Level string

const (
	// SecondFactor wants the second factor fresh, or the first when there is no second.
	SecondFactor Level = "second_factor"
	// MultiFactor wants both fresh, or the first alone when there is no second.
	MultiFactor Level = "multi_factor"
)

// StepUp is how recently the caller must have proved who they are before a sensitive
// action. Level and AfterMinutes go into the refusal, whose form Clerk's front end knows.
type StepUp struct {
	Level        Level
	AfterMinutes int
}

// Clerk's presets.
var (
	StepUpStrictMFA = StepUp{MultiFactor, 10}
	StepUpStrict    = StepUp{SecondFactor, 10}
	StepUpModerate  = StepUp{SecondFactor, 60}
	StepUpLax       = StepUp{SecondFactor, 1440}
)

// Fresh reports whether the session satisfies u. A session that never proved a factor is
// never fresh.
func (s Session) Fresh(u StepUp) bool {
	within := func(age *int) bool { return age != nil && *age < u.AfterMinutes }
	switch {
	case s.Factors.Second == nil:
		return within(s.Factors.First)
	case u.Level == MultiFactor:
		return within(s.Factors.First) && within(s.Factors.Second)
	default:
		return within(s.Factors.Second)
	}
}

// factorAges reads the claim fva, [minutes since the first factor, since the second], where
// -1 stands for never. An absent claim means neither was ever proved.
func factorAges(fva []*int64) (FactorAges, error) {
	if fva == nil {
		return FactorAges{}, nil
	}
	if len(fva) != 2 || fva[0] == nil || fva[1] == nil {
		return FactorAges{}, invalid("fva is not two figures")
	}
	return FactorAges{First: minutes(*fva[0]), Second: minutes(*fva[1])}, nil
}

func minutes(age int64) *int {
	if age < 0 {
		return nil
	}
	m := int(age)
	return &m
}
