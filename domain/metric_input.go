package domain

// MetricInput is one metric that a KPI's expression read, with what it was counted from.
type MetricInput struct {
	Metric string `json:"metric"`
	// Value is the exact decimal in the metric's unit; nil when there was no data.
	Value *string `json:"value"`
	Count int     `json:"count"`
	// Waits and Analyses are the ids of the records behind the value, in ascending order.
	Waits    []int `json:"waits,omitempty"`
	Analyses []int `json:"analyses,omitempty"`
}
