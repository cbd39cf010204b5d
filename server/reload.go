package server

import (
	"cmp"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"shopbell/document"
	"shopbell/rules"
)

// maxBroken is how many broken directories an answer or the metrics name: a farm has ten thousand. Counts tell of all.
const maxBroken = 20

// A Reload is how the last reading of the rule files went.
type Reload struct {
	At       time.Time // when it ended
	OK       bool      // no directory had a problem
	GoodAt   time.Time // when a reading last went without a problem; zero for never
	Revision string    // of the rules in use
	Good     int       // how many readings went without a problem, since the start
	Bad      int       // how many did not
}

// apiReload has the rule files read again, and answers with the directories as they are then: all of them, or those that
// are broken, each with its first problem.
func (s *Server) apiReload(c *gin.Context) {
	if err := s.Reload(c.Request.Context()); err != nil {
		c.AbortWithStatusJSON(http.StatusUnprocessableEntity, gin.H{
			"error":       gin.H{"message": err.Error(), "hint": "Other directories are loaded. A broken one keeps the last rules of it that were good."},
			"directories": directoriesJSON(brokenOf(s.Rules().Directories())),
		})
		return
	}
	c.JSON(http.StatusOK, gin.H{"directories": directoriesJSON(s.Rules().Directories())})
}

// brokenOf gives the first broken directories, each with its first problem that is not a warning.
func brokenOf(directories []rules.Directory) []rules.Directory {
	var broken []rules.Directory
	for _, d := range directories {
		if !d.Broken {
			continue
		}
		if len(broken) == maxBroken {
			break
		}
		problems, _ := document.Split(d.Problems)
		d.Problems = problems[:min(len(problems), 1)]
		broken = append(broken, d)
	}
	return broken
}

// ruleGauges shows the rules in use to Prometheus, and how reading them went, at the moment it asks. Only directories
// that are broken are named, and of those the first [maxBroken].
type ruleGauges struct {
	rules func() Rulebook
	last  func() Reload // may be nil

	count, directories, problems, broken *prometheus.Desc
	info, ok, at, goodAt, reloads        *prometheus.Desc
}

// directoryLabel writes the top as a dot, and a name that is not UTF-8, which no label may be, in quotes.
func directoryLabel(name string) string {
	if !utf8.ValidString(name) {
		return strconv.Quote(name)
	}
	return cmp.Or(name, ".")
}

func newRuleGauges(rulebook func() Rulebook, last func() Reload) *ruleGauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("shopbell_rules"+name, help, labels, nil)
	}
	return &ruleGauges{
		rules: rulebook, last: last,
		count:       desc("", "Rules in use."),
		directories: desc("_directories", "Directories of rule files: a broken one keeps the last rules of it that were good.", "state"),
		problems:    desc("_problems", "What is wrong in rule files.", "severity"),
		broken:      desc("_directory_broken", "1 for each of the first directories that are broken; others are not shown.", "directory"),
		info:        desc("_info", "Always 1; the revision of the rules in use is its label.", "revision"),
		ok:          desc("_last_reload_successful", "1 when no directory had a problem when the rule files were last read."),
		at:          desc("_last_reload_timestamp_seconds", "When the rule files were last read."),
		goodAt:      desc("_last_reload_success_timestamp_seconds", "When the rule files were last read without a problem; 0 for never."),
		reloads:     desc("_reloads_total", "Readings of the rule files, the one at the start too.", "result"),
	}
}

// Describe implements [prometheus.Collector].
func (g *ruleGauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.count, g.directories, g.problems, g.broken, g.info, g.ok, g.at, g.goodAt, g.reloads} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (g *ruleGauges) Collect(to chan<- prometheus.Metric) {
	put := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	book := g.rules()
	if book == nil {
		return
	}
	good, broken, problems, warnings := 0, 0, 0, 0
	for _, d := range book.Directories() {
		stop, warn := document.Split(d.Problems)
		problems, warnings = problems+len(stop), warnings+len(warn)
		if !d.Broken {
			good++
			continue
		}
		if broken++; broken <= maxBroken {
			put(g.broken, 1, directoryLabel(d.Name))
		}
	}
	put(g.count, float64(len(book.Rules())))
	put(g.directories, float64(good), "good")
	put(g.directories, float64(broken), "broken")
	put(g.problems, float64(problems), "problem")
	put(g.problems, float64(warnings), "warning")
	if g.last == nil {
		return
	}
	last := g.last()
	ok := 0.0
	if last.OK {
		ok = 1
	}
	put(g.info, 1, last.Revision)
	put(g.ok, ok)
	put(g.at, seconds(last.At))
	put(g.goodAt, seconds(last.GoodAt))
	for result, n := range map[string]int{"success": last.Good, "failure": last.Bad} {
		to <- prometheus.MustNewConstMetric(g.reloads, prometheus.CounterValue, float64(n), result)
	}
}
