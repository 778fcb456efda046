package bot

import (
	"bytes"
	"image/color"
	"image/png"
	"testing"
)

func scores(list ...float64) []*float64 {
	out := make([]*float64, len(list))
	for i := range list {
		if list[i] >= 0 {
			out[i] = &list[i]
		}
	}
	return out
}

func TestATrendIsALegiblePicture(t *testing.T) {
	t.Parallel()
	pictures := map[string]trend{
		"months": {
			title: "Динамика KPI · soʻnggi oylar", labels: []string{"июнь", "июль", "август", "сентябрь", "oktabr", "ноябрь"},
			lines: []trendLine{
				{"Общий балл", scores(61, 70.5, 68, 82, 79.25, 91)}, {"Медиана времени ответа, минуты", scores(40, 55, 52, 80, 75, 95)},
				{"Качество ответов · sifat oʻrtachasi", scores(-1, -1, 71, 74, -1, 88)}, {"Ответы в срок", scores(70, 75, 66, 90, 86, 96)},
				{"Четвёртый", scores(10, 15, 16, 20, 26, 36)}, {"Пятый", scores(120, 115, 116, 110, 106, 100)},
			},
		},
		// A KPI's cap may be any number; a tick for each 20 points would take all memory, at each try anew.
		"far beyond":    {title: "x", labels: []string{"1", "2"}, lines: []trendLine{{"a", scores(10, 1e15)}}},
		"nothing known": {title: "x", labels: []string{"1", "2"}, lines: []trendLine{{"a", scores(-1, -1)}}},
		"days":          {title: "2026-yil noyabr", labels: make([]string, 31), lines: []trendLine{{"a", make([]*float64, 31)}}},
	}
	for name, picture := range pictures {
		raw, err := drawTrend(picture)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil || img.Bounds().Dx() != trendWidth || len(raw) > 100<<10 {
			t.Errorf("%s: %v, %d bytes", name, err, len(raw))
		}
	}
}

func TestLinesAtTheSameScoreAreAllSeen(t *testing.T) {
	t.Parallel()
	picture := trend{title: "x", labels: []string{"1", "2", "3"}}
	for range trendColors {
		picture.lines = append(picture.lines, trendLine{"a", scores(100, 100, 100)})
	}
	raw, err := drawTrend(picture)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[color.Color]bool{}
	for y := 50; y < 100; y++ { // around the line of 100, far above the names
		for x := 150; x < trendWidth-100; x++ {
			seen[color.RGBAModel.Convert(img.At(x, y))] = true
		}
	}
	for i, c := range trendColors {
		if !seen[color.RGBA{c.R, c.G, c.B, 255}] {
			t.Errorf("line %d is hidden", i)
		}
	}
}
