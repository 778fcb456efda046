package bot

import (
	"bytes"
	"strconv"
	"time"

	"github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"

	"github.com/fincokpi/finco/domain"
	"github.com/fincokpi/finco/ent/gen"
)

// trend is a picture of scores over time.
type trend struct {
	title  string
	labels []string
	lines  []trendLine
}

// trendLine is one score over time; nil where there was no data.
type trendLine struct {
	name   string
	points []*float64
}

// trendKPIs is how many KPIs a picture shows beside the total: more cannot be told apart on a phone.
const trendKPIs = 5

// trendOf makes a picture of results, earliest first, which are of months or else of days.
func (t *turn) trendOf(results []*gen.KpiResult, days bool, zone *time.Location) trend {
	last := results[len(results)-1]
	out := trend{lines: []trendLine{{name: label(t.text("kpi.trend_total"))}}}
	place := map[string]int{}
	for _, s := range last.Edges.Scores[:min(trendKPIs, len(last.Edges.Scores))] {
		place[s.Key] = len(out.lines)
		out.lines = append(out.lines, trendLine{name: clip(s.Title, 40)})
	}
	for i := range out.lines {
		out.lines[i].points = make([]*float64, len(results))
	}
	for i, r := range results {
		p, err := domain.ParsePeriod(r.Period)
		switch {
		case err != nil:
			out.labels = append(out.labels, r.Period)
		case days:
			out.title = formatPeriod(t.person.Language, p)
			out.labels = append(out.labels, strconv.Itoa(r.At.In(zone).Day()))
		default:
			out.title = label(t.text("kpi.trend_title"))
			out.labels = append(out.labels, monthName(t.person.Language, "name", p.First().Month))
		}
		out.lines[0].points[i] = float(r.Total)
		for _, s := range r.Edges.Scores {
			if at, ok := place[s.Key]; ok {
				out.lines[at].points[i] = float(s.Score)
			}
		}
	}
	return out
}

// float is a decimal as a picture takes it; nil for none.
func float(text *string) *float64 {
	if text == nil {
		return nil
	}
	f, err := strconv.ParseFloat(*text, 64)
	if err != nil {
		return nil
	}
	return &f
}

// trendColors are the total's and those of the KPIs: dark enough on white, and told apart also by who sees few colours.
var trendColors = []drawing.Color{
	drawing.ColorFromHex("111827"), drawing.ColorFromHex("0072b2"), drawing.ColorFromHex("d55e00"), drawing.ColorFromHex("009e73"),
	drawing.ColorFromHex("b0508f"), drawing.ColorFromHex("8a6d00"),
}

const (
	trendWidth, trendHeight = 1000, 640
	legendRow, axisRow      = 40, 64
	trendFont               = 15.0
	// trendRoom is what the time axis has before the first point and after the last one, in steps of it.
	trendRoom = 0.3
)

// drawTrend is the picture as a PNG, some tens of kilobytes: dark lines on white, with the names below.
func drawTrend(t trend) ([]byte, error) {
	top := 100.0
	for _, line := range t.lines {
		for _, y := range line.points {
			if y != nil {
				top = max(top, *y)
			}
		}
	}
	ink := chart.Style{FontSize: trendFont, FontColor: trendColors[0], StrokeColor: drawing.ColorFromHex("9ca3af"), StrokeWidth: 1.5}
	grid := chart.Style{StrokeColor: drawing.ColorFromHex("e5e7eb"), StrokeWidth: 1.5}
	bottom := axisRow + legendRow*len(t.lines)
	picture := chart.Chart{
		Title: t.title, TitleStyle: chart.Style{FontSize: 18, FontColor: trendColors[0]},
		Width: trendWidth, Height: trendHeight + legendRow*len(t.lines),
		Background: chart.Style{Padding: chart.Box{Top: 60, Left: 30, Right: 50, Bottom: bottom}, FillColor: drawing.ColorWhite},
		XAxis:      chart.XAxis{Style: ink, Ticks: t.ticks()},
		YAxis: chart.YAxis{
			Style: ink, AxisType: chart.YAxisSecondary, Range: &chart.ContinuousRange{Min: 0, Max: top * 1.02}, Ticks: scoreTicks(top),
			GridMajorStyle: grid, GridMinorStyle: grid, // every other line is a minor one, whatever its value
		},
		Series:   t.series(),
		Elements: []chart.Renderable{t.axis, t.legend},
	}
	var out bytes.Buffer
	err := picture.Render(chart.PNG, &out)
	return out.Bytes(), err
}

