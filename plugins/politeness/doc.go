// Command politeness is the built-in analyzer of how polite a message is, of
// customers and of staff (POLITENESS, 0 to 100).
//
// It owns the score, which is a hundred times the probability of "polite", and
// the label beside it. It refuses to judge texts without a word, and whether
// what is said politely is also true or of use.
package main
