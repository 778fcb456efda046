// Command relevance is the built-in analyzer of whether staff's replies bear on
// what the customer asked (RELEVANCE, 0 to 100), with the reason and a quote.
//
// It owns what goes over the wire; package pair compares reply and question. It
// refuses to judge customers, replies to nothing, mere courtesies and media
// without words, and whether an answer is true. What its words tell too little
// of has no score.
package main
