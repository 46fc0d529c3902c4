package stack

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Switch is a dead-man's switch: the alarm rings when no run succeeded in Periods windows of Period seconds.
type Switch struct{ Period, Periods int }

// switchOf allows a schedule twice its longest pause within a day, and a day two hours more; CloudWatch looks back no
// longer than a day in small steps and a week in hours, so a rarer schedule needs an alarm of another kind.
func switchOf(expression string) (Switch, error) {
	gap, err := LongestGap(expression)
	switch {
	case err != nil:
		return Switch{}, err
	case gap <= time.Hour:
		return Switch{300, max(3, int(2*gap/(5*time.Minute)))}, nil
	case gap <= 24*time.Hour:
		return Switch{3600, int(gap/time.Hour) + 2}, nil
	}
	return Switch{}, fmt.Errorf("schedule %q pauses longer than a day, which the dead-man's switch cannot watch", expression)
}

var (
	rate = regexp.MustCompile(`^rate\((\d+) (minute|hour|day)s?\)$`)
	step = regexp.MustCompile(`^(?:\*|\d+)/(\d+)$`)
)

// LongestGap is an upper bound of the time between two slots of an EventBridge expression.
func LongestGap(expression string) (time.Duration, error) {
	if m := rate.FindStringSubmatch(expression); m != nil {
		n, err := strconv.Atoi(m[1])
		unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]]
		return time.Duration(n) * unit, err
	}
	inner, ok := strings.CutPrefix(strings.TrimSuffix(expression, ")"), "cron(")
	fields := strings.Fields(inner)
	if !ok || len(fields) != 6 {
		return 0, fmt.Errorf("schedule %q is neither rate(n minutes|hours|days) nor cron() with six fields", expression)
	}
	minute, hour, day, weekday := fields[0], fields[1], fields[2], fields[4]
	switch {
	case strings.Trim(day, "*?") != "" || strings.Trim(weekday, "*?") != "" || fields[3] != "*":
		return 7 * 24 * time.Hour, nil
	case hour == "*" && minute == "*":
		return time.Minute, nil
	case hour == "*" && step.MatchString(minute):
		return every(minute, time.Minute)
	case hour == "*":
		return time.Hour, nil
	case step.MatchString(hour):
		return every(hour, time.Hour)
	}
	return 24 * time.Hour, nil
}

func every(field string, unit time.Duration) (time.Duration, error) {
	n, err := strconv.Atoi(step.FindStringSubmatch(field)[1])
	return time.Duration(n) * unit, err
}
