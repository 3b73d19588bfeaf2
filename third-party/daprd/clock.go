package main

import (
	"time"

	"k8s.io/utils/clock"
)

// steadyClock tells the time at which it was made and what has passed since: the machine's clock may be set meanwhile.
// Dapr's cron compares times of day, and so waits for as long as a clock was set back. `@every 1s` knows no time of day.
type steadyClock struct {
	clock.RealClock
	made time.Time
}

func newSteadyClock() steadyClock {
	return steadyClock{made: time.Now()}
}

// Now adds to the time of day at which the clock was made what its monotonic reading says.
func (c steadyClock) Now() time.Time {
	return c.made.Add(time.Since(c.made))
}

// NewTimer makes one whose channel has the times of this clock.
func (c steadyClock) NewTimer(length time.Duration) clock.Timer {
	timer := &steadyTimer{clock: c, fired: make(chan time.Time, 1)}
	timer.Timer = time.AfterFunc(length, timer.fire)
	return timer
}

type steadyTimer struct {
	*time.Timer
	clock steadyClock
	fired chan time.Time
}

func (t *steadyTimer) fire() {
	select {
	case t.fired <- t.clock.Now():
	default:
	}
}

// C has the time when the timer fires.
func (t *steadyTimer) C() <-chan time.Time {
	return t.fired
}
