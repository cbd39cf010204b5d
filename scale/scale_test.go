package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestSame holds that a seed gives one result, and another seed another.
func TestSame(t *testing.T) {
	args := []string{"-nodes", "3", "-rate", "500", "-length", "20s", "-attest", "100ms"}
	first, again := simulate(defaults(t, args...)), simulate(defaults(t, args...))
	if !reflect.DeepEqual(first, again) {
		t.Errorf("two runs of one seed differ:\n%+v\n%+v", first, again)
	}
	if other := simulate(defaults(t, append(args, "-seed", "2")...)); other.end == first.end {
		t.Error("two seeds give one result")
	}
}

// TestNothingLost holds that each event that was accepted is delivered, waits, or is with somebody.
func TestNothingLost(t *testing.T) {
	for _, rate := range []string{"50", "1000", "5000"} {
		r := simulate(defaults(t, "-nodes", "2", "-workers", "100", "-rate", rate, "-length", "30s"))
		with := r.everAccepted - r.everGo - r.waiting
		if with < 0 || with > 200 {
			t.Errorf("at %s a second: of %d events %d are delivered and %d wait", rate, r.everAccepted, r.everGo, r.waiting)
		}
	}
}

// TestTable holds what is printed: a line for each value of a sweep, and a mark where too much comes in.
func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-rate", "1000", "-sweep", "nodes=1,3", "-length", "20s"}, &out, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) < 4 || !strings.HasPrefix(strings.TrimSpace(lines[1]), "1 ") || !strings.HasPrefix(strings.TrimSpace(lines[2]), "3 ") {
		t.Fatalf("not a line for each value:\n%s", out.String())
	}
	if !strings.Contains(lines[1], "!") || strings.Contains(lines[2], "!") || !strings.Contains(lines[3], "more comes in than goes out") {
		t.Errorf("one node is too few for this, and three are enough:\n%s", out.String())
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{{"-nodes", "0"}, {"-rate", "0"}, {"-rate", "NaN"}, {"-match", "2"}, {"-length", "5s"}, {"-flush", "-1s"}, {"nodes=3"},
		{"-sweep", "nodes"}, {"-sweep", "nodes=0"}, {"-sweep", "colour=red"}, {"-sweep", "rate=-1"}, {"-provider", "200ms", "-p99", "1ms"},
		{"-p99", "1s", "-sweep", "provider=2s"}, {"-poll", "0s"}, {"-clients", "-1"}} {
		var out bytes.Buffer
		if err := run(args, &out, &out); err == nil {
			t.Errorf("%v is taken:\n%s", args, out.String())
		}
	}
}

// TestDocumented holds that docs/scale.md has every cost with the default that the program has.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range new(costs).table() {
		if want := fmt.Sprintf("| `-%s` | %v | %s |", line.flag, line.standard, line.meaning); !strings.Contains(string(text), want) {
			t.Errorf("docs/scale.md does not hold %s", want)
		}
	}
}

// TestMarks holds that no number is left to be measured.
func TestMarks(t *testing.T) {
	text, err := os.ReadFile("../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	left := strings.Count(string(text), "⟦measure: ")
	if left > 0 && os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
		t.Fatalf("SHOPBELL_REQUIRE_ALL is set, and docs/scale.md has %d numbers that are still to be measured", left)
	}
	if left > 0 {
		t.Skipf("docs/scale.md has %d numbers that are still to be measured", left)
	}
}

// TestMeasured holds the simulation against what was measured of the real program.
func TestMeasured(t *testing.T) {
	points := measurements()
	if len(points) == 0 && os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
		t.Fatal("SHOPBELL_REQUIRE_ALL is set, and scale/measured.go holds no measurement yet")
	}
	if len(points) == 0 {
		t.Skip("scale/measured.go holds no measurement yet, so the simulation was held against theory only")
	}
	for _, m := range points {
		t.Run(m.what, func(t *testing.T) {
			if m.what == "" || m.accepted == 0 || m.within <= 0 || m.within > 0.5 {
				t.Fatal("a measurement says what it is of, how much was accepted, and how far off is near enough, at most 0.5")
			}
			r := simulate(defaults(t, m.flags...))
			for what, pair := range map[string][2]float64{"accepted": {r.accepted, m.accepted}, "delivered": {r.delivered, m.delivered},
				"accept p50": {r.accept.p50.Seconds(), m.acceptP50.Seconds()}, "accept p99": {r.accept.p99.Seconds(), m.acceptP99.Seconds()},
				"end to end p50": {r.end.p50.Seconds(), m.endP50.Seconds()}, "end to end p99": {r.end.p99.Seconds(), m.endP99.Seconds()}} {
				if pair[1] > 0 {
					near(t, what, pair[0], pair[1], m.within)
				}
			}
		})
	}
}
