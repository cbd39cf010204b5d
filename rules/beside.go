package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"shopbell/actions"
	"shopbell/document"
)

// maxTemplate bounds one template, and all that one message takes together, in bytes.
const (
	maxTemplate  = 256 << 10
	maxTemplates = 1 << 20
)

// beside is what lies beside the rule files and is named in them: templates, and what messages carry. Each file is looked at
// once in a load. Many goroutines may ask at once.
type beside struct {
	files fs.FS             // nil for none
	given map[string]string // in place of files, when there is no folder

	mu    sync.Mutex
	texts map[string]besideText
	there map[string]bool
}

// A besideText is a file as it was read.
type besideText struct {
	text string
	err  error  // why there is none
	sum  string // of the text; of a file that cannot be read, why
}

// sight says of files that rules name how they were seen, by their path, so that a load can tell whether they are as before.
// A file that is only asked for is known by "?" and its path.
type sight map[string]string

func newBeside(files fs.FS) *beside {
	return &beside{files: files, texts: map[string]besideText{}, there: map[string]bool{}}
}

// read gives a file's text.
func (b *beside) read(name string) besideText {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, known := b.texts[name]
	if !known {
		t = b.open(name)
		b.texts[name] = t
	}
	return t
}

func (b *beside) open(name string) besideText {
	text, err := b.take(name)
	if err != nil {
		return besideText{err: err, sum: "! " + err.Error()}
	}
	sum := sha256.Sum256(text)
	return besideText{text: string(text), sum: hex.EncodeToString(sum[:])}
}

func (b *beside) take(name string) ([]byte, error) {
	if text, ok := b.given[name]; ok {
		return []byte(text), nil
	}
	if b.files == nil {
		return nil, fs.ErrNotExist
	}
	info, err := fs.Stat(b.files, name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a file")
	}
	f, err := b.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
	if err == nil && len(text) > maxTemplate {
		err = fmt.Errorf("it is larger than %d KB", maxTemplate>>10)
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), err
}

// has tells whether there is a file, which may be a large one.
func (b *beside) has(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.given[name]; ok {
		return true
	}
	there, known := b.there[name]
	if !known && b.files != nil {
		info, err := fs.Stat(b.files, name)
		there = err == nil && info.Mode().IsRegular()
		b.there[name] = there
	}
	return there
}

// still tells whether files are as they were seen.
func (b *beside) still(seen sight) bool {
	for name, was := range seen {
		if asked, ok := strings.CutPrefix(name, "?"); ok {
			if fmt.Sprint(b.has(asked)) != was {
				return false
			}
		} else if b.read(name).sum != was {
			return false
		}
	}
	return true
}

// names lists some of the files in a folder, without those of rules.
func (b *beside) names(folder string) []string {
	var all []string
	for name := range b.given {
		if path.Dir(name) == folder {
			all = append(all, path.Base(name))
		}
	}
	if b.files != nil {
		entries, _ := fs.ReadDir(b.files, folder)
		for _, e := range entries[:min(len(entries), 1000)] {
			if !e.IsDir() && !ignored(e.Name()) && !strings.HasSuffix(e.Name(), fileSuffix) {
				all = append(all, e.Name())
			}
		}
	}
	return all
}

// besideText finds a file that a rule names, and gives where it is. Its error is for people.
func (r *reader) besideText(name string) (where, text string, err error) {
	places, err := actions.FilePlaces(r.directory, name)
	if err != nil {
		return "", "", err
	}
	for _, place := range places {
		t := besideText{err: fs.ErrNotExist}
		if r.beside != nil {
			t = r.beside.read(place)
			r.sights[place] = t.sum
		}
		if errors.Is(t.err, fs.ErrNotExist) {
			continue
		}
		if t.err != nil {
			return "", "", fmt.Errorf("%q cannot be read: %s", name, reason(t.err))
		}
		return place, t.text, nil
	}
	return "", "", actions.ErrNoFile
}

