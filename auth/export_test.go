package auth

// SigningKey lets a test forge tokens that are wrong in one thing only.
func SigningKey(t *Tokens) []byte { return t.key }

// CommonText is the embedded list.
func CommonText() string { return commonText }

// Fold is how passwords are compared with the list.
var Fold = fold

// Busy takes all slots of the hasher until release is called.
func Busy(h *Hasher) (release func()) {
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	return func() {
		for range cap(h.slots) {
			<-h.slots
		}
	}
}
