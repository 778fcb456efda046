// Command quality is the built-in analyzer of staff's replies: a scorecard of
// five criteria, each with a rating or N/A, a reason and a quote, and their
// joint score (QUALITY, 0 to 100).
//
// It owns the settings of the scorecard (weights, critical criteria) and what
// goes over the wire; package scorecard judges. It refuses to judge customers,
// media without words, and what the text alone does not tell. Its ratings were
// learned from Russian and Uzbek replies; English ones are judged by the same
// models without having been measured, so their confidence is lowered.
package main
