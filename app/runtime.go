package app

// The records' policies, defaults and checks are put in place by this import; without it every query fails.
import _ "github.com/fincokpi/finco/ent/gen/runtime"
