package analyzertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/fincokpi/finco/plugins/analyzer"
	"github.com/fincokpi/finco/plugins/analyzer/process"
	analyzerv1 "github.com/fincokpi/finco/plugins/proto/v1"
)

// common is asked of every plugin, first.
var common = []check{
	{"starts, shakes hands and describes itself", func(context.Context, *exam) error { return nil }},
	{"describes itself the same way each time, with every setting explained", describes},
	{"refuses settings that are no JSON object, and lives", settings},
	{"survives unknown settings and settings of a wrong type", oddSettings},
}

// texts is asked of plugins that judge texts.
var texts = []check{
	{"runs twice at the same time, as during a swap of versions", twice},
	{"answers an empty batch with no results", emptyBatch},
	{"takes an empty text", emptyText},
	{"answers a batch for every id once, whatever the order of the ids", batch},
	{"takes any side, language hint and long context", contexts},
	{"takes odd texts: right-to-left marks, zero-width joiners, control characters, every script", oddTexts},
	{"takes a megabyte of emoji", hugeText},
	{"judges the others in a batch where one text is odd", partial},
	{"survives bytes that are no UTF-8 on the wire", notUTF8},
	{"survives a deadline that is too short", deadline},
	{"survives a caller that gives up", cancelled},
	{"answers many calls in flight, each with its own ids", concurrent},
	{"comes up again after kill -9 in the middle of a call", killed},
	{"holds no more memory after many batches than after a few", memory},
	{"keeps message text out of what it prints", silent},
}

// sounds is asked of plugins that listen to voice notes.
var sounds = []check{
	{"runs twice at the same time, as during a swap of versions", twiceListening},
	{"listens to a second of silence", silence},
	{"makes no words of an empty sound", emptySound},
	{"makes no words of garbage", garbage},
	{"survives a sound that is cut", cutSound},
	{"does not hold a long sound in memory", largeSound},
	{"survives a deadline that is too short", soundDeadline},
	{"survives a caller that gives up half-way, and leaves no child behind", soundCancelled},
	{"answers several voice notes in flight", soundsConcurrent},
	{"comes up again after kill -9 in the middle of a call", soundKilled},
	{"holds no more memory after many voice notes than after a few", soundMemory},
	{"keeps message text out of what it prints", noLeaks},
}

func describes(ctx context.Context, e *exam) error {
	ctx, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	wire, err := analyzerv1.NewAnalyzerServiceClient(e.plugin.Conn()).Describe(ctx, &analyzerv1.DescribeRequest{})
	if err != nil {
		return err
	}
	again, err := analyzer.DescriptionFromWire(wire)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(again, e.plugin.Description()) {
		return errors.New("a second description differs from the first")
	}
	for _, setting := range again.Settings {
		if strings.TrimSpace(setting.Doc) == "" {
			return fmt.Errorf("setting %s has no doc", setting.Key)
		}
	}
	return nil
}

func settings(ctx context.Context, e *exam) error {
	other, err := e.start(ctx, e.options.Settings) // not the one that goes on being examined
	if err != nil {
		return err
	}
	defer other.Stop(ctx)
	ctx, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	client := analyzerv1.NewAnalyzerServiceClient(other.Conn())
	for _, wrong := range []string{"[]", "no JSON", `{"a":`} {
		answer, err := client.Configure(ctx, &analyzerv1.ConfigureRequest{SettingsJson: wrong})
		if err == nil && answer.GetError() == nil {
			return fmt.Errorf("it took %q as settings", wrong)
		}
	}
	if err := other.Ping(ctx); err != nil {
		return fmt.Errorf("it is not healthy after wrong settings: %w", err)
	}
	return nil
}

// oddSettings sends what a host would have refused. Whether the plugin refuses it too is its own affair; an end is not.
func oddSettings(ctx context.Context, e *exam) error {
	other, err := e.start(ctx, e.options.Settings)
	if err != nil {
		return err
	}
	defer other.Stop(ctx)
	odd := []string{`{"no setting of that name":1}`, `{"":null}`}
	for _, setting := range e.plugin.Description().Settings {
		key, err := json.Marshal(setting.Key)
		if err != nil {
			return err
		}
		for _, value := range []string{"null", "-1e308", `"\u0000"`, "[[]]", `{"a":{"b":[]}}`, "true"} {
			odd = append(odd, fmt.Sprintf("{%s:%s}", key, value))
		}
	}
	client := analyzerv1.NewAnalyzerServiceClient(other.Conn())
	for _, settings := range odd {
		call, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
		_, err := client.Configure(call, &analyzerv1.ConfigureRequest{SettingsJson: settings})
		late := isLate(call, err)
		cancel()
		if late {
			return fmt.Errorf("it did not answer to the settings %s", settings)
		}
		if other.Exited() {
			return fmt.Errorf("the settings %s end it: the process %s", settings, other.Reason())
		}
	}
	call, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	if err := other.Ping(call); err != nil {
		return fmt.Errorf("it is not healthy after wrong settings: %w", err)
	}
	return nil
}

// restarted kills a second one, which has answered once, while ask keeps it busy, and returns what comes up in its place.
func (e *exam) restarted(ctx context.Context, ask func(context.Context, *process.Process)) (*process.Process, error) {
	victim, err := e.start(ctx, e.options.Settings)
	if err != nil {
		return nil, err
	}
	call, cancel := context.WithTimeout(ctx, e.options.CallTimeout)
	defer cancel()
	ask(call, victim) // it has got to work
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() { ask(call, victim) })
	}
	victim.Kill("the examination kills it")
	<-victim.Done()
	asking.Wait()
	again, err := e.start(ctx, e.options.Settings)
	if err != nil {
		return nil, fmt.Errorf("it does not start after kill -9: %w", err)
	}
	return again, nil
}