// hasBeside tells whether there is a file that a rule names. Its error says why the name cannot be one.
func (r *reader) hasBeside(name string) (bool, error) {
	places, err := actions.FilePlaces(r.directory, name)
	if err != nil {
		return false, err
	}
	for _, place := range places {
		if r.beside == nil {
			break
		}
		there := r.beside.has(place)
		r.sights["?"+place] = fmt.Sprint(there)
		if there {
			return true, nil
		}
	}
	return false, nil
}

// nearFile suggests the name of a file that is there.
func (r *reader) nearFile(name, otherwise string) string {
	if r.beside == nil {
		return otherwise
	}
	places, err := actions.FilePlaces(r.directory, name)
	if err != nil {
		return otherwise
	}
	var known []string
	for _, place := range places {
		for _, file := range r.beside.names(path.Dir(place)) {
			known = append(known, path.Join(path.Dir(name), file))
		}
	}
	slices.Sort(known)
	if hint := document.DidYouMean(name, known); hint != "" {
		return hint
	}
	return otherwise
}

// nearTemplate suggests what to do about a template that is not there.
func (r *reader) nearTemplate(name string) string {
	if own := r.ofOneStore(name); own != "" {
		return fmt.Sprintf("There is %s, but a rule for all stores takes no store's own template. Move the rule into that store's folder, or the template out of it.", own)
	}
	return r.nearFile(name, "It is a file beside the rule files, or in a folder templates there.")
}

// nearCarried does so for what a message carries, of which a store may have its own in place of the common one.
func (r *reader) nearCarried(name string) string {
	if own := r.ofOneStore(name); own != "" {
		return fmt.Sprintf("There is %s, but none for the other stores. A rule for all stores wants one that all have; what a store has of its own goes before it.", own)
	}
	return r.nearFile(name, "It is a file beside the rule files, or in a folder templates there.")
}

// ofOneStore finds a file that a rule for all stores names, and that only some store has.
func (r *reader) ofOneStore(name string) string {
	if r.directory != "" || r.beside == nil {
		return ""
	}
	for _, folder := range r.beside.folders() {
		places, err := actions.FilePlaces(folder, name)
		if err != nil {
			return ""
		}
		for _, place := range places {
			if strings.HasPrefix(place, folder+"/") && r.beside.has(place) {
				return r.shownBeside(place)
			}
		}
	}
	return ""
}

// folders lists some of those that stores have.
func (b *beside) folders() []string {
	var all []string
	for name := range b.given {
		if folder, _, below := strings.Cut(name, "/"); below && folder != "templates" {
			all = append(all, folder)
		}
	}
	if b.files != nil {
		entries, _ := fs.ReadDir(b.files, ".")
		for _, e := range entries {
			if e.IsDir() && !ignored(e.Name()) && e.Name() != "templates" && len(all) < 1000 {
				all = append(all, e.Name())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// shownBeside gives a file's name as people see it.
func (r *reader) shownBeside(place string) string {
	if r.beside == nil {
		return place
	}
	return path.Join(r.root, place)
}

// besideRules tells of a file that holds no rules, given by its name among those that do.
func besideRules(name string) bool {
	end := strings.ToLower(path.Ext(name))
	return end != "" && end != fileSuffix && end != ".yml"
}

// sights gives how the files were seen that a directory's rules name.
func (p *loadingPart) sights() sight {
	var all sight
	for _, f := range p.files {
		if f.reading == nil || len(f.reading.sights) == 0 {
			continue
		}
		if all == nil {
			all = sight{}
		}
		maps.Copy(all, f.reading.sights)
	}
	return all
}

var cid = regexp.MustCompile(`\bcid:([^"'\s<>()]+)`)

// images makes sure that the images which a template carries are there.
func (t *typesetter) images(text string, at int) {
	if t.pinned {
		return
	}
	for _, m := range cid.FindAllStringSubmatchIndex(text, -1) {
		name := html.UnescapeString(text[m[2]:m[3]])
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		there, err := t.hasBeside(name)
		if err != nil {
			t.wrongAt(t.sheet, at+m[2], err.Error(), "")
		} else if !there {
			t.wrongAt(t.sheet, at+m[2], fmt.Sprintf("there is no image %q", name), t.nearCarried(name))
		}
	}
}
