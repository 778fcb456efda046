// Command sentiment is the built-in analyzer of the attitude of a message's
// writer, as most readers take it: a calm report of a problem is neutral.
//
// It owns the label and the score of SENTIMENT. It refuses to judge the message
// before or after, and to guess at media without words.
package main
