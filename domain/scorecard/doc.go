// Package scorecard owns the score of a review of somebody's work by criteria.
//
// It refuses to store reviews and to decide whose review counts.
package scorecard