// named are the places of the time axis that have a label: at most eight.
func (t trend) named() []int {
	each := (len(t.labels) + 7) / 8
	var out []int
	for i := range t.labels {
		if i%each == 0 {
			out = append(out, i)
		}
	}
	return out
}

// ticks mark the labelled places, and both ends: the axis reaches from the first of its ticks to the last. They carry no words: each
// word would be as far below the axis as its own letters are high.
func (t trend) ticks() []chart.Tick {
	out := []chart.Tick{{Value: -trendRoom}}
	for _, i := range t.named() {
		out = append(out, chart.Tick{Value: float64(i)})
	}
	return append(out, chart.Tick{Value: float64(len(t.labels)-1) + trendRoom})
}

// axis writes the labels of the time axis, all on one line.
func (t trend) axis(r chart.Renderer, canvas chart.Box, defaults chart.Style) {
	r.SetFont(defaults.GetFont())
	r.SetFontColor(trendColors[0])
	r.SetFontSize(trendFont)
	steps := float64(len(t.labels)-1) + 2*trendRoom
	for _, i := range t.named() {
		x := canvas.Left + int((float64(i)+trendRoom)/steps*float64(canvas.Width()))
		r.Text(t.labels[i], x-r.MeasureText(t.labels[i]).Width()/2, canvas.Bottom+28)
	}
}

func scoreTicks(top float64) []chart.Tick {
	step := 20.0
	for top/step > 10 {
		step *= 2
	}
	var out []chart.Tick
	for y := 0.0; y <= top; y += step {
		out = append(out, chart.Tick{Value: y, Label: strconv.FormatFloat(y, 'f', 0, 64)})
	}
	return out
}

// trendWidths and trendDashes are the lines' own: each later one is narrower, broken, and drawn above the earlier ones, so that of lines
// at the same score all are seen, one through the other.
var (
	trendWidths = []float64{9, 7, 6, 5, 4, 3}
	trendDashes = [][]float64{nil, nil, {16, 14}, {8, 14}, {3, 10}, {20, 6, 3, 6}}
)

// series are the lines, parted where there was no data.
func (t trend) series() []chart.Series {
	var out []chart.Series
	for i := range t.lines {
		width := trendWidths[i]
		style := chart.Style{StrokeColor: trendColors[i], StrokeWidth: width, StrokeDashArray: trendDashes[i], DotColor: trendColors[i], DotWidth: width}
		var run chart.ContinuousSeries
		end := func() {
			if len(run.XValues) > 0 {
				run.Style = style
				out = append(out, run)
			}
			run = chart.ContinuousSeries{}
		}
		for x, y := range t.lines[i].points {
			if y == nil {
				end()
				continue
			}
			run.XValues, run.YValues = append(run.XValues, float64(x)), append(run.YValues, *y)
		}
		end()
	}
	if out == nil { // a picture needs something to draw: a line that is not seen
		out = append(out, chart.ContinuousSeries{Style: chart.Style{StrokeColor: drawing.ColorWhite}, XValues: []float64{0}, YValues: []float64{0}})
	}
	return out
}

// legend writes the lines' names below the picture, one in a row, so that long ones have room.
func (t trend) legend(r chart.Renderer, _ chart.Box, defaults chart.Style) {
	y := trendHeight + 4
	for i, line := range t.lines {
		r.SetStrokeColor(trendColors[i])
		r.SetStrokeWidth(trendWidths[i])
		r.SetStrokeDashArray(trendDashes[i])
		r.MoveTo(50, y-8)
		r.LineTo(100, y-8)
		r.Stroke()
		r.SetFont(defaults.GetFont())
		r.SetFontColor(trendColors[0])
		r.SetFontSize(trendFont)
		r.Text(line.name, 116, y)
		y += legendRow
	}
}
