// Package pair reads a reply of staff beside the customer's words it follows, for the question whether it bears on them.
//
// It owns what is compared (rare words both share, what kind of thing was asked and what kind of thing the reply gives, figures
// taken up, promises, questions back) and what is said about it in words. What the text alone does not tell is not applicable:
// nothing was asked, or the reply is a mere greeting.
//
// It refuses to know the model that weighs these features, the wire, and whether a reply is good: that is the scorecard's.
package pair
