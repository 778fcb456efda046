// Package agreement compares a machine's labels and scores with the people's who
// corrected or confirmed them, and says whether an analyzer may reach pay.
//
// It refuses to choose the window, the language or the version: the caller passes
// one group of pairs at a time.
package agreement
