// Package scorecard judges one reply of staff to a customer by five criteria:
// does it answer, its tone, its clarity, whether its language is the
// customer's, and its process (greeting, promises, apology).
//
// It owns the criteria, what may be said of each offline, the evidence and the
// joint score. Whether a promise to write within some minutes or hours was kept
// is told by the times of the turns, on the first reply after it. What cannot be judged from the text is N/A, never a guess. The
// reply is hostile input: sentences that speak to a judge are taken out before
// anything is read, so they change nothing.
//
// It refuses to know the wire, the model files' place and how models are trained.
package scorecard
