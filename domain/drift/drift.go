package drift

import (
	"maps"
	"math"
	"slices"
)

// Count is how often something was said in a span of time, and with how much confidence in all.
type Count struct {
	N          int
	Confidence float64 // the sum of the N confidences
}

// Share is the share of a label now and before; 0 to 1.
type Share struct {
	Label       string
	Now, Before float64
}

// Report compares two spans of time.
type Report struct {
	Now, Before                     int      // what was said, in number
	ConfidenceNow, ConfidenceBefore *float64 // means; nil where nothing was said
	Shares                          []Share  // by label
	// Index is the population stability index of the shares; nil unless something was said in both spans.
	Index *float64
}

const (
	// Limit is the index above which a shift is worth a look: practice takes 0.1 to 0.25 as moderate and above as large.
	Limit = 0.2
	// Least is how much must have been said in either span before a shift is believed.
	Least = 100
)

// Drifted tells whether the shift is worth a look.
func (r Report) Drifted() bool {
	return r.Index != nil && *r.Index > Limit && r.Now >= Least && r.Before >= Least
}

// Compare compares what was said by label now and before. The population stability index is Σ (a − b) · ln(a ÷ b) over the
// labels, a and b their shares now and before (Siddiqi, Credit Risk Scorecards, 2006; it is the symmetric divergence of Jeffreys,
// 1946). So that a label which one span lacks has a logarithm, each share is taken as (n + ½) ÷ (N + k ÷ 2) of k labels.
func Compare(now, before map[string]Count) Report {
	labels := slices.Sorted(maps.Keys(now))
	for label := range before {
		if _, ok := now[label]; !ok {
			labels = append(labels, label)
		}
	}
	slices.Sort(labels)
	var r Report
	r.Now, r.ConfidenceNow = sum(now)
	r.Before, r.ConfidenceBefore = sum(before)
	index := 0.0
	for _, label := range labels {
		a, b := now[label].N, before[label].N
		r.Shares = append(r.Shares, Share{label, share(a, r.Now), share(b, r.Before)})
		p, q := smoothed(a, r.Now, len(labels)), smoothed(b, r.Before, len(labels))
		index += (p - q) * math.Log(p/q)
	}
	if r.Now > 0 && r.Before > 0 {
		r.Index = &index
	}
	return r
}

// sum is how much was said, and the mean confidence. Labels are added in order, so that the same counts give the same mean.
func sum(counts map[string]Count) (n int, mean *float64) {
	total := 0.0
	for _, label := range slices.Sorted(maps.Keys(counts)) {
		n += counts[label].N
		total += counts[label].Confidence
	}
	if n == 0 {
		return 0, nil
	}
	total /= float64(n)
	return n, &total
}

func share(n, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}

func smoothed(n, all, labels int) float64 {
	return (float64(n) + 0.5) / (float64(all) + float64(labels)/2)
}
