// Package analyzertest owns the conformance suite that any analyzer plugin, in any language, must pass. It starts the
// plugin as the host would, asks the questions that hosts and life ask, and says in one sentence each what is wrong.
//
// Authors in Go call Check from a test; `finco analyzer test PATH` prints what Run returns. It refuses to judge how good
// the answers are; that takes labelled data.
package analyzertest
