package demo

import "time"

// The delays of the live replay: real gaps are made shorter, and never shorter or longer than these.
const (
	shortest  = 2 * time.Second
	longest   = 12 * time.Second
	speedUp   = 20
	liveStart = 1_704_067_200 // 2024-01-01, seconds since 1970
)

// Live replays the newest dialogues without end, two at a time, each time round with other customers. It is not
// safe for use by several goroutines.
type Live struct {
	s      *source
	base   int64
	played int64
	tracks [2][]Message
	gaps   [2][]int
	turn   int
}

// NewLive starts a replay. Two replays that start in different seconds share no ids.
func NewLive(start time.Time) (*Live, error) {
	s, err := load()
	if err != nil {
		return nil, err
	}
	return &Live{s: s, base: liveIDs + max(start.Unix()-liveStart, 0)*100}, nil
}

// Next returns how long to wait and what is then written. The caller sets the time: At of a first version and
// EditedAt of a later one are to be the moment of sending; they come as zero and as a non-zero mark.
func (l *Live) Next() (time.Duration, Message) {
	l.turn = (l.turn + 1) % len(l.tracks)
	if len(l.tracks[l.turn]) == 0 {
		l.tracks[l.turn], l.gaps[l.turn] = l.open()
	}
	m, gap := l.tracks[l.turn][0], l.gaps[l.turn][0]
	l.tracks[l.turn], l.gaps[l.turn] = l.tracks[l.turn][1:], l.gaps[l.turn][1:]
	delay := time.Duration(gap) * time.Second / speedUp
	return min(max(delay, shortest), longest), m
}

// open takes the next dialogue.
func (l *Live) open() ([]Message, []int) {
	fresh := l.s.scripts[liveIndex(l.s):]
	d := &fresh[l.played%int64(len(fresh))]
	id := l.base + l.played
	place := l.s.dialogue(d, id, id, int(l.played)/len(fresh))
	l.played++
	var gaps []int
	messages := l.s.play(d, place, func(gap int) time.Time {
		gaps = append(gaps, gap)
		return time.Time{}
	})
	for i, e := range d.Messages {
		if e.EditOf != nil {
			messages[i].EditedAt = time.Unix(0, 0).UTC()
		}
	}
	return messages, gaps
}

func liveIndex(s *source) int {
	for i := range s.scripts {
		if s.scripts[i].ID >= liveFrom {
			return i
		}
	}
	return 0
}
