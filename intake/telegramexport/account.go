package telegramexport

import (
	"encoding/json"
)

// accountFinder reads as much of an export as is needed to know whose it is.
//
// The exporting account is personal_information.user_id; else the staff sender of a personal or bot chat who
// is not its peer. Where neither is there, Options.Account is asked; then a sender of a personal chat who is
// not its peer (there are only two), and last the first staff sender of a basic group.
type accountFinder struct {
	isStaff func(int64) bool

	chat    ChatType
	bare    int64
	named   int64 // by personal_information
	certain int64 // staff, in a chat of two
	other   int64 // not known as staff, in a chat of two
	guess   int64 // staff, in a basic group
}

func (f *accountFinder) personal(raw []byte) error {
	var info struct {
		UserID number `json:"user_id"`
	}
	if json.Unmarshal(raw, &info) == nil && info.UserID.ok() && info.UserID.v > 0 {
		f.named = info.UserID.v
		return errStop
	}
	return nil
}

func (f *accountFinder) open(h header) (bool, error) {
	kind, known := chatTypes[h.kind]
	f.chat, f.bare = kind.kind, h.id
	return known && (kind.kind == Personal || kind.kind == Bot || kind.kind == Group), nil
}

func (f *accountFinder) message(raw []byte, _ int64) (bool, error) {
	var r struct {
		FromID peer `json:"from_id"`
	}
	if json.Unmarshal(raw, &r) != nil {
		return json.Valid(raw), nil
	}
	id := r.FromID.id
	if !r.FromID.set || r.FromID.bad || r.FromID.kind != SenderUser {
		return true, nil
	}
	staff := f.isStaff != nil && f.isStaff(id)
	switch {
	case f.chat == Group:
		if staff && f.guess == 0 {
			f.guess = id
		}
	case id == f.bare:
	case staff:
		f.certain = id
		return true, errStop
	case f.other == 0:
		f.other = id
	}
	return true, nil
}

func (f *accountFinder) lost([]byte, int64, string) error { return nil }
func (f *accountFinder) close() error                     { return nil }

// account chooses; 0 if nothing tells.
func (f *accountFinder) account(given int64) int64 {
	for _, id := range []int64{f.named, f.certain, given, f.other, f.guess} {
		if id != 0 {
			return id
		}
	}
	return 0
}
