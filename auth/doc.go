// Package auth owns who is calling: the actor in a context, and the proofs of being one — access and refresh tokens,
// passwords, the back-off after failed attempts.
//
// It refuses to store anything or to decide what an actor may do: sessions and credentials are the use cases' rows, and
// decisions are package policies'. Secrets and clocks are handed in.
package auth
