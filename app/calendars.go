package app

import (
	"sync"
	"time"

	"github.com/fincokpi/finco/domain/schedule"
)

// calendarCache keeps the days laid out so far, by schedule version and person with shifts.
type calendarCache struct{ m sync.Map }

type calendarKey struct{ version, person int }

func (c *calendarCache) get(v hours, person int, zone *time.Location, shifts schedule.Shifts) *schedule.Calendar {
	key := calendarKey{v.ID, person}
	if known, ok := c.m.Load(key); ok {
		return known.(*schedule.Calendar)
	}
	calendar, err := v.Schedule.Calendar(zone, shifts)
	if err != nil { // the zone was checked when the version was stored
		calendar, _ = alwaysOpen.Schedule.Calendar(time.UTC, nil)
	}
	known, _ := c.m.LoadOrStore(key, calendar)
	return known.(*schedule.Calendar)
}
