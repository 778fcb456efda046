package textmodel

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
)

// converged is the largest violation of the optimum that is let be.
const converged = 0.02

// inParts calls do for parts of 0 … n−1, on all processors. What do writes must
// not depend on where the parts begin.
func inParts(n int, do func(from, to int)) {
	const part = 256
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+part-1)/part) {
		wait.Go(func() {
			for {
				from := int(next.Add(part)) - part
				if from >= n {
					return
				}
				do(from, min(from+part, n))
			}
		})
	}
	wait.Wait()
}

// fit trains one separator per label, as many at a time as there are
// processors, and returns the weights by label and bucket, and the biases. Each
// separator has an order of examples of its own, so the result is the same
// however many are trained at a time.
func (s *trainingSet) fit(ctx context.Context) (weights [][]float64, bias []float64, err error) {
	k := len(s.labels)
	weights, bias = make([][]float64, k), make([]float64, k)
	texts := pack(s.vectors)
	if k == 2 { // the second separator is the first one turned round
		weights[1], bias[1] = newSolver(s, texts).separate(1)
		weights[0], bias[0] = make([]float64, len(weights[1])), -bias[1]
		for b, v := range weights[1] {
			weights[0][b] = -v
		}
		return weights, bias, ctx.Err()
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), k) {
		wait.Go(func() {
			solver := newSolver(s, texts)
			for ctx.Err() == nil {
				c := int(next.Add(1)) - 1
				if c >= k {
					return
				}
				weights[c], bias[c] = solver.separate(c)
			}
		})
	}
	wait.Wait()
	return weights, bias, ctx.Err()
}

// packed is an entry in half the memory: a pass over the texts is as fast as they come from memory.
type packed struct {
	bucket uint32
	value  float32
}

func pack(vectors [][]entry) [][]packed {
	n := 0
	for _, vector := range vectors {
		n += len(vector)
	}
	all, out := make([]packed, 0, n), make([][]packed, len(vectors))
	for i, vector := range vectors {
		from := len(all)
		for _, e := range vector {
			all = append(all, packed{e.bucket, float32(e.value)})
		}
		out[i] = all[from:len(all):len(all)]
	}
	return out
}

// solver finds separators, one at a time, with buffers of its own.
type solver struct {
	set                     *trainingSet
	texts                   [][]packed
	alpha, diagonal, square []float64
	order                   []int
}

func newSolver(set *trainingSet, texts [][]packed) *solver {
	n := len(set.examples)
	v := &solver{set: set, texts: texts, alpha: make([]float64, n), diagonal: make([]float64, n), square: make([]float64, n), order: make([]int, n)}
	for i, vector := range texts {
		v.diagonal[i] = 0.5 / set.cost[i]
		v.square[i] = 1 + v.diagonal[i] // 1 is the bias feature
		for _, e := range vector {
			v.square[i] += float64(float64(e.value) * float64(e.value))
		}
	}
	return v
}

// separate solves the L2-regularised squared-hinge support vector machine of
// one class against the rest in its dual (Hsieh et al. 2008, "A dual coordinate
// descent method for large-scale linear SVM", algorithms 1 and 3): examples
// whose bound the last pass found firm are left out from then on.
func (v *solver) separate(class int) ([]float64, float64) {
	w, bias := make([]float64, 1<<v.set.spec.Bits), 0.0
	for i := range v.order {
		v.order[i], v.alpha[i] = i, 0
	}
	random := rand.New(rand.NewPCG(v.set.spec.Seed, uint64(class)+1))
	active, firm := len(v.order), math.Inf(1)
	for range v.set.spec.Epochs {
		random.Shuffle(active, func(a, b int) { v.order[a], v.order[b] = v.order[b], v.order[a] })
		worst := 0.0
		for x := 0; x < active; x++ {
			i := v.order[x]
			y := -1.0
			if v.set.class[i] == class {
				y = 1
			}
			dot, text := bias, v.texts[i]
			for _, e := range text {
				dot += float64(float64(e.value) * w[e.bucket])
			}
			gradient := float64(y*dot) - 1 + float64(v.diagonal[i]*v.alpha[i])
			if v.alpha[i] == 0 && gradient > 0 {
				if gradient > firm {
					active--
					v.order[x], v.order[active] = v.order[active], i
					x--
				}
				continue
			}
			worst = max(worst, math.Abs(gradient))
			old := v.alpha[i]
			v.alpha[i] = max(old-gradient/v.square[i], 0)
			step := float64((v.alpha[i] - old) * y)
			bias += step
			for _, e := range text {
				w[e.bucket] += float64(step * float64(e.value))
			}
		}
		if firm = worst; worst < converged {
			break
		}
	}
	return w, bias
}
