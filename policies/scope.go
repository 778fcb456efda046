package policies

// ScopeKind is how far a permission reaches.
type ScopeKind int

// The scopes, each within the next.
const (
	// None permits nothing.
	None ScopeKind = iota
	// Own covers what is the actor's own.
	Own
	// Team covers, besides, what is of the teams the actor supervises.
	Team
	// Company covers everything.
	Company
)

// The actions that the schema asks for; the verbs of use cases are named by policy.csv.
const (
	Read  = "read"
	Write = "write"
)

// String is the scope's name in policy.csv.
func (k ScopeKind) String() string {
	switch k {
	case Own:
		return "own"
	case Team:
		return "team"
	case Company:
		return "company"
	default:
		return "none"
	}
}

// parseScope is String's inverse; false for any other word.
func parseScope(word string) (ScopeKind, bool) {
	for k := None; k <= Company; k++ {
		if k.String() == word {
			return k, true
		}
	}
	return None, false
}
